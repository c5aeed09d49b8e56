/**
 * Rate limits as an exact sliding window: the times of the last `quota` requests in a ring. A request is let through
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

/** Judges a request at `now` against the hits so far; gives the verdict and the hits to keep. A refused request does not count. */
export function judge(
  limit: Limit & { readonly bucket: string },
  hits: Hits,
  now: number,
): { verdict: LimitVerdict; hits: Hits } {
  const live = hits.filter((at) => at > now - limit.windowMs && at <= now).slice(-limit.quota);
  const allowed = live.length < limit.quota;
  const kept = allowed ? [...live, now] : live;
  const oldest = kept[0] ?? now;
  const verdict = {
    bucket: limit.bucket,
    allowed,
    quota: limit.quota,
    windowS: Math.ceil(limit.windowMs / 1000),
    remaining: limit.quota - kept.length,
    resetS: Math.max(1, Math.ceil((oldest + limit.windowMs - now) / 1000)),
  };
  return { verdict, hits: kept };
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
