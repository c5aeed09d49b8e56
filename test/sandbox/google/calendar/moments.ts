import * as z from "zod";
import { instantOf, naiveMs, wallAt } from "../../graph/wall-clock.ts";
import { GoogleApiError } from "../api-errors.ts";
import { CALENDAR_ZONE } from "./calendars.ts";

/** A whole day, or an instant in milliseconds and the zone in which it recurs. */
export type Moment = { date: string } | { at: number; zone: string };

const schema = z.object({
  date: z.string().nullish(),
  dateTime: z.string().nullish(),
  timeZone: z.string().nullish(),
});
const RFC_3339 = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(\.\d+)?(Z|[+-]\d{2}:\d{2})?$/i;

/** Reads `start` or `end` of an event. `recurs`: the zone must be named. Throws 400. */
export function readMoment(input: unknown, name: "start" | "end", recurs: boolean): Moment {
  const parsed = schema.safeParse(input ?? {});
  const { date = null, dateTime = null, timeZone = null } = parsed.data ?? {};
  if (!parsed.success || (date !== null && dateTime !== null)) throw invalid(name);
  if (date === null && dateTime === null) throw new GoogleApiError(400, "required", `Missing ${name} time.`);
  if (timeZone !== null && !isZone(timeZone))
    throw new GoogleApiError(400, "invalid", `Invalid time zone definition for ${name} time.`);
  if (dateTime !== null) return readTime(dateTime, timeZone, name, recurs);
  if (date === null || !isDate(date)) throw invalid(name);
  return { date };
}

/** An RFC 3339 time with an offset, in milliseconds; undefined when it is none. */
export function readInstant(text: string): number | undefined {
  const offset = RFC_3339.exec(text)?.[3];
  const at = Date.parse(text);
  return offset === undefined || Number.isNaN(at) ? undefined : at;
}

/** When a moment is, in milliseconds. */
export function instant(moment: Moment): number {
  return "at" in moment ? moment.at : instantOf(`${moment.date}T00:00:00`, CALENDAR_ZONE);
}

/** A moment as answers carry it: an instant is shown in the zone asked for, and names its own. */
export function shownMoment(moment: Moment, zone: string = CALENDAR_ZONE) {
  if ("date" in moment) return { date: moment.date };
  return { dateTime: rfc3339(moment.at, zone), timeZone: moment.zone };
}

/** The end of an instance's id: its original start, in UTC. */
export function instanceSuffix(moment: Moment): string {
  if ("date" in moment) return moment.date.replaceAll("-", "");
  return `${new Date(moment.at).toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** Whether this is a zone of the IANA's database. Offsets are valid for Intl and no zone for Google. */
export function isZone(name: string): boolean {
  if (!/^(UTC|GMT|[A-Za-z_]+\/[\w+\-/]+)$/.test(name)) return false;
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: name }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}

function readTime(text: string, zone: string | null, name: string, recurs: boolean): Moment {
  const [, wall = "", , offset] = RFC_3339.exec(text) ?? [];
  if (wall === "" || Number.isNaN(naiveMs(wall))) throw invalid(name);
  if (zone === null && (offset === undefined || recurs))
    throw new GoogleApiError(400, "required", `Missing time zone definition for ${name} time.`);
  const at = offset === undefined ? instantOf(wall, zone ?? CALENDAR_ZONE) : Date.parse(text);
  if (Number.isNaN(at)) throw invalid(name);
  return { at: Math.floor(at / 1000) * 1000, zone: zone ?? CALENDAR_ZONE };
}

function isDate(date: string): boolean {
  const at = Date.parse(`${date}T00:00:00Z`);
  return /^\d{4}-\d{2}-\d{2}$/.test(date) && !Number.isNaN(at) && new Date(at).toISOString().startsWith(date);
}

function rfc3339(at: number, zone: string): string {
  const wall = wallAt(at, zone);
  const minutes = (naiveMs(wall) - at) / 60_000;
  if (minutes === 0) return `${wall}Z`;
  const two = (value: number) => String(Math.floor(Math.abs(value))).padStart(2, "0");
  return `${wall}${minutes < 0 ? "-" : "+"}${two(minutes / 60)}:${two(minutes % 60)}`;
}

function invalid(name: string): GoogleApiError {
  return new GoogleApiError(400, "invalid", `Invalid ${name} time.`);
}
