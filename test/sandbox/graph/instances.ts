import type { EventFields, Instance, Moment, StoredEvent } from "./event-record.ts";
import { occurrenceDays, type Recurrence } from "./recurrence.ts";
import { DAY_MS, dateOf, dayNumber, instantOf, naiveMs, wallOf } from "./wall-clock.ts";
import { ianaZone } from "./zones.ts";

/** A stretch of time in milliseconds; the end is not part of it. */
export interface Window {
  from: number;
  to: number;
}

/** An event by itself: a single one, or the master of a series. */
export function wholeEvent(event: StoredEvent): Instance {
  const type = event.fields.recurrence === null ? "singleInstance" : "seriesMaster";
  return { event, fields: event.fields, type, changeKey: event.changeKey, ...instants(event.fields) };
}

/** Everything of an event that overlaps the window: itself when single, its occurrences when a series. */
export function instancesWithin(event: StoredEvent, window: Window): Instance[] {
  const { recurrence } = event.fields;
  const all = recurrence === null ? [wholeEvent(event)] : nearbyOccurrences(event, recurrence, window);
  return all.filter((instance) => overlaps(instance, window));
}

/** The occurrence of a series on its original date, unless there is or was none. */
export function occurrenceOn(event: StoredEvent, date: string): Instance | undefined {
  const { recurrence } = event.fields;
  if (recurrence === null || event.cancelled.includes(date)) return undefined;
  return occurrenceDays(recurrence, dayNumber(date)).at(-1) === dayNumber(date) ? occurrence(event, date) : undefined;
}

/** The occurrences right before and after one date. */
export function neighbours(event: StoredEvent, date: string): Instance[] {
  const { recurrence } = event.fields;
  if (recurrence === null) return [];
  const day = dayNumber(date);
  // No pattern has a gap of more than its interval in years.
  const days = occurrenceDays(recurrence, day + 366 * (recurrence.pattern.interval + 1));
  const near = [days.findLast((other) => other < day), days.find((other) => other > day)];
  return near.flatMap((other) => (other === undefined ? [] : (occurrenceOn(event, dateOf(other)) ?? [])));
}

// Zones are at most 14 hours away from UTC: two days of margin spare most occurrences the arithmetic of zones.
function nearbyOccurrences(event: StoredEvent, recurrence: Recurrence, { from, to }: Window): Instance[] {
  const { startMs, endMs } = instants(event.fields);
  const first = Math.floor((from - (endMs - startMs)) / DAY_MS) - 2;
  const days = occurrenceDays(recurrence, Math.floor(to / DAY_MS) + 2).filter((day) => day >= first);
  const dates = new Set([...days.map(dateOf), ...Object.keys(event.exceptions)]);
  return [...dates].filter((date) => !event.cancelled.includes(date)).map((date) => occurrence(event, date));
}

function occurrence(event: StoredEvent, date: string): Instance {
  const exception = event.exceptions[date];
  const fields = { ...event.fields, ...onDate(event.fields, date), ...exception?.fields, recurrence: null };
  const type = exception === undefined ? "occurrence" : "exception";
  return { event, fields, type, date, changeKey: exception?.changeKey ?? event.changeKey, ...instants(fields) };
}

// An occurrence keeps the hour on the wall, whatever the clocks did since the first one.
function onDate({ start, end }: EventFields, date: string): Pick<EventFields, "start" | "end"> {
  const shift = (dayNumber(date) - dayNumber(start.dateTime.slice(0, 10))) * DAY_MS;
  const moved = ({ dateTime, timeZone }: Moment) => ({ dateTime: wallOf(naiveMs(dateTime) + shift), timeZone });
  return { start: moved(start), end: moved(end) };
}

function instants({ start, end }: EventFields): { startMs: number; endMs: number } {
  return {
    startMs: instantOf(start.dateTime, ianaZone(start.timeZone)),
    endMs: instantOf(end.dateTime, ianaZone(end.timeZone)),
  };
}

function overlaps({ startMs, endMs }: Instance, { from, to }: Window): boolean {
  return startMs < to && (endMs > from || (startMs === endMs && startMs >= from));
}
