import { DAY_MS, dateOf, dayNumber, instantOf, wallAt } from "../../graph/wall-clock.ts";
import { GoogleApiError } from "../api-errors.ts";
import type { StoredEvent } from "./event-record.ts";
import { instanceSuffix, instant, type Moment } from "./moments.ts";
import { readRule, ruleDates, type Rule } from "./rule.ts";

/** A stretch of time in milliseconds; an event that touches only its ends is outside. */
export interface Window {
  from: number;
  to: number;
}

/** Throws 400 when the lines of `recurrence` are wrong, or beyond the sandbox. */
export function checkRecurrence(lines: readonly string[], start: Moment): void {
  for (const line of lines) {
    const { name, value } = readLine(line);
    if (name === "RRULE") readRule(value, firstDate(start));
    else readDates(line, start);
  }
}

/** The instances of a series that overlap the window, as they are unless they were changed. */
export function occurrences(series: StoredEvent, window: Window): StoredEvent[] {
  const { start, end } = series;
  const length = instant(end) - instant(start);
  const lines = series.recurrence ?? [];
  const of = (wanted: string) => lines.filter((line) => readLine(line).name === wanted);
  const gone = new Set(of("EXDATE").flatMap((line) => readDates(line, start).map(instanceSuffix)));
  const last = dateOf(Math.floor(window.to / DAY_MS) + 2);
  const regular = of("RRULE").flatMap((line) =>
    ruleStarts(readRule(readLine(line).value, firstDate(start)), start, last),
  );
  const starts = new Map([start, ...regular, ...of("RDATE").flatMap((line) => readDates(line, start))].map(keyed));
  return [...starts.values()]
    .filter((moment) => !gone.has(instanceSuffix(moment)))
    .filter((moment) => instant(moment) < window.to && instant(moment) + length > window.from)
    .toSorted((a, b) => instant(a) - instant(b))
    .map((moment) => instanceAt(series, moment));
}

/** The instance of a series that an id names, unless there is none. */
export function occurrenceWithId(series: StoredEvent, id: string): StoredEvent | undefined {
  const suffix = id.slice(series.id.length + 1);
  const day = `${suffix.slice(0, 4)}-${suffix.slice(4, 6)}-${suffix.slice(6, 8)}`;
  const noon = Date.parse(`${day}T12:00:00Z`);
  if (Number.isNaN(noon)) return undefined;
  const near = occurrences(series, { from: noon - 2 * DAY_MS, to: noon + 2 * DAY_MS });
  return near.find((instance) => instance.id === id);
}

function instanceAt(series: StoredEvent, originalStart: Moment): StoredEvent {
  const id = `${series.id}_${instanceSuffix(originalStart)}`;
  const end = movedEnd(series, originalStart);
  const { recurrence: _, ...fields } = series.fields;
  const instanceOf = { id: series.id, originalStart };
  return { ...series, id, fields, start: originalStart, end, recurrence: null, instanceOf };
}

function movedEnd({ start, end }: StoredEvent, moved: Moment): Moment {
  if ("date" in start && "date" in end && "date" in moved)
    return { date: dateOf(dayNumber(moved.date) + dayNumber(end.date) - dayNumber(start.date)) };
  return "at" in end ? { at: instant(moved) + end.at - instant(start), zone: end.zone } : end;
}

// An occurrence keeps the hour on the wall, whatever the clocks did since the first one.
function ruleStarts(rule: Rule, start: Moment, last: string): Moment[] {
  const time = "at" in start ? wallAt(start.at, start.zone).slice(10) : "";
  const starts = ruleDates(rule, firstDate(start), last).map((date): Moment =>
    "at" in start ? { at: instantOf(`${date}${time}`, start.zone), zone: start.zone } : { date },
  );
  return starts.filter((moment) => isUntil(moment, rule.until));
}

function isUntil(moment: Moment, until: string | null): boolean {
  if (until === null) return true;
  const suffix = instanceSuffix(moment);
  return until.length === 8 ? suffix.slice(0, 8) <= until : suffix <= until;
}

function readLine(line: string): { name: string; zone: string | undefined; value: string } {
  const [, name, parameters = "", value] = /^(RRULE|EXDATE|RDATE)((?:;[A-Z]+=[^:;]+)*):(.+)$/.exec(line) ?? [];
  if (name === undefined || value === undefined) throw invalidRecurrence();
  return { name, zone: /;TZID=([^;]+)/.exec(parameters)?.[1], value };
}

function readDates(line: string, start: Moment): Moment[] {
  const { zone, value } = readLine(line);
  return value.split(",").map((text) => readDate(text, zone, start));
}

function readDate(text: string, zone: string | undefined, start: Moment): Moment {
  const [, year, month, day, hour, minute, second, utc] =
    /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z)?)?$/.exec(text) ?? [];
  if (year === undefined || (hour === undefined) !== "date" in start) throw invalidRecurrence();
  const date = `${year}-${month}-${day}`;
  if ("date" in start) return { date };
  const wall = `${date}T${hour}:${minute}:${second}`;
  return { at: utc === "Z" ? Date.parse(`${wall}Z`) : instantOf(wall, zone ?? start.zone), zone: start.zone };
}

function firstDate(start: Moment): string {
  return "date" in start ? start.date : wallAt(start.at, start.zone).slice(0, 10);
}

function keyed(moment: Moment): [string, Moment] {
  return [instanceSuffix(moment), moment];
}

function invalidRecurrence(): GoogleApiError {
  return new GoogleApiError(400, "invalid", "Invalid recurrence rule.");
}
