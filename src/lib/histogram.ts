/** Latencies in few numbers: counts per bucket, and percentiles out of them. No I/O. */

/** Upper bounds of the buckets, ms. What takes longer counts in the last. */
export const BUCKETS_MS = [
  25, 50, 100, 150, 200, 300, 400, 600, 800, 1_200, 2_000, 3_000, 5_000, 10_000, 30_000,
] as const;

const LAST_MS = BUCKETS_MS[14];

/** The upper bound of the bucket that a duration counts in, ms. */
export function bucketOf(tookMs: number): number {
  return BUCKETS_MS.find((bound) => tookMs <= bound) ?? LAST_MS;
}

/** The duration that `share` (0 to 1) of what was counted did not exceed, ms; within a bucket by straight line. Null where nothing was counted. */
export function percentile(counts: ReadonlyMap<number, number>, share: number): number | null {
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = share * total;
  let seen = 0;
  let lower = 0;
  for (const bound of BUCKETS_MS) {
    const count = counts.get(bound) ?? 0;
    if (count > 0 && seen + count >= rank) return Math.round(lower + ((bound - lower) * (rank - seen)) / count);
    seen += count;
    lower = bound;
  }
  return LAST_MS;
}
