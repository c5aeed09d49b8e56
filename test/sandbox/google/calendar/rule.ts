import { occurrenceDays, type Recurrence } from "../../graph/recurrence.ts";
import { dateOf, dayNumber } from "../../graph/wall-clock.ts";
import { GoogleApiError } from "../api-errors.ts";

type Pattern = Recurrence["pattern"];
type Weekday = Pattern["daysOfWeek"][number];

/** What an RRULE (RFC 5545 section 3.3.10) says, as far as the sandbox understands it. */
export interface Rule {
  pattern: Pattern;
  /** The day of the month that a short month has not, and then skips. */
  dayOfMonth: number | null;
  count: number | null;
  /** `20261120` or `20261120T080000Z`. */
  until: string | null;
}

const DAYS: Readonly<Record<string, Weekday>> = {
  SU: "sunday",
  MO: "monday",
  TU: "tuesday",
  WE: "wednesday",
  TH: "thursday",
  FR: "friday",
  SA: "saturday",
};
const WEEK = Object.values(DAYS);
const INDEXES: Readonly<Record<string, Pattern["index"]>> = {
  "1": "first",
  "2": "second",
  "3": "third",
  "4": "fourth",
  "-1": "last",
};
const PARTS = new Set(["FREQ", "INTERVAL", "COUNT", "UNTIL", "BYDAY", "BYMONTHDAY", "BYMONTH", "WKST"]);

/** Reads an RRULE whose series starts on a date. Throws 400 when it is wrong, or beyond the sandbox. */
export function readRule(text: string, startDate: string): Rule {
  const parts = new Map(text.split(";").map(readPart));
  const get = (name: string) => parts.get(name) ?? null;
  const count = positive(get("COUNT"));
  const until = get("UNTIL");
  if (count !== null && until !== null) throw invalidRule();
  if (until !== null && !/^\d{8}(T\d{6}Z)?$/.test(until)) throw invalidRule();
  const unknown = [...parts.keys()].some((name) => !PARTS.has(name));
  if (unknown) throw beyond();
  const base = {
    interval: positive(get("INTERVAL")) ?? 1,
    firstDayOfWeek: weekday(get("WKST") ?? "MO"),
    month: positive(get("BYMONTH")) ?? Number(startDate.slice(5, 7)),
    dayOfMonth: positive(get("BYMONTHDAY")) ?? Number(startDate.slice(8)),
  };
  const chosen = patternOf(get("FREQ") ?? "", get("BYDAY"), startDate);
  const absolute = chosen.type === "absoluteMonthly" || chosen.type === "absoluteYearly";
  const pattern: Pattern = { daysOfWeek: [], index: "first", ...base, ...chosen };
  return { pattern, dayOfMonth: absolute ? base.dayOfMonth : null, count, until };
}

/** The dates of a series up to and including a last one; its start is always the first. */
export function ruleDates({ pattern, dayOfMonth, count }: Rule, startDate: string, lastDate: string): string[] {
  const range = { type: "noEnd", startDate, endDate: "0001-01-01", numberOfOccurrences: 0 } as const;
  const dates = occurrenceDays({ pattern, range }, dayNumber(lastDate)).map(dateOf);
  const met = dates.filter((date) => dayOfMonth === null || Number(date.slice(8)) === dayOfMonth);
  return [...new Set([startDate, ...met])].slice(0, count ?? undefined);
}

function readPart(part: string): [name: string, value: string] {
  const [name = "", value = ""] = part.split("=", 2);
  return [name, value];
}

type Chosen = Pick<Pattern, "type"> & Partial<Pick<Pattern, "daysOfWeek" | "index">>;

function patternOf(frequency: string, byDay: string | null, startDate: string): Chosen {
  if (frequency === "DAILY" && byDay === null) return { type: "daily" };
  if (frequency === "WEEKLY") {
    const own = WEEK[new Date(`${startDate}T00:00:00Z`).getUTCDay()] ?? "monday";
    return { type: "weekly", daysOfWeek: byDay === null ? [own] : byDay.split(",").map(weekday) };
  }
  if (frequency !== "MONTHLY" && frequency !== "YEARLY") {
    if (/^(SECONDLY|MINUTELY|HOURLY|DAILY)$/.test(frequency)) throw beyond();
    throw invalidRule();
  }
  const monthly = frequency === "MONTHLY";
  if (byDay === null) return { type: monthly ? "absoluteMonthly" : "absoluteYearly" };
  const [, ordinal = "", day = ""] = /^(-?\d)?([A-Z]{2})$/.exec(byDay) ?? [];
  const index = INDEXES[ordinal];
  if (index === undefined) throw beyond();
  return { type: monthly ? "relativeMonthly" : "relativeYearly", index, daysOfWeek: [weekday(day)] };
}

function weekday(name: string): Weekday {
  const day = DAYS[name];
  if (day === undefined) throw invalidRule();
  return day;
}

function positive(text: string | null): number | null {
  if (text === null) return null;
  if (text.startsWith("-") || text.includes(",")) throw beyond();
  if (!/^[1-9]\d{0,4}$/.test(text)) throw invalidRule();
  return Number(text);
}

function invalidRule(): GoogleApiError {
  return new GoogleApiError(400, "invalid", "Invalid recurrence rule.");
}

// Better refused than expanded into the wrong days.
function beyond(): GoogleApiError {
  return new GoogleApiError(400, "invalid", "The sandbox does not expand this recurrence rule.");
}
