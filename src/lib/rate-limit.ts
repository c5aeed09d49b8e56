/**
 * Rate limits as an exact sliding window: the times of the last `quota` requests. A request is let through
 * when the oldest of them has left the window, so that no window of that length ever holds more than the quota.
 *
 * No I/O. No clock. Answers follow draft-ietf-httpapi-ratelimit-headers.
 */

/** A limit: how many requests in any window of that length. */
export interface Limit {
  readonly quota: number;
  readonly windowMs: number;
}

/** The verdict on one request. */
export interface LimitVerdict {
  readonly bucket: string;
  readonly allowed: boolean;
  readonly quota: number;
  readonly windowS: number;
  /** Requests left in the window now. */
  readonly remaining: number;
  /** Seconds until more quota: until a request may pass where none may now. */
  readonly resetS: number;
}

/** The times (ms) of the requests that still count, oldest first. This is what is persisted. */
export type Hits = readonly number[];

/** The hits of one bucket, kept while its object lives: a request costs the same whatever the quota is. */
export interface HitWindow {
  /** Judges a request at `now`, and keeps it where it is allowed. A refused request does not count. */
  hit(limit: Limit & { readonly bucket: string }, now: number): LimitVerdict;
  /** What is to be persisted. */
  hits(): Hits;
}

/** A window that goes on from `hits`. */
export function openWindow(hits: Hits): HitWindow {
  let times = [...hits];
  // Those before it count no more. They go in bulk: one shift() per request would move all the others each time.
  let first = 0;
  return {
    hit(limit, now) {
      // A clock that was set back: what lies ahead of it cannot be placed.
      while (times.length > first && (times.at(-1) ?? now) > now) times.pop();
      first = Math.max(first, times.length - limit.quota);
      while (first < times.length && (times[first] ?? now) <= now - limit.windowMs) first += 1;
      if (first > times.length / 2) [times, first] = [times.slice(first), 0];
      const allowed = times.length - first < limit.quota;
      if (allowed) times.push(now);
      return verdictOf(limit, { allowed, count: times.length - first, oldest: times[first] ?? now, now });
    },
    hits: () => times.slice(first),
  };
}

function verdictOf(
  { bucket, quota, windowMs }: Limit & { readonly bucket: string },
  seen: { readonly allowed: boolean; readonly count: number; readonly oldest: number; readonly now: number },
): LimitVerdict {
  return {
    bucket,
    allowed: seen.allowed,
    quota,
    windowS: Math.ceil(windowMs / 1000),
    remaining: quota - seen.count,
    resetS: Math.max(1, Math.ceil((seen.oldest + windowMs - seen.now) / 1000)),
  };
}

/** The header fields of a limited answer. `Retry-After` alone stands on a refusal. */
export function limitHeaders(verdict: LimitVerdict): Record<string, string> {
  const name = `"${verdict.bucket.replaceAll("_", "-")}"`;
  return {
    "RateLimit-Policy": `${name};q=${verdict.quota};w=${verdict.windowS}`,
    RateLimit: `${name};r=${verdict.remaining};t=${verdict.resetS}`,
    ...(verdict.allowed ? {} : { "Retry-After": String(verdict.resetS) }),
  };
}
