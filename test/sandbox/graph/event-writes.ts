import type { User } from "../entra/users.ts";
import { randomText } from "../ids.ts";
import type { World } from "../world.ts";
import { GraphError, itemNotFound, propertyValidation } from "./errors.ts";
import { eventId } from "./event-ids.ts";
import type { EventInput } from "./event-input.ts";
import type { EventFields, Instance, StoredEvent } from "./event-record.ts";
import { checkEvent, checkOccurrenceMove, EVENT_DEFAULTS } from "./event-rules.ts";
import { etagOf } from "./event-shape.ts";
import { occurrenceOn, wholeEvent } from "./instances.ts";
import { findEvent, newChangeKey, removeEvent, saveEvent } from "./mailbox.ts";
import { afterBodyChange, afterRead, pendingMeeting } from "./online-meeting.ts";

/** The event or occurrence that an id names. */
export function readInstance(world: World, owner: User, id: string): Instance {
  const { event, at } = findEvent(world, owner, id);
  if (at.date === undefined) return wholeEvent(event);
  const found = occurrenceOn(event, at.date);
  if (found === undefined) throw itemNotFound();
  return found;
}

/** The same, counted as a read by the client: an online meeting appears only after the first one. */
export function readByClient(world: World, owner: User, id: string): Instance {
  const { event } = readInstance(world, owner, id);
  const changed = afterRead(event);
  if (changed !== undefined) saveEvent(world, owner, changed);
  return readInstance(world, owner, id);
}

/** Creates an event in a calendar. Throws when its transaction id was used before. */
export function createEvent(
  world: World,
  owner: User,
  calendar: string,
  { fields, properties = [], transactionId }: EventInput,
): Instance {
  refuseDuplicate(world, owner, transactionId);
  const { start, end } = fields;
  if (start === undefined || end === undefined) throw propertyValidation("Start and End are required.");
  const complete: EventFields = { ...EVENT_DEFAULTS, ...fields, start, end };
  checkEvent(complete);
  const event = saveEvent(world, owner, {
    uid: randomText(18),
    calendar,
    changeKey: "",
    revision: 0,
    createdAt: world.now(),
    modifiedAt: 0,
    ...(transactionId !== undefined && { transactionId }),
    fields: complete,
    properties,
    ...(complete.isOnlineMeeting && { meeting: pendingMeeting() }),
    exceptions: {},
    cancelled: [],
  });
  if (transactionId !== undefined)
    world.store.put(transactionKey(owner, transactionId), eventId(event, undefined, false));
  return wholeEvent(event);
}

/** Changes an event, or one occurrence of a series, which thereby becomes an exception. */
export function updateEvent(
  world: World,
  owner: User,
  id: string,
  { input, ifMatch }: { input: EventInput; ifMatch: string | undefined },
): Instance {
  const instance = readInstance(world, owner, id);
  checkMatch(instance, ifMatch);
  const { event, date } = instance;
  if (date === undefined) saveEvent(world, owner, changedWhole(event, input));
  else saveEvent(world, owner, changedOccurrence(event, date, { instance, input }));
  return readInstance(world, owner, id);
}

/** Deletes an event, or takes one occurrence out of its series. */
export function deleteEvent(world: World, owner: User, id: string, ifMatch: string | undefined): void {
  const instance = readInstance(world, owner, id);
  checkMatch(instance, ifMatch);
  const { event, date } = instance;
  if (date === undefined) removeEvent(world, owner, event);
  else saveEvent(world, owner, { ...event, cancelled: [...event.cancelled, date] });
}

function changedWhole(event: StoredEvent, { fields, properties }: EventInput): StoredEvent {
  const merged = { ...event.fields, ...fields };
  const next = fields.body === undefined ? keepMeeting(event, merged) : afterBodyChange(event, merged);
  checkEvent(next);
  const startsMeeting = next.isOnlineMeeting && event.meeting === undefined;
  return {
    ...event,
    fields: next,
    ...(startsMeeting && { meeting: pendingMeeting() }),
    ...(properties !== undefined && { properties: mergedProperties(event, properties) }),
    // A series with another rhythm or time has other occurrences.
    ...((fields.recurrence !== undefined || fields.start !== undefined) && { exceptions: {}, cancelled: [] }),
  };
}

function changedOccurrence(
  event: StoredEvent,
  date: string,
  { instance, input }: { instance: Instance; input: EventInput },
): StoredEvent {
  const { recurrence: _ignored, ...fields } = input.fields;
  const next = { ...instance.fields, ...fields };
  checkEvent(next);
  if (fields.start !== undefined) checkOccurrenceMove(event, date, next);
  const changes = { ...event.exceptions[date]?.fields, ...fields };
  return { ...event, exceptions: { ...event.exceptions, [date]: { changeKey: newChangeKey(), fields: changes } } };
}

// Once online, always online: the flag cannot be taken back.
function keepMeeting({ fields: before }: StoredEvent, fields: EventFields): EventFields {
  return before.isOnlineMeeting
    ? { ...fields, isOnlineMeeting: true, onlineMeetingProvider: before.onlineMeetingProvider }
    : fields;
}

function mergedProperties({ properties }: StoredEvent, changes: StoredEvent["properties"]): StoredEvent["properties"] {
  const changed = new Set(changes.map(({ id }) => id.toLowerCase()));
  return [...properties.filter(({ id }) => !changed.has(id.toLowerCase())), ...changes];
}

function checkMatch(instance: Instance, ifMatch: string | undefined): void {
  if (ifMatch === undefined || ifMatch === "*" || ifMatch === etagOf(instance)) return;
  throw new GraphError(
    412,
    "ErrorIrresolvableConflict",
    "The send or update operation could not be performed because the change key passed in the request does not match the current change key for the item.",
  );
}

function refuseDuplicate(world: World, owner: User, transactionId: string | undefined): void {
  const existing =
    transactionId === undefined ? undefined : world.store.get<string>(transactionKey(owner, transactionId));
  if (existing === undefined) return;
  const message = "Your request can't be completed. An event with the same transaction id already exists.";
  const more = { "@event.existingEventId": existing };
  throw new GraphError(world.settings().duplicate_transaction_status, "ErrorDuplicateTransactionId", message, { more });
}

function transactionKey(owner: User, transactionId: string): string {
  return `transaction:${owner.name}:${transactionId}`;
}
