/**
 * How an event repeats, in our shape (https://learn.microsoft.com/graph/api/resources/patternedrecurrence). Each type
 * has exactly the fields that mean something to it.
 */
import * as z from "zod";
import { DAYS, INDEXES } from "./words.ts";
import { isDate } from "./wall-time.ts";
import { ZoneName } from "./zone-name.ts";

const interval = z.int().min(1).max(999);
const dayOfMonth = z.int().min(1).max(31);
const month = z.int().min(1).max(12);
const index = z.enum(INDEXES).default("first");
const daysOfWeek = z
  .array(z.enum(DAYS))
  .min(1)
  .max(7)
  .refine((days) => new Set(days).size === days.length, "expected each day once");
const day = z.string().refine(isDate, "expected a date, such as 2026-11-20");

/** What repeats, by `type`. */
export const RecurrencePattern = z.discriminatedUnion("type", [
  z.strictObject({ type: z.literal("daily"), interval }),
  z.strictObject({
    type: z.literal("weekly"),
    interval,
    days_of_week: daysOfWeek,
    first_day_of_week: z.enum(DAYS).default("sunday"),
  }),
  z.strictObject({ type: z.literal("absolute_monthly"), interval, day_of_month: dayOfMonth }),
  z.strictObject({ type: z.literal("relative_monthly"), interval, days_of_week: daysOfWeek, index }),
  z
    .strictObject({ type: z.literal("absolute_yearly"), interval, day_of_month: dayOfMonth, month })
    // 2024 is a leap year: the 29th of February may be asked for.
    .refine((pattern) => isDate(`2024-${pad(pattern.month)}-${pad(pattern.day_of_month)}`), {
      path: ["day_of_month"],
      error: "expected a day that the month has",
    }),
  z.strictObject({ type: z.literal("relative_yearly"), interval, days_of_week: daysOfWeek, month, index }),
]);

/** What repeats. */
export type RecurrencePattern = z.infer<typeof RecurrencePattern>;

// Absent: the day of the event's start, and the event's zone.
const common = { start_date: day.optional(), time_zone: ZoneName.optional() };

const RecurrenceRange = z.discriminatedUnion("type", [
  z
    .strictObject({ type: z.literal("end_date"), ...common, end_date: day })
    .refine(({ start_date, end_date }) => start_date === undefined || start_date <= end_date, {
      path: ["end_date"],
      error: "expected a day that is not before start_date",
    }),
  z.strictObject({ type: z.literal("numbered"), ...common, number_of_occurrences: z.int().min(1).max(999) }),
  z.strictObject({ type: z.literal("no_end"), ...common }),
]);

/** A recurrence as callers send it. */
export const RecurrenceInput = z.strictObject({ pattern: RecurrencePattern, range: RecurrenceRange });

/** A recurrence as callers send it. */
export type RecurrenceInput = z.infer<typeof RecurrenceInput>;

interface RangeStart {
  /** `YYYY-MM-DD`, the day of the first occurrence. */
  readonly start_date: string;
  /** IANA; null: that of the event. */
  readonly time_zone: string | null;
}

/** A recurrence as callers read it. */
export interface Recurrence {
  readonly pattern: RecurrencePattern;
  readonly range: RangeStart &
    (
      | { readonly type: "end_date"; readonly end_date: string }
      | { readonly type: "numbered"; readonly number_of_occurrences: number }
      | { readonly type: "no_end" }
    );
}

function pad(number: number): string {
  return String(number).padStart(2, "0");
}
