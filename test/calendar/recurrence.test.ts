import * as fc from "fast-check";
import { expect, test } from "vitest";
import { recurrenceFromGraph, recurrenceToGraph, WireRecurrence } from "../../src/calendar/recurrence-graph.ts";
import { RecurrenceInput } from "../../src/calendar/recurrence.ts";
import { DAYS, INDEXES } from "../../src/calendar/words.ts";

const START = "2026-11-20";

const interval = fc.integer({ min: 1, max: 999 });
const days_of_week = fc.uniqueArray(fc.constantFrom(...DAYS), { minLength: 1, maxLength: 7 });
const index = fc.constantFrom(...INDEXES);
const month = fc.integer({ min: 1, max: 12 });
const day_of_month = fc.integer({ min: 1, max: 28 });
const pattern = fc.oneof(
  fc.record({ type: fc.constant("daily"), interval }),
  fc.record({ type: fc.constant("weekly"), interval, days_of_week, first_day_of_week: fc.constantFrom(...DAYS) }),
  fc.record({ type: fc.constant("absolute_monthly"), interval, day_of_month }),
  fc.record({ type: fc.constant("relative_monthly"), interval, days_of_week, index }),
  fc.record({ type: fc.constant("absolute_yearly"), interval, day_of_month, month }),
  fc.record({ type: fc.constant("relative_yearly"), interval, days_of_week, month, index }),
);
const zone = { time_zone: fc.constantFrom("Europe/Rome", "UTC", "America/New_York") };
const start = { start_date: fc.constant(START), ...zone };
const range = fc.oneof(
  fc.record({ type: fc.constant("end_date"), ...start, end_date: fc.constantFrom(START, "2027-01-31") }),
  fc.record({ type: fc.constant("numbered"), ...start, number_of_occurrences: fc.integer({ min: 1, max: 999 }) }),
  fc.record({ type: fc.constant("no_end"), ...start }),
);

/** What Graph adds of itself: zeros and the year 1 where a field means nothing. */
function asAnswered({ pattern: p, range: r }: ReturnType<typeof recurrenceToGraph>) {
  return WireRecurrence.parse({
    pattern: { month: 0, dayOfMonth: 0, firstDayOfWeek: "sunday", index: "first", ...p },
    range: { endDate: "0001-01-01", numberOfOccurrences: 0, recurrenceTimeZone: null, ...r },
  });
}

test("a recurrence comes back from Graph as it was sent, without Graph's fillers", () => {
  fc.assert(
    fc.property(fc.record({ pattern, range }), (sent) => {
      const parsed = RecurrenceInput.parse(sent);
      expect(recurrenceFromGraph(asAnswered(recurrenceToGraph(parsed, "1999-01-01")))).toEqual(sent);
    }),
  );
});

test("what is sent to Graph has its words", () => {
  const weekly = RecurrenceInput.parse({
    pattern: { type: "weekly", interval: 2, days_of_week: ["monday", "friday"] },
    range: { type: "end_date", end_date: "2027-01-31", time_zone: "W. Europe Standard Time" },
  });
  expect(recurrenceToGraph(weekly, START)).toEqual({
    pattern: { type: "weekly", interval: 2, daysOfWeek: ["monday", "friday"], firstDayOfWeek: "sunday" },
    range: { type: "endDate", startDate: START, endDate: "2027-01-31", recurrenceTimeZone: "Europe/Berlin" },
  });
  const yearly = RecurrenceInput.parse({
    pattern: { type: "relative_yearly", interval: 1, days_of_week: ["sunday"], month: 3, index: "last" },
    range: { type: "numbered", number_of_occurrences: 5 },
  });
  expect(recurrenceToGraph(yearly, START)).toEqual({
    pattern: { type: "relativeYearly", interval: 1, daysOfWeek: ["sunday"], month: 3, index: "last" },
    range: { type: "numbered", startDate: START, numberOfOccurrences: 5 },
  });
});

test("a zone without a name and a pattern of the future do not break the event", () => {
  const custom = { type: "noEnd", startDate: START, recurrenceTimeZone: "tzone://Microsoft/Custom" };
  const daily = WireRecurrence.parse({ pattern: { type: "daily", interval: 1 }, range: custom });
  expect(recurrenceFromGraph(daily)?.range).toEqual({ type: "no_end", start_date: START, time_zone: null });
  const lunar = WireRecurrence.parse({ pattern: { type: "lunar", interval: 1 }, range: custom });
  expect(recurrenceFromGraph(lunar)).toBeNull();
});

const NO_END = { type: "no_end" };
const DAILY = { type: "daily", interval: 1 };

test.each([
  [{ pattern: { type: "hourly", interval: 1 }, range: NO_END }, "pattern.type"],
  [{ pattern: { type: "daily", interval: 0 }, range: NO_END }, "pattern.interval"],
  [{ pattern: { type: "daily", interval: 1, day_of_month: 3 }, range: NO_END }, "pattern"],
  [{ pattern: { type: "weekly", interval: 1 }, range: NO_END }, "pattern.days_of_week"],
  [{ pattern: { type: "weekly", interval: 1, days_of_week: [] }, range: NO_END }, "pattern.days_of_week"],
  [
    { pattern: { type: "weekly", interval: 1, days_of_week: ["monday", "monday"] }, range: NO_END },
    "pattern.days_of_week",
  ],
  [{ pattern: { type: "absolute_monthly", interval: 1, day_of_month: 32 }, range: NO_END }, "pattern.day_of_month"],
  [
    { pattern: { type: "absolute_yearly", interval: 1, day_of_month: 30, month: 2 }, range: NO_END },
    "pattern.day_of_month",
  ],
  [{ pattern: DAILY, range: { type: "end_date" } }, "range.end_date"],
  [{ pattern: DAILY, range: { type: "end_date", end_date: "2026-02-30" } }, "range.end_date"],
  [{ pattern: DAILY, range: { type: "end_date", start_date: "2026-03-02", end_date: "2026-03-01" } }, "range.end_date"],
  [{ pattern: DAILY, range: { type: "numbered", number_of_occurrences: 0 } }, "range.number_of_occurrences"],
  [{ pattern: DAILY, range: { type: "no_end", time_zone: "Nowhere" } }, "range.time_zone"],
])("%j is refused at %s", (input, path) => {
  const { error } = RecurrenceInput.safeParse(input);
  expect(error?.issues.map((issue) => issue.path.join("."))).toEqual([path]);
});

test("the 29th of February may be asked for every year", () => {
  const leap = { pattern: { type: "absolute_yearly", interval: 1, day_of_month: 29, month: 2 }, range: NO_END };
  expect(RecurrenceInput.safeParse(leap).success).toBe(true);
});
