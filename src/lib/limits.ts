/** The rate limits of the public surfaces, as one table. `RATE_LIMITS` overrides a row by its name. */
import type { Limit } from "./rate-limit.ts";

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Quota and window per bucket. `callback` counts per client address, all others per user. */
export const LIMITS = {
  authorize: { quota: 10, windowMs: MINUTE_MS },
  callback: { quota: 20, windowMs: HOUR_MS },
  profile: { quota: 100, windowMs: MINUTE_MS },
  calendar: { quota: 100, windowMs: MINUTE_MS },
  reads: { quota: 100, windowMs: MINUTE_MS },
  tokens: { quota: 100, windowMs: MINUTE_MS },
  refresh: { quota: 10, windowMs: MINUTE_MS },
  manage: { quota: 50, windowMs: MINUTE_MS },
  proxy: { quota: 300, windowMs: MINUTE_MS },
  events_read: { quota: 200, windowMs: MINUTE_MS },
  events_write: { quota: 50, windowMs: MINUTE_MS },
  mail_verify: { quota: 10, windowMs: MINUTE_MS },
  directory_read: { quota: 300, windowMs: MINUTE_MS },
  directory_manage: { quota: 30, windowMs: MINUTE_MS },
} as const satisfies Record<string, Limit>;

/** The name of a limit. */
export type Bucket = keyof typeof LIMITS;

/** The operator's overrides, by bucket. */
export type LimitOverrides = Readonly<Partial<Record<Bucket, { readonly quota: number; readonly windowS: number }>>>;

/** True for the name of a bucket. */
export function isBucket(name: string): name is Bucket {
  return Object.hasOwn(LIMITS, name);
}

/** The limit of a bucket, with the operator's override. */
export function limitFor(
  config: { readonly limits: LimitOverrides },
  bucket: Bucket,
): Limit & { readonly bucket: Bucket } {
  const override = config.limits[bucket];
  const limit = override ? { quota: override.quota, windowMs: override.windowS * 1000 } : LIMITS[bucket];
  return { bucket, ...limit };
}

/** How long a user's request counts at most, ms. */
export function longestUserWindowMs(config: { readonly limits: LimitOverrides }): number {
  const buckets = Object.keys(LIMITS).filter((name): name is Bucket => name !== "callback");
  return Math.max(...buckets.map((bucket) => limitFor(config, bucket).windowMs));
}

/** The limit of calls that are passed on to one provider: its own, unless the operator set one for all. Unknown: of a call that is for no provider. */
export function proxyLimitFor(
  config: { readonly limits: LimitOverrides },
  provider: { readonly id: string; readonly proxyLimit: Limit } | undefined,
): Limit & { readonly bucket: string } {
  const usual = limitFor(config, "proxy");
  if (!provider) return usual;
  const bucket = `proxy/${provider.id}`;
  return config.limits.proxy ? { ...usual, bucket } : { ...provider.proxyLimit, bucket };
}
