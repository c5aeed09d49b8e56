import { expect, test } from "vitest";
import { bucketOf, BUCKETS_MS, percentile } from "../../src/lib/histogram.ts";

test("a duration counts in the bucket whose upper bound it does not exceed", () => {
  expect([0, 25, 25.5, 199, 200, 30_000, 90_000].map(bucketOf)).toEqual([25, 25, 50, 200, 200, 30_000, 30_000]);
});

test("percentiles of a histogram are near those of the durations, and nothing has none", () => {
  const durations = Array.from({ length: 1_000 }, (_, index) => index + 1);
  const counts = new Map<number, number>();
  for (const one of durations) counts.set(bucketOf(one), (counts.get(bucketOf(one)) ?? 0) + 1);
  expect(percentile(counts, 0.5)).toBe(500);
  expect(percentile(counts, 0.95)).toBeGreaterThan(900);
  expect(percentile(counts, 0.95)).toBeLessThanOrEqual(1_200);
  expect(percentile(new Map(), 0.5)).toBeNull();
  expect(percentile(new Map([[25, 1]]), 1)).toBe(25);
  expect(percentile(new Map([[BUCKETS_MS.at(-1) ?? 0, 3]]), 1)).toBe(30_000);
});
