/** No zone names are checked here, and no clock is read. A wall time is `YYYY-MM-DDTHH:mm:ss`. */

/** One day in milliseconds. */
export const DAY_MS = 86_400_000;

const formats = new Map<string, Intl.DateTimeFormat>();

/**
 * The instant, in milliseconds, at which a zone's clocks show the wall time. A time that the clocks skip is
 * read by the offset before the change; of a time they show twice, the first.
 */
export function instantOf(wall: string, zone: string): number {
  const naive = naiveMs(wall);
  const before = offsetMs(naive - DAY_MS, zone);
  const after = offsetMs(naive + DAY_MS, zone);
  const fits = [before, after].find((offset) => offsetMs(naive - offset, zone) === offset);
  return naive - (fits ?? before);
}

/** What a zone's clocks show at an instant. */
export function wallAt(instant: number, zone: string): string {
  return wallOf(instant + offsetMs(instant, zone));
}

/** A wall time as if it were UTC, in milliseconds: for arithmetic that must not meet a change of clocks. */
export function naiveMs(wall: string): number {
  return Date.parse(`${wall}Z`);
}

/** The wall time behind `naiveMs`. */
export function wallOf(naive: number): string {
  return new Date(naive).toISOString().slice(0, 19);
}

/** Days since 1970-01-01 of a date `YYYY-MM-DD`. */
export function dayNumber(date: string): number {
  return Math.floor(Date.parse(`${date}T00:00:00Z`) / DAY_MS);
}

/** The date of a day number. */
export function dateOf(day: number): string {
  return new Date(day * DAY_MS).toISOString().slice(0, 10);
}

function offsetMs(instant: number, zone: string): number {
  if (zone === "UTC" || zone === "Etc/UTC") return 0;
  const whole = Math.floor(instant / 1000) * 1000;
  const [, month, day, year, time] = /(\d+)\/(\d+)\/(\d+), (.+)/.exec(formatOf(zone).format(whole)) ?? [];
  return Date.parse(`${year}-${month}-${day}T${time}Z`) - whole;
}

function formatOf(zone: string): Intl.DateTimeFormat {
  const known = formats.get(zone);
  if (known !== undefined) return known;
  const two = "2-digit";
  const fields = { year: "numeric", month: two, day: two, hour: two, minute: two, second: two } as const;
  const format = new Intl.DateTimeFormat("en-US", { timeZone: zone, hourCycle: "h23", ...fields });
  formats.set(zone, format);
  return format;
}
