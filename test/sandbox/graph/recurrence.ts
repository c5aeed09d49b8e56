import * as z from "zod";
import { propertyValidation } from "./errors.ts";
import { DAY_MS, dayNumber } from "./wall-clock.ts";

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"] as const;
const INDEXES = ["first", "second", "third", "fourth", "last"] as const;
const date = z.string().regex(/^\d{4}-\d{2}-\d{2}$/);

/** `patternedRecurrence` as it comes in; numbers that a type does not use may be anything. */
export const recurrenceSchema = z.strictObject({
  pattern: z.strictObject({
    type: z.enum(["daily", "weekly", "absoluteMonthly", "relativeMonthly", "absoluteYearly", "relativeYearly"]),
    interval: z.number().int(),
    month: z.number().int().default(0),
    dayOfMonth: z.number().int().default(0),
    daysOfWeek: z.array(z.enum(WEEKDAYS)).default([]),
    firstDayOfWeek: z.enum(WEEKDAYS).default("sunday"),
    index: z.enum(INDEXES).default("first"),
  }),
  range: z.strictObject({
    type: z.enum(["endDate", "noEnd", "numbered"]),
    startDate: date,
    endDate: date.default("0001-01-01"),
    recurrenceTimeZone: z.string().nullish(),
    numberOfOccurrences: z.number().int().default(0),
  }),
});

/** A recurrence with its defaults filled in. */
export type Recurrence = z.infer<typeof recurrenceSchema>;
type Pattern = Recurrence["pattern"];

const NEEDS_DAYS = new Set(["weekly", "relativeMonthly", "relativeYearly"]);
const NEEDS_DAY_OF_MONTH = new Set(["absoluteMonthly", "absoluteYearly"]);
const NEEDS_MONTH = new Set(["absoluteYearly", "relativeYearly"]);

/** Throws 400 when the recurrence lacks what its types need, or does not begin on the event's own date. */
export function checkRecurrence({ pattern, range }: Recurrence, startDate: string): void {
  const refuse = (unless: boolean, why: string) => {
    if (!unless) throw propertyValidation(`Recurrence: ${why}`);
  };
  refuse(pattern.interval >= 1 && pattern.interval <= 999, "Interval must be from 1 to 999.");
  refuse(!NEEDS_DAYS.has(pattern.type) || pattern.daysOfWeek.length > 0, "DaysOfWeek is required.");
  refuse(!NEEDS_DAY_OF_MONTH.has(pattern.type) || isWithin(pattern.dayOfMonth, 31), "DayOfMonth must be from 1 to 31.");
  refuse(!NEEDS_MONTH.has(pattern.type) || isWithin(pattern.month, 12), "Month must be from 1 to 12.");
  refuse(range.startDate === startDate, "StartDate must be the date of the event's start.");
  refuse(range.type !== "endDate" || range.endDate >= range.startDate, "EndDate must not be before StartDate.");
  refuse(range.type !== "numbered" || range.numberOfOccurrences >= 1, "NumberOfOccurrences must be positive.");
}

/** The days of the occurrences in order, as day numbers, up to and including `lastDay`. */
export function occurrenceDays({ pattern, range }: Recurrence, lastDay: number): number[] {
  const start = dayNumber(range.startDate);
  const end = range.type === "endDate" ? Math.min(lastDay, dayNumber(range.endDate)) : lastDay;
  const count = range.type === "numbered" ? range.numberOfOccurrences : Infinity;
  const days: number[] = [];
  for (const day of patternDays(pattern, start)) {
    if (day > end || days.length >= count) break;
    if (day >= start) days.push(day);
  }
  return days;
}

// Each of these goes on for ever in ascending order; it may begin before the start.
function* patternDays(pattern: Pattern, start: number): Generator<number> {
  for (let step = 0; ; step += pattern.interval) yield* PERIODS[pattern.type](pattern, start, step);
}

type Period = (pattern: Pattern, start: number, step: number) => number[];

/** The days within the period that lies `step` days, weeks, months or years after the start's own. */
const PERIODS: Record<Pattern["type"], Period> = {
  daily: (_, start, step) => [start + step],
  weekly: ({ daysOfWeek, firstDayOfWeek }, start, step) => {
    const first = WEEKDAYS.indexOf(firstDayOfWeek);
    const weekStart = start - ((weekday(start) - first + 7) % 7) + 7 * step;
    const offsets = daysOfWeek.map((name) => (WEEKDAYS.indexOf(name) - first + 7) % 7);
    return [...new Set(offsets)].toSorted((a, b) => a - b).map((offset) => weekStart + offset);
  },
  absoluteMonthly: ({ dayOfMonth }, start, step) => [dayInMonth(monthOf(start) + step, dayOfMonth)],
  relativeMonthly: (pattern, start, step) => [relativeDay(monthOf(start) + step, pattern)],
  absoluteYearly: ({ month, dayOfMonth }, start, step) => [
    dayInMonth(januaryOf(start) + 12 * step + month - 1, dayOfMonth),
  ],
  relativeYearly: (pattern, start, step) => [relativeDay(januaryOf(start) + 12 * step + pattern.month - 1, pattern)],
};

// Months count from year 0, so that arithmetic on them needs no carry. A 31st falls on the last day of a short month.
function dayInMonth(month: number, dayOfMonth: number): number {
  return Math.min(firstOf(month) + dayOfMonth - 1, firstOf(month + 1) - 1);
}

function relativeDay(month: number, { daysOfWeek, index }: Pattern): number {
  const wanted = new Set(daysOfWeek.map((name) => WEEKDAYS.indexOf(name)));
  const days: number[] = [];
  for (let day = firstOf(month); day < firstOf(month + 1); day++) if (wanted.has(weekday(day))) days.push(day);
  const found = index === "last" ? days.at(-1) : days[INDEXES.indexOf(index)];
  return found ?? firstOf(month);
}

function firstOf(month: number): number {
  return Date.UTC(Math.floor(month / 12), month % 12, 1) / DAY_MS;
}

function monthOf(day: number): number {
  const moment = new Date(day * DAY_MS);
  return moment.getUTCFullYear() * 12 + moment.getUTCMonth();
}

function januaryOf(day: number): number {
  return new Date(day * DAY_MS).getUTCFullYear() * 12;
}

function weekday(day: number): number {
  return (((day + 4) % 7) + 7) % 7;
}

function isWithin(value: number, most: number): boolean {
  return value >= 1 && value <= most;
}
