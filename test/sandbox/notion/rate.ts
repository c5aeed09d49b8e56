import type { World } from "../world.ts";
import type { Connection } from "./connections.ts";
import { NotionError } from "./errors.ts";

interface Bucket {
  left: number;
  /** When `left` was true, in milliseconds. */
  at: number;
}

/** Counts a request of a connection. Throws 429 when it makes more than the average it may, beyond a burst. */
export function chargeRequest(world: World, { id }: Connection): void {
  const { notion_requests_per_second: perSecond, notion_burst: burst } = world.settings();
  if (perSecond === null) return;
  const key = `notion-bucket:${id}`;
  const now = world.now();
  const before = world.store.get<Bucket>(key) ?? { left: burst, at: now };
  const left = Math.min(burst, before.left + (Math.max(0, now - before.at) / 1000) * perSecond);
  const allowed = left >= 1;
  world.store.put<Bucket>(key, { left: allowed ? left - 1 : left, at: now });
  if (allowed) return;
  throw new NotionError("rate_limited", "You have been rate limited. Please try again in a few minutes.", {
    retryAfter: Math.max(1, Math.ceil((1 - left) / perSecond)),
    data: { rate_limit_reason: "public_api_request_rate_limit" },
  });
}
