/** What the daily counters say, per day and provider. No I/O. */
import { type Counter, LATENCY } from "../db/counters.ts";
import { percentile } from "../lib/histogram.ts";

/** How often something went well, and how often not. */
export interface Outcomes {
  ok: number;
  failed: number;
}

/** One day of one provider. Latencies in ms; null where nothing was measured. */
export interface DayOfProvider {
  readonly day: string;
  readonly provider: string;
  readonly connects: Outcomes;
  readonly refreshes: Outcomes;
  /** Everything that failed, by its code. */
  readonly failures: Record<string, number>;
  token_releases: number;
  proxy_calls: number;
  disconnects: number;
  latency: { p50: number | null; p95: number | null; measured: number };
}

/** The figures of each day and provider that occurs in `counters`, in their order. */
export function figuresOf(counters: readonly Counter[]): DayOfProvider[] {
  const found = Map.groupBy(
    // Jobs and readings are of no provider.
    counters.filter(({ provider }) => provider !== ""),
    ({ day, provider }) => `${day} ${provider}`,
  );
  return [...found.values()].flatMap((group) => (group[0] ? [figuresOfDay(group[0], group)] : []));
}

function figuresOfDay({ day, provider }: Counter, counters: readonly Counter[]): DayOfProvider {
  const sum = (action: string, outcome?: string) =>
    counters
      .filter((counter) => counter.action === action && (outcome === undefined || counter.outcome === outcome))
      .reduce((total, { count }) => total + count, 0);
  const outcomes = (action: string) => ({ ok: sum(action, "ok"), failed: sum(action, "failed") });
  const failed = counters.filter(({ action, outcome }) => outcome === "failed" && action !== LATENCY);
  return {
    day,
    provider,
    connects: outcomes("connect"),
    refreshes: outcomes("refresh"),
    failures: Object.fromEntries(countsBy(failed, ({ code }) => code)),
    token_releases: sum("token_release", "ok"),
    proxy_calls: sum("proxy"),
    disconnects: sum("disconnect", "ok"),
    latency: latencyOf(counters.filter(({ action }) => action === LATENCY)),
  };
}

function latencyOf(counters: readonly Counter[]): DayOfProvider["latency"] {
  const buckets = countsBy(counters, ({ code }) => Number(code));
  const measured = [...buckets.values()].reduce((total, count) => total + count, 0);
  return { p50: percentile(buckets, 0.5), p95: percentile(buckets, 0.95), measured };
}

function countsBy<Key>(counters: readonly Counter[], key: (counter: Counter) => Key): Map<Key, number> {
  const counts = new Map<Key, number>();
  for (const counter of counters) counts.set(key(counter), (counts.get(key(counter)) ?? 0) + counter.count);
  return counts;
}
