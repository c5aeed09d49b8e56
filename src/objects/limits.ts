/** Limits that survive their object's sleep. */
import type { Clock } from "../lib/clock.ts";
import { type Hits, type HitWindow, type Limit, type LimitVerdict, openWindow } from "../lib/rate-limit.ts";
import type { KeeperStorage } from "../connections/journal.ts";

/**
 * Windows longer than this are written through: their object may be gone before they end. Shorter ones are written
 * behind, before the object could have slept: a write per request would cost more than all the rest of it.
 */
const WRITE_BEHIND_UP_TO_MS = 60_000;
/** A stored value may have 2 MB. A quota beyond this is forgiven what lies further back when its object wakes. */
const MOST_STORED = 100_000;
const PREFIX = "limit:";

/** The limits of one object. */
export interface Limiter {
  /** Judges one request now. */
  hit(limit: Limit & { readonly bucket: string }): LimitVerdict;
  /** Writes what waits. */
  flush(): void;
  /** Removes what no longer counts from storage; gives when to ask again, ms, or undefined where nothing is left. */
  sweep(windowMs: number): number | undefined;
}

/** Builds the limiter over an object's storage. Hits are read from it once per life. */
export function createLimiter(storage: KeeperStorage, clock: Clock): Limiter {
  const memory = new Map<string, HitWindow>();
  const dirty = new Set<string>();
  const load = (bucket: string) => {
    const window = memory.get(bucket) ?? openWindow(storage.get<Hits>(PREFIX + bucket) ?? []);
    memory.set(bucket, window);
    return window;
  };
  const save = (bucket: string) => storage.put(PREFIX + bucket, load(bucket).hits().slice(-MOST_STORED));
  return {
    hit(limit) {
      const verdict = load(limit.bucket).hit(limit, clock.now());
      if (!verdict.allowed) return verdict;
      if (limit.windowMs > WRITE_BEHIND_UP_TO_MS) save(limit.bucket);
      else dirty.add(limit.bucket);
      return verdict;
    },
    flush() {
      for (const bucket of dirty) save(bucket);
      dirty.clear();
    },
    sweep(windowMs) {
      let latest = 0;
      for (const [, hits] of storage.list<Hits>({ prefix: PREFIX })) latest = Math.max(latest, hits.at(-1) ?? 0);
      for (const window of memory.values()) latest = Math.max(latest, window.hits().at(-1) ?? 0);
      const ends = latest + windowMs;
      if (ends > clock.now()) return ends;
      for (const key of Array.from(storage.list<Hits>({ prefix: PREFIX }), ([name]) => name)) storage.delete(key);
      memory.clear();
      // Written behind it, they would stand there for good.
      dirty.clear();
      return undefined;
    },
  };
}
