/** A clock whose time passes only when the schedule says so. */
import type { Clock, Timer } from "../../src/lib/clock.ts";

interface Waiting {
  readonly at: number;
  readonly ring: () => void;
}

/** See {@link createVirtualClock}. */
export interface VirtualClock extends Clock {
  /** Moves to `at`, ringing each timer at its own time; `settle` runs after each, so that what it set off can set new ones. */
  moveTo(at: number, settle: () => Promise<void>): Promise<void>;
  /** When the next timer rings; undefined where none is set. */
  next(): number | undefined;
}

/** A clock that begins at `start`, ms. */
export function createVirtualClock(start: number): VirtualClock {
  let now = start;
  const waiting = new Set<Waiting>();
  const first = () => [...waiting].toSorted((a, b) => a.at - b.at)[0];
  return {
    now: () => now,
    next: () => first()?.at,
    after(ms): Timer {
      let entry: Waiting | undefined;
      const done = new Promise<void>((resolve) => {
        entry = { at: now + Math.max(0, ms), ring: resolve };
        waiting.add(entry);
      });
      return { done, cancel: () => entry && waiting.delete(entry) };
    },
    async moveTo(at, settle) {
      for (let entry = first(); entry !== undefined && entry.at <= at; entry = first()) {
        waiting.delete(entry);
        now = Math.max(now, entry.at);
        entry.ring();
        await settle();
      }
      now = Math.max(now, at);
    },
  };
}

/** Real work under way: a schedule's time stands still until it has ended. */
export function createTraffic() {
  let underWay = 0;
  return {
    async during<T>(work: Promise<T>): Promise<T> {
      underWay += 1;
      try {
        return await work;
      } finally {
        underWay -= 1;
      }
    },
    async settle(): Promise<void> {
      for (let calm = 0; calm < 2; calm = underWay === 0 ? calm + 1 : 0) await scheduler.wait(0);
    },
  };
}

/** See {@link createTraffic}. */
export type Traffic = ReturnType<typeof createTraffic>;
