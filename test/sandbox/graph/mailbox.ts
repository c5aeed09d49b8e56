import type { User } from "../entra/users.ts";
import { guidFrom, randomText } from "../ids.ts";
import type { World } from "../world.ts";
import { GraphError, itemNotFound } from "./errors.ts";
import type { StoredEvent } from "./event-record.ts";
import { parseEventId, type EventId } from "./event-ids.ts";

/** A calendar of a mailbox. The tag is the part of an event's id that names it. */
export interface Calendar {
  tag: string;
  id: string;
  name: string;
  isDefault: boolean;
}

const DEFAULT_TAG = "AGI2THVS";
const TAGS = [DEFAULT_TAG, "AGTEAMVS"] as const;
const NAMES: Record<string, string> = { AGI2THVS: "Calendar", AGTEAMVS: "Team" };

/** The calendars of a mailbox, the default one first. Their ids never change. */
export function calendarsOf(user: User): Calendar[] {
  return TAGS.map((tag) => ({
    tag,
    id: `AAMkCal${tag}${guidFrom(`calendar:${user.name}:${tag}`).replaceAll("-", "")}=`,
    name: NAMES[tag] ?? tag,
    isDefault: tag === DEFAULT_TAG,
  }));
}

/** The calendar with this id, or without one the default calendar. */
export function findCalendar(user: User, id?: string): Calendar {
  const found = calendarsOf(user).find((calendar) => (id === undefined ? calendar.isDefault : calendar.id === id));
  if (found === undefined) throw itemNotFound();
  return found;
}

/** Every event of a mailbox, or of one calendar. */
export function listEvents(world: World, user: User, tag?: string): StoredEvent[] {
  const all = world.store.list<StoredEvent>(`event:${user.name}:`).map(([, event]) => event);
  return tag === undefined ? all : all.filter(({ calendar }) => calendar === tag);
}

/** The event that an id names. Throws 400 or 404 as Exchange does. */
export function findEvent(world: World, user: User, id: string): { event: StoredEvent; at: EventId } {
  const at = parseEventId(id);
  const event = world.store.get<StoredEvent>(eventKey(user, at.uid));
  const moved = at.calendar !== undefined && at.calendar !== event?.calendar;
  if (event === undefined || moved) throw itemNotFound();
  return { event, at };
}

/** Keeps a change: every one gives a new change key. */
export function saveEvent(world: World, user: User, event: StoredEvent): StoredEvent {
  const saved = { ...event, changeKey: newChangeKey(), revision: nextRevision(world, user), modifiedAt: world.now() };
  world.store.put(eventKey(user, event.uid), saved);
  return saved;
}

/** Deletes an event and remembers that it was there. */
export function removeEvent(world: World, user: User, event: StoredEvent): void {
  world.store.delete(eventKey(user, event.uid));
  const { uid, calendar } = event;
  world.store.put(`gone:${user.name}:${uid}`, { uid, calendar, revision: nextRevision(world, user) });
}

/** The events that were deleted after a revision. */
export function removedSince(world: World, user: User, revision: number): { uid: string; calendar: string }[] {
  const gone = world.store.list<{ uid: string; calendar: string; revision: number }>(`gone:${user.name}:`);
  return gone.map(([, event]) => event).filter((event) => event.revision > revision);
}

/** The number of the mailbox's latest change. */
export function latestRevision(world: World, user: User): number {
  return world.store.get<number>(`revision:${user.name}`) ?? 0;
}

/** A fresh change key; an etag is made of it. */
export function newChangeKey(): string {
  return `${randomText(15)}==`;
}

/** Throws when the user has no mailbox here: unlicensed, or a guest of the tenant. */
export function requireMailbox(user: User, tid: string): void {
  if (user.mailbox && user.tid === tid) return;
  throw new GraphError(
    404,
    "MailboxNotEnabledForRESTAPI",
    "The mailbox is either inactive, soft-deleted, or is hosted on-premise.",
  );
}

function nextRevision(world: World, user: User): number {
  const next = latestRevision(world, user) + 1;
  world.store.put(`revision:${user.name}`, next);
  return next;
}

function eventKey(user: User, uid: string): string {
  return `event:${user.name}:${uid}`;
}
