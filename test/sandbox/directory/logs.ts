import type { World } from "../world.ts";
import { fraction } from "./fraction.ts";
import { countUp, overlays, putOverlay, type DirectoryTenant } from "./tenant.ts";

/**
 * A log that had entries before anybody looked: those of an hour are a pure function of the seed and the hour, and what
 * changes append is kept. Times are in milliseconds.
 */
export interface Log {
  kind: "signIn" | "directoryAudit";
  /** How many entries an hour has on average. */
  perHour: (t: DirectoryTenant) => number;
  /** The steps in which times come, in milliseconds. */
  stepMs: number;
  /** One property of a generated entry without building all of it; undefined for those that need the whole. */
  peek?: (t: DirectoryTenant, place: LogPlace, property: string) => unknown;
  build: (t: DirectoryTenant, place: LogPlace) => Record<string, unknown>;
}

/** Where a generated entry stands: which of an hour's, hours counted from 1970. */
export interface LogPlace {
  hour: number;
  nth: number;
  at: number;
}

/** An entry of a log; `at` and then `order` sort it. */
export interface LogEntry {
  at: number;
  order: number;
  value: (property: string) => unknown;
  body: () => Record<string, unknown>;
}

/** What of a log to read: times from and to are included; `after` is the entry that was read last. */
export interface LogWindow {
  from: number;
  to: number;
  oldestFirst?: boolean;
  after?: { at: number; order: number } | undefined;
}

interface Appended {
  at: number;
  order: number;
  body: Record<string, unknown>;
}

/** Entries of an hour, however large the tenant. */
const MOST_PER_HOUR = 250;
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** How long Entra keeps its logs, in milliseconds. */
export function retentionMs({ licences }: DirectoryTenant): number {
  return (licences.entra === "free" ? 7 : 30) * DAY_MS;
}

/** Every entry of a window that happened by now and is kept still, the newest first unless the window says otherwise. */
export function* logEntries(world: World, t: DirectoryTenant, log: Log, window: LogWindow): Generator<LogEntry> {
  const { oldestFirst = false, after } = window;
  const from = Math.max(window.from, world.now() - retentionMs(t), oldestFirst ? (after?.at ?? 0) : 0);
  const to = Math.min(window.to, world.now(), oldestFirst ? Number.POSITIVE_INFINITY : (after?.at ?? world.now()));
  if (from > to) return;
  const appended = appendedByHour(world, t, log, { from, to });
  const sign = oldestFirst ? 1 : -1;
  const isAfter = (one: LogEntry) => after === undefined || sign * compare(one, after) > 0;
  for (const hour of hours(from, to, oldestFirst)) {
    const entries = [...generated(t, log, hour), ...(appended.get(hour) ?? [])];
    const wanted = entries.filter((one) => one.at >= from && one.at <= to && isAfter(one));
    yield* wanted.toSorted((a, b) => sign * compare(a, b));
  }
}

/** Whether an entry shows up yet. */
export function visibility(world: World, t: DirectoryTenant): (entry: LogEntry) => boolean {
  const { log_lag_ms: lag, log_lag_spread_ms: spread } = world.settings();
  const now = world.now();
  return ({ at, order }) => at + lag + (spread === 0 ? 0 : fraction(t.seed, "lag", at / 1000, order) * spread) <= now;
}

/** Appends an entry. It takes its place by its time, which may be past. */
export function appendLog(
  world: World,
  t: DirectoryTenant,
  log: Log,
  { at, body }: { at: number; body: Record<string, unknown> },
): void {
  const order = MOST_PER_HOUR + countUp(world, t, `log-${log.kind}`);
  const value: Appended = { at, order, body };
  putOverlay(world, t, log.kind, { key: `${timeKey(at)}-${order}`, value });
}

function* generated(t: DirectoryTenant, log: Log, hour: number): Generator<LogEntry> {
  const rate = Math.min(MOST_PER_HOUR - 1, t.users === 0 ? 0 : log.perHour(t));
  const count = Math.floor(rate + fraction(t.seed, log.kind, hour));
  for (let nth = 0; nth < count; nth++) {
    const into = fraction(t.seed, log.kind, hour, nth) * HOUR_MS;
    const place = { hour, nth, at: hour * HOUR_MS + Math.floor(into / log.stepMs) * log.stepMs };
    let built: Record<string, unknown> | undefined;
    const body = () => (built ??= log.build(t, place));
    yield { at: place.at, order: nth, body, value: (name) => log.peek?.(t, place, name) ?? valueAt(body(), name) };
  }
}

function appendedByHour(
  world: World,
  t: DirectoryTenant,
  log: Log,
  { from, to }: { from: number; to: number },
): Map<number, LogEntry[]> {
  const range = { start: timeKey(from), end: timeKey(to + 1) };
  const entries = overlays<Appended>(world, t, log.kind, range).map(([, { at, order, body }]) => ({
    at,
    order,
    body: () => body,
    value: (name: string) => valueAt(body, name),
  }));
  return Map.groupBy(entries, ({ at }) => Math.floor(at / HOUR_MS));
}

function* hours(from: number, to: number, oldestFirst: boolean): Generator<number> {
  const [first, last] = [Math.floor(from / HOUR_MS), Math.floor(to / HOUR_MS)];
  for (let passed = 0; passed <= last - first; passed++) yield oldestFirst ? first + passed : last - passed;
}

function compare(a: { at: number; order: number }, b: { at: number; order: number }): number {
  return a.at - b.at || a.order - b.order;
}

// `initiatedBy/user/id` and the like.
function valueAt(body: Record<string, unknown>, path: string): unknown {
  return path
    .split("/")
    .reduce<unknown>((at, name) => (typeof at === "object" && at !== null ? Reflect.get(at, name) : undefined), body);
}

function timeKey(ms: number): string {
  return String(Math.max(0, Math.floor(ms))).padStart(15, "0");
}
