import type { World } from "../../world.ts";
import { badParameter, GoogleApiError } from "../api-errors.ts";
import { checkedFields, checkOrganizer, chosenId, merged, writableFields } from "./event-input.ts";
import { checkMatch, findEvent, type Place } from "./event-lookup.ts";
import { saveEvent, storedEvent, type EventFields, type StoredEvent } from "./event-record.ts";
import { instant, shownMoment } from "./moments.ts";

/** What a write carries beside its place. */
export interface Write {
  body: EventFields;
  query: URLSearchParams;
  ifMatch: string | undefined;
}

/** Adds an event. `organizer` is somebody else for meetings that one is invited to. */
export function insertEvent(world: World, place: Place, { body, query }: Write, organizer?: string): StoredEvent {
  checkSendUpdates(query);
  const { account, calendar } = place;
  const id = chosenId(body) ?? crypto.randomUUID().replaceAll("-", "").slice(0, 26);
  // The id of a deleted event stays taken.
  if (storedEvent(world, account, calendar, id) !== undefined)
    throw new GoogleApiError(409, "duplicate", "The requested identifier already exists.");
  const checked = checkedFields(merged({}, writableFields(body, query)));
  const by = organizer ?? account.email;
  const base = { sequence: 0, createdAt: world.now(), instanceOf: null, organizer: by, creator: by };
  return saveEvent(world, account, {
    id,
    calendarId: calendar.id,
    ...checked,
    ...base,
    cancelled: isCancelled(checked),
  });
}

/** Changes some members of an event. */
export function patchEvent(world: World, place: Place, id: string, write: Write): StoredEvent {
  const event = changeable(world, place, id, write);
  const change = writableFields(write.body, write.query);
  checkOrganizer(event, change, place.account.email);
  return saveChange(world, place, event, merged(shownFields(event), change));
}

/** Replaces all members of an event that a client may write. */
export function updateEvent(world: World, place: Place, id: string, write: Write): StoredEvent {
  const event = changeable(world, place, id, write);
  const fields = merged({}, writableFields(write.body, write.query));
  // Conference data that the client does not know of is not taken away.
  const kept = write.query.get("conferenceDataVersion") === "1" ? [] : ["conferenceData"];
  const known = Object.fromEntries(kept.flatMap((name) => (name in event.fields ? [[name, event.fields[name]]] : [])));
  checkOrganizer(event, fields, place.account.email);
  return saveChange(world, place, event, { ...known, ...fields });
}

/** Deletes an event, a series or one instance. Throws 410 when that was done before. */
export function deleteEvent(world: World, place: Place, id: string, write: Omit<Write, "body">): void {
  checkSendUpdates(write.query);
  const event = findEvent(world, place, id);
  if (event.cancelled) throw new GoogleApiError(410, "deleted", "Resource has been deleted");
  checkMatch(event, write.ifMatch);
  saveEvent(world, place.account, { ...event, cancelled: true });
}

function changeable(world: World, place: Place, id: string, { query, ifMatch }: Write): StoredEvent {
  checkSendUpdates(query);
  const event = findEvent(world, place, id);
  checkMatch(event, ifMatch);
  return event;
}

function saveChange(world: World, { account }: Place, event: StoredEvent, fields: EventFields): StoredEvent {
  const checked = checkedFields(fields);
  const moved = instant(checked.start) !== instant(event.start) || instant(checked.end) !== instant(event.end);
  const rescheduled = moved || JSON.stringify(checked.recurrence) !== JSON.stringify(event.recurrence);
  const sequence = event.sequence + (rescheduled ? 1 : 0);
  const alive = "status" in fields ? isCancelled(checked) : event.cancelled;
  return saveEvent(world, account, { ...event, ...checked, sequence, cancelled: alive });
}

// An instance that was never changed has the start of its own, not the one that the series was written with.
function shownFields({ fields, start, end, instanceOf }: StoredEvent): EventFields {
  return instanceOf === null ? fields : { ...fields, start: shownMoment(start), end: shownMoment(end) };
}

function isCancelled({ fields }: { fields: EventFields }): boolean {
  return fields["status"] === "cancelled";
}

function checkSendUpdates(query: URLSearchParams): void {
  const value = query.get("sendUpdates");
  if (value === null || ["all", "externalOnly", "none"].includes(value)) return;
  throw badParameter("sendUpdates", `Invalid value '${value}' for sendUpdates.`);
}
