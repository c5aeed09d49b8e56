/** What follows from one try to deliver an event. No I/O. No clock. */
import type { EventDelivery } from "../../db/schema-records.ts";

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
/** How long after a failed try the next one comes; the last of these repeats. */
const PAUSES_MS = [
  5 * SECOND_MS,
  5 * MINUTE_MS,
  30 * MINUTE_MS,
  2 * HOUR_MS,
  5 * HOUR_MS,
  10 * HOUR_MS,
  14 * HOUR_MS,
  20 * HOUR_MS,
] as const;
/** An event that could not be delivered for so long is given up. */
const GIVE_UP_AFTER_MS = 72 * HOUR_MS;
/** An endpoint that says so is left alone for at least this long. */
const SLOW_DOWN_MS = MINUTE_MS;
/** However long a Retry-After is, other connections' events are held back no longer than this. */
const LONGEST_HOLD_MS = HOUR_MS;
const SLOW_DOWN = new Set([429, 502, 503, 504]);
const GONE = 410;

/** How a try ended: with an answer, or without one. */
export type Tried =
  | { readonly status: number; readonly retryAfterS: number | undefined }
  | { readonly error: "timeout" | "unreachable" | "endpoint_removed" };

/** What {@link after} needs beside the try. Times in ms; `at`: of the event; `random`: 0 to 1. */
export interface Trial {
  readonly at: number;
  readonly now: number;
  readonly random: number;
}

/** The delivery as it stands after a try. */
export function after(before: EventDelivery, tried: Tried, { at, now, random }: Trial): EventDelivery {
  const seen =
    "status" in tried ? { lastStatus: tried.status, lastError: null } : { lastStatus: null, lastError: tried.error };
  const next = { ...before, ...seen, attempts: before.attempts + 1 };
  if ("status" in tried && tried.status >= 200 && tried.status < 300)
    return { ...next, state: "delivered", nextAt: null };
  const deadline = (before.since ?? at) + GIVE_UP_AFTER_MS;
  if (isFinal(tried) || now >= deadline) return { ...next, state: "failed", nextAt: null };
  const pause = PAUSES_MS[Math.min(next.attempts, PAUSES_MS.length) - 1] ?? 0;
  const waitMs = Math.max(pause * (0.8 + 0.4 * random), holdMs(tried) ?? 0, retryAfterMs(tried));
  // One last try when the time is up.
  return { ...next, nextAt: Math.min(now + Math.round(waitMs), deadline) };
}

/** How long everything for that endpoint is held back, ms; undefined where its other events may go on. */
export function holdMs(tried: Tried): number | undefined {
  if (!("status" in tried) || !SLOW_DOWN.has(tried.status)) return undefined;
  return Math.min(LONGEST_HOLD_MS, Math.max(SLOW_DOWN_MS, retryAfterMs(tried)));
}

function retryAfterMs(tried: Tried): number {
  if (!("status" in tried) || !SLOW_DOWN.has(tried.status)) return 0;
  return (tried.retryAfterS ?? 0) * SECOND_MS;
}

/** The receiver wants nothing any more, or there is none. */
function isFinal(tried: Tried): boolean {
  return "status" in tried ? tried.status === GONE : tried.error === "endpoint_removed";
}
