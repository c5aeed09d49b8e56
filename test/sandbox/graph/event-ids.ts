import { GraphError } from "./errors.ts";

/** What an event id says: the item, the calendar unless the id is immutable, the date of an occurrence. */
export interface EventId {
  uid: string;
  calendar?: string;
  date?: string;
}

/** Takes an id apart. Ids are case-sensitive. Throws 400 on what never was one. */
export function parseEventId(id: string): EventId {
  const [, calendar, uid, day] = /^AAMk([\w-]{8})([\w-]{24})(?:O(\d{8}))?=$/.exec(id) ?? [];
  if (uid !== undefined && calendar !== undefined) return { uid, calendar, ...withDate(day) };
  const [, immutable, immutableDay] = /^AAkALgAAAAAAHYQD([\w-]{24})(?:O(\d{8}))?=$/.exec(id) ?? [];
  if (immutable !== undefined) return { uid: immutable, ...withDate(immutableDay) };
  throw new GraphError(400, "ErrorInvalidIdMalformed", "Id is malformed.");
}

/** The id of an event: an ordinary one changes when the event moves to another calendar. */
export function eventId(
  { uid, calendar }: { uid: string; calendar: string },
  date: string | undefined,
  immutable: boolean,
): string {
  const occurrence = date === undefined ? "" : `O${date.replaceAll("-", "")}`;
  return immutable ? `AAkALgAAAAAAHYQD${uid}${occurrence}=` : `AAMk${calendar}${uid}${occurrence}=`;
}

function withDate(day: string | undefined): { date?: string } {
  return day === undefined ? {} : { date: `${day.slice(0, 4)}-${day.slice(4, 6)}-${day.slice(6)}` };
}
