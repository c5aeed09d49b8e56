/** Recurrence to and from Graph's patternedRecurrence. No I/O. */
import * as z from "zod";
import { type Recurrence, type RecurrenceInput, RecurrencePattern } from "./recurrence.ts";
import { type Day, DAYS, fromCamel, INDEXES, toCamel } from "./words.ts";
import { toIana } from "./zones.ts";

/** Graph's patternedRecurrence as it is sent. */
export interface GraphRecurrence {
  readonly pattern: Readonly<Record<string, unknown>>;
  readonly range: Readonly<Record<string, unknown>>;
}

/** What Graph is sent. `startDate` counts where the range names no day of its own. */
export function recurrenceToGraph({ pattern, range }: RecurrenceInput, startDate: string): GraphRecurrence {
  return {
    pattern: camelKeys({ ...pattern, type: toCamel(pattern.type) }),
    range: camelKeys({
      type: toCamel(range.type),
      start_date: range.start_date ?? startDate,
      ...(range.type === "end_date" ? { end_date: range.end_date } : {}),
      ...(range.type === "numbered" ? { number_of_occurrences: range.number_of_occurrences } : {}),
      ...(range.time_zone === undefined ? {} : { recurrence_time_zone: range.time_zone }),
    }),
  };
}

function camelKeys(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [toCamel(name), value]));
}

const PATTERN_TYPES = RecurrencePattern.options.map((option) => option.shape.type.value);

const WirePattern = z.object({
  type: z.string(),
  interval: z.number().catch(1),
  daysOfWeek: z.array(z.string()).nullish(),
  firstDayOfWeek: z.string().nullish(),
  dayOfMonth: z.number().nullish(),
  month: z.number().nullish(),
  index: z.string().nullish(),
});

const WireRange = z.object({
  type: z.string(),
  startDate: z.string(),
  endDate: z.string().nullish(),
  numberOfOccurrences: z.number().nullish(),
  recurrenceTimeZone: z.string().nullish(),
});

/** A recurrence as Graph answers it: numbers that mean nothing are 0, dates that mean nothing are in the year 1. */
export const WireRecurrence = z.object({ pattern: WirePattern, range: WireRange });

/** Our shape of what Graph answered; null where it is of a kind that is not known here. */
export function recurrenceFromGraph({ pattern, range }: z.infer<typeof WireRecurrence>): Recurrence | null {
  const ours = patternFromGraph(pattern);
  return ours === undefined ? null : { pattern: ours, range: rangeFromGraph(range) };
}

function patternFromGraph(wire: z.infer<typeof WirePattern>): RecurrencePattern | undefined {
  const type = PATTERN_TYPES.find((known) => toCamel(known) === wire.type);
  return (
    type &&
    PATTERNS[type]({
      interval: wire.interval,
      days_of_week: (wire.daysOfWeek ?? []).map((day) => fromCamel(day, DAYS, "sunday")),
      first_day_of_week: fromCamel(wire.firstDayOfWeek, DAYS, "sunday"),
      day_of_month: wire.dayOfMonth ?? 1,
      month: wire.month ?? 1,
      index: fromCamel(wire.index, INDEXES, "first"),
    })
  );
}

interface PatternFields {
  readonly interval: number;
  readonly days_of_week: Day[];
  readonly first_day_of_week: Day;
  readonly day_of_month: number;
  readonly month: number;
  readonly index: (typeof INDEXES)[number];
}

// Which fields mean something to which type; the others are left out.
const PATTERNS = {
  daily: ({ interval }) => ({ type: "daily", interval }),
  weekly: ({ interval, days_of_week, first_day_of_week }) => ({
    type: "weekly",
    interval,
    days_of_week,
    first_day_of_week,
  }),
  absolute_monthly: ({ interval, day_of_month }) => ({ type: "absolute_monthly", interval, day_of_month }),
  relative_monthly: ({ interval, days_of_week, index }) => ({
    type: "relative_monthly",
    interval,
    days_of_week,
    index,
  }),
  absolute_yearly: ({ interval, day_of_month, month }) => ({ type: "absolute_yearly", interval, day_of_month, month }),
  relative_yearly: ({ interval, days_of_week, month, index }) => ({
    type: "relative_yearly",
    interval,
    days_of_week,
    month,
    index,
  }),
} as const satisfies Record<RecurrencePattern["type"], (fields: PatternFields) => RecurrencePattern>;

function rangeFromGraph(wire: z.infer<typeof WireRange>): Recurrence["range"] {
  // A zone that an old client made up cannot be named: then the event's own zone stands.
  const start = { start_date: wire.startDate, time_zone: toIana(wire.recurrenceTimeZone ?? "") ?? null };
  if (wire.type === "endDate" && wire.endDate) return { type: "end_date", ...start, end_date: wire.endDate };
  if (wire.type === "numbered" && wire.numberOfOccurrences) {
    return { type: "numbered", ...start, number_of_occurrences: wire.numberOfOccurrences };
  }
  return { type: "no_end", ...start };
}
