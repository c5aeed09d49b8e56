import type { MiddlewareHandler } from "hono";
import type { GraphContext, GraphEnv } from "../graph/caller.ts";
import type { World } from "../world.ts";
import { findDirectory, overlay, putOverlay, type DirectoryTenant } from "./tenant.ts";
import {
  identityLimit,
  REQUEST_LIMITS,
  resourceUnits,
  workloadOf,
  type Limit,
  type Workload,
} from "./throttle-costs.ts";

/** What a request comes up against. `used` is the share of a limit that is spent, this request included. */
interface Verdict {
  used: number;
  /** Whole seconds; absent for a request that is let through. */
  retryAfter?: number;
}

/**
 * Counts the requests of the tenants that the control made, and refuses those over the limits with 429. What is refused
 * counts all the same. Answers of the directory say what they cost.
 */
export function throttle(world: World): MiddlewareHandler<GraphEnv> {
  return async (c, next) => {
    const url = new URL(c.req.url);
    const path = decodeURIComponent(url.pathname.replace(/^\/v1\.0/, "").replace(/\/+$/, ""));
    const workload = workloadOf(path);
    const t = workload === undefined ? undefined : findDirectory(world, c.var.caller.token.tid);
    if (t === undefined || workload === undefined) return next();
    const units = resourceUnits(path, url.searchParams);
    const verdict = countRequest(world, t, { workload, units, clientId: c.var.caller.token.clientId });
    if (verdict.retryAfter === undefined) await next();
    else c.res = refusal(world, verdict.retryAfter, c);
    if (workload === "identity") addIdentityHeaders(c, { t, units, verdict });
    return undefined;
  };
}

interface Counted {
  workload: Workload;
  units: number;
  clientId: string;
}

function countRequest(world: World, t: DirectoryTenant, { workload, units, clientId }: Counted): Verdict {
  const { directory_throttle: isOn, directory_throttle_scale: scale } = world.settings();
  if (!isOn) return { used: 0 };
  if (workload === "identity") return spend(world, t, { clientId, units, limit: identityLimit(t.users) * scale });
  const verdicts = REQUEST_LIMITS[workload].map((limit) => {
    const requests = Math.max(1, Math.round(limit.requests * scale));
    return countIn(world, t, { key: `${workload}:${clientId}`, limit: { ...limit, requests } });
  });
  const waits = verdicts.flatMap(({ retryAfter }) => (retryAfter === undefined ? [] : [retryAfter]));
  return { used: 0, ...(waits.length > 0 && { retryAfter: Math.max(...waits) }) };
}

/** A bucket of tokens that fills up in ten seconds. It goes below empty, so that calling on while refused makes it worse. */
function spend(
  world: World,
  t: DirectoryTenant,
  { clientId, units, limit }: { clientId: string; units: number; limit: number },
): Verdict {
  const now = world.now();
  const before = overlay<{ left: number; at: number }>(world, t, "throttle", clientId) ?? { left: limit, at: now };
  const refilled = before.left + (Math.max(0, now - before.at) * limit) / FILL_MS;
  const left = Math.max(Math.min(limit, refilled) - units, -(MOST_USED - 1) * limit);
  putOverlay(world, t, "throttle", { key: clientId, value: { left, at: now } });
  const used = (limit - left) / limit;
  if (left >= 0) return { used };
  // A bucket smaller than the request is as full as it gets.
  const needed = Math.min(units, limit) - left;
  return { used, retryAfter: Math.max(1, Math.ceil((needed * FILL_MS) / limit / 1000)) };
}

/** Any window of that length lets so many requests through: the times of the last of them are kept. */
function countIn(world: World, t: DirectoryTenant, { key, limit }: { key: string; limit: Limit }): Verdict {
  const now = world.now();
  const place = placeOf(t, key, limit);
  const earlier = (world.store.get<number[]>(place) ?? []).filter((at) => at <= now && at > now - limit.windowMs);
  const recent = [...earlier, now].slice(-limit.requests);
  world.store.put(place, recent);
  if (earlier.length < limit.requests) return { used: 0 };
  const free = (recent[0] ?? now) + limit.windowMs;
  return { used: 1, retryAfter: Math.max(1, Math.ceil((free - now) / 1000)) };
}

function placeOf(t: DirectoryTenant, key: string, { per }: Limit): string {
  switch (per) {
    case "application and tenant":
      return `throttle-requests:${t.id}:${key}`;
    case "application":
      return `throttle-requests:every-tenant:${key}`;
    case "tenant":
      return `throttle-requests:${t.id}:${key.split(":")[0] ?? ""}`;
  }
}

function refusal(world: World, retryAfter: number, c: GraphContext): Response {
  const innerError = {
    code: "429",
    date: new Date(world.now()).toISOString().slice(0, 19),
    message: "Please retry after",
    "request-id": c.req.header("client-request-id") ?? crypto.randomUUID(),
    status: "429",
  };
  const error = { code: "TooManyRequests", message: "Please retry again later.", innerError };
  return Response.json({ error }, { status: 429, headers: { "Retry-After": String(retryAfter) } });
}

function addIdentityHeaders(
  c: GraphContext,
  { t, units, verdict }: { t: DirectoryTenant; units: number; verdict: Verdict },
): void {
  const { headers } = c.res;
  headers.set("x-ms-resource-unit", String(units));
  if (verdict.used > SAID_FROM) headers.set("x-ms-throttle-limit-percentage", verdict.used.toFixed(2));
  if (verdict.retryAfter === undefined) return;
  headers.set("x-ms-throttle-scope", `Tenant_Application/ReadWrite/${c.var.caller.token.clientId}/${t.id}`);
  headers.set("x-ms-throttle-information", "ResourceUnitLimitExceeded");
}

const FILL_MS = 10_000;
/** The share of a limit from which on answers tell it, and the largest that they tell. */
const SAID_FROM = 0.8;
const MOST_USED = 1.8;
