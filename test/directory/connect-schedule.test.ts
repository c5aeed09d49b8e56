import { expect, test } from "vitest";
import { nextDue } from "../../src/directory/connect/schedule.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const INTERVALS: readonly [string, number][] = [
  ["directory", HOUR_MS],
  ["devices", 4 * HOUR_MS],
  ["audit", 15 * MINUTE_MS],
  ["full", 7 * 24 * HOUR_MS],
];
const NOW = Date.parse("2026-11-21T10:00:00Z");
const names = Array.from(
  { length: 10_000 },
  (_, index) => `0f9a4c1d-2222-4333-8444-${String(index).padStart(12, "0")}`,
);

test.each(INTERVALS)("%s: a tenant comes once in each interval, always at its own moment", (part, intervalMs) => {
  const name = `tenant/${part}`;
  let last = NOW;
  const moments = Array.from({ length: 20 }, () => (last = nextDue(name, { last, intervalMs })));
  const gaps = moments.slice(1).map((at, index) => at - (moments[index] ?? 0));
  expect(new Set(gaps)).toEqual(new Set([intervalMs]));
});

test("one that was started late does not shift the following, and nothing follows at once", () => {
  const due = nextDue("tenant", { last: NOW, intervalMs: HOUR_MS });
  expect(nextDue("tenant", { last: due + 5 * MINUTE_MS, intervalMs: HOUR_MS })).toBe(due + HOUR_MS);
  for (const name of names.slice(0, 1_000)) {
    const wait = nextDue(name, { last: NOW, intervalMs: HOUR_MS }) - NOW;
    expect(wait).toBeGreaterThanOrEqual(HOUR_MS / 2);
    expect(wait).toBeLessThan(1.5 * HOUR_MS);
  }
});

test("one that was missed for long is due at once, once", () => {
  const late = nextDue("tenant", { last: NOW - 10 * HOUR_MS, intervalMs: HOUR_MS });
  expect(late).toBeLessThan(NOW);
  expect(nextDue("tenant", { last: NOW, intervalMs: HOUR_MS })).toBeGreaterThan(NOW);
});

test.each(INTERVALS)("%s: 10,000 tenants are spread evenly over the interval", (_part, intervalMs) => {
  const buckets = Array.from({ length: 48 }, () => 0);
  for (const name of names) {
    const bucket = Math.floor(((nextDue(name, { last: NOW, intervalMs }) % intervalMs) / intervalMs) * buckets.length);
    buckets[bucket] = (buckets[bucket] ?? 0) + 1;
  }
  const expected = names.length / buckets.length;
  const chiSquare = buckets.reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
  // 47 degrees of freedom: 82.7 is passed by chance once in a thousand.
  expect(chiSquare).toBeLessThan(82.7);
});
