/**
 * Wall time: a date and a time of day without an offset, as Graph's dateTimeTimeZone has it. It means nothing without
 * its zone, so it is never handed to Date as it stands, which would read it as the machine's own.
 */

const WALL = /^(\d{4}-\d{2}-\d{2})T(\d{2}:\d{2})(?::(\d{2})(?:\.\d{1,9})?)?$/;

/** `2026-11-20T09:00`, with or without seconds and fraction, as `2026-11-20T09:00:00`; undefined where it is no such time. */
export function wallTime(text: string): string | undefined {
  const [, date, minutes, seconds = "00"] = WALL.exec(text) ?? [];
  if (date === undefined || minutes === undefined || !isDate(date)) return undefined;
  const wall = `${date}T${minutes}:${seconds}`;
  return Number.isNaN(Date.parse(`${wall}Z`)) || minutes.startsWith("24") ? undefined : wall;
}

/** True for a day that the calendar has, written `YYYY-MM-DD`. */
export function isDate(text: string): boolean {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return false;
  const at = Date.parse(`${text}T00:00:00Z`);
  // Date takes February 30th for March 2nd.
  return !Number.isNaN(at) && new Date(at).toISOString().startsWith(text);
}

/** The instant of a wall time in an IANA zone, ms since the epoch. A time that a clock change repeats is the first of two. */
export function instantOf(wall: string, zone: string): number {
  const asUtc = Date.parse(`${wall}Z`);
  // The offset depends on the instant that is looked for: those a day before and after are the candidates.
  const offsets = [asUtc - DAY_MS, asUtc + DAY_MS].map((at) => offsetMs(at, zone));
  const instants = offsets.map((offset) => asUtc - offset);
  return instants.find((at) => at + offsetMs(at, zone) === asUtc) ?? asUtc - Math.min(...offsets);
}

const DAY_MS = 86_400_000;

function offsetMs(at: number, zone: string): number {
  const format = new Intl.DateTimeFormat("en-US", {
    timeZone: zone,
    hourCycle: "h23",
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
  });
  const parts = new Map(format.formatToParts(at).map(({ type, value }) => [type, value]));
  const part = (type: Intl.DateTimeFormatPartTypes) => parts.get(type) ?? "";
  const date = `${part("year").padStart(4, "0")}-${part("month")}-${part("day")}`;
  return Date.parse(`${date}T${part("hour")}:${part("minute")}:${part("second")}Z`) - at;
}
