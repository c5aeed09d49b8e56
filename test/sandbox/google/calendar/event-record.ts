import type { World } from "../../world.ts";
import type { GoogleAccount } from "../accounts.ts";
import type { Calendar } from "./calendars.ts";
import type { Moment } from "./moments.ts";

/** The members of an event that a client may write, as it wrote them. */
export type EventFields = Record<string, unknown>;

/** An event as it is kept: a single one, a series, or a changed instance of one. Times are in milliseconds. */
export interface StoredEvent {
  id: string;
  calendarId: string;
  fields: EventFields;
  start: Moment;
  end: Moment;
  /** The lines of a series; null otherwise. */
  recurrence: string[] | null;
  cancelled: boolean;
  /** Who called the meeting. */
  organizer: string;
  creator: string;
  sequence: number;
  createdAt: number;
  updatedAt: number;
  /** Counts every change of the account's calendars; a sync token asks for what came later. */
  revision: number;
  /** The series that this is an instance of, and the start that it had there. */
  instanceOf: { id: string; originalStart: Moment } | null;
}

/** Every event of a calendar, the oldest first. */
export function listEvents(world: World, { name }: GoogleAccount, { id }: Calendar): StoredEvent[] {
  const all = world.store.list<StoredEvent>(`google-event:${name}:${id}:`).map(([, event]) => event);
  return all.toSorted((a, b) => a.createdAt - b.createdAt || (a.id < b.id ? -1 : 1));
}

/** The event of this id, as far as one is kept. */
export function storedEvent(
  world: World,
  account: GoogleAccount,
  calendar: Calendar,
  id: string,
): StoredEvent | undefined {
  return world.store.get<StoredEvent>(eventKey(account, calendar.id, id));
}

/** Keeps a change: every one gives a new etag. */
export function saveEvent(
  world: World,
  account: GoogleAccount,
  event: Omit<StoredEvent, "revision" | "updatedAt">,
): StoredEvent {
  const revision = latestRevision(world, account) + 1;
  world.store.put(revisionKey(account), revision);
  const saved = { ...event, revision, updatedAt: world.now() };
  world.store.put(eventKey(account, event.calendarId, event.id), saved);
  return saved;
}

/** The number of the latest change of an account's calendars. */
export function latestRevision(world: World, account: GoogleAccount): number {
  return world.store.get<number>(revisionKey(account)) ?? 0;
}

/** The etag of an event: twice its change in microseconds, as Google counts. */
export function etagOf({ updatedAt, revision }: StoredEvent): string {
  return `"${updatedAt * 2000 + revision * 2}"`;
}

function eventKey({ name }: GoogleAccount, calendarId: string, id: string): string {
  return `google-event:${name}:${calendarId}:${id}`;
}

function revisionKey({ name }: GoogleAccount): string {
  return `google-revision:${name}`;
}
