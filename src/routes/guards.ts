/** What stands before every route: who is calling, what they may do, how often, and what a body may be. */
import { getConnInfo } from "hono/cloudflare-workers";
import { createMiddleware } from "hono/factory";
import { type Access, requireAccess } from "../lib/caller.ts";
import { failure } from "../lib/errors.ts";
import type { Bucket } from "../lib/limits.ts";
import { limitHeaders } from "../lib/rate-limit.ts";
import { bindLog, type Hosted, type HostedContext } from "./context.ts";
import { askKeeper, askObject, ownerOf } from "./keeper.ts";
import { rateLimited, respondWith } from "./respond.ts";

/** Lets only callers with a valid token and the access through. */
export function callerWith(access: Access) {
  return createMiddleware<Hosted>(async (c, next) => {
    const caller = await c.get("premises").callers.verify(c.req.header("Authorization"));
    c.set("caller", caller);
    // An operator's page belongs to no system, and so to no owner.
    if (c.get("system")) bindLog(c, { system: c.get("system").name, owner: ownerOf(c) });
    requireAccess(caller, access);
    await next();
  });
}

/**
 * Counts every answer of a route against the caller's limit, and says so on it. A handler that calls the keeper anyway
 * lets it judge in that same call ({@link spend}); an answer that never got so far is counted here.
 */
export function limitedBy(bucket: Bucket) {
  return createMiddleware<Hosted>(async (c, next) => {
    await next();
    if (c.get("verdict")) return addHeaders(c);
    if (c.get("keeperLost")) return;
    const verdict = await askKeeper(c, (keeper) => keeper.limit(bucket));
    c.set("verdict", verdict);
    if (verdict.allowed) return addHeaders(c);
    c.res = undefined;
    c.res = respondWith(rateLimited(verdict).toData(), c);
  });
}

/** Counts requests that carry no user by their client address. */
export const limitedByAddress = (bucket: Bucket) =>
  createMiddleware<Hosted>(async (c, next) => {
    const { ADDRESS_KEEPER } = c.env;
    const id = ADDRESS_KEEPER.idFromName(addressGroup(getConnInfo(c).remote.address));
    const verdict = await askObject(() => ADDRESS_KEEPER.get(id).limit(bucket));
    c.set("verdict", verdict);
    if (!verdict.allowed) throw rateLimited(verdict);
    await next();
    addHeaders(c);
  });

/** An IPv6 customer owns a /64 at least: its addresses count as one. */
export function addressGroup(address: string | undefined): string {
  if (!address?.includes(":")) return address ?? "unknown";
  const [head = ""] = address.split("::");
  const groups = head.split(":").filter((group) => group !== "");
  return `${[...groups, "0", "0", "0", "0"].slice(0, 4).join(":")}::/64`;
}

function addHeaders(c: HostedContext): void {
  const verdict = c.get("verdict");
  if (!verdict) return;
  for (const [name, value] of Object.entries(limitHeaders(verdict))) c.res.headers.set(name, value);
}

/** Bodies are JSON and nothing else. */
export const jsonBody = createMiddleware<Hosted>(async (c, next) => {
  const type = c.req.header("Content-Type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw failure("unsupported_media_type", "Send the body as application/json.");
  }
  await next();
});

/** While a core variable is missing or wrong nothing but the health route may answer as if all were well. */
export const soundConfiguration = createMiddleware<Hosted>(async (c, next) => {
  const wrong = c.get("premises").config.problems.find((problem) => problem.scope === "core");
  if (wrong)
    throw failure("internal", "This installation is not set up correctly. The health route says what is wrong.", {
      reason: `config: ${wrong.variable}`,
    });
  await next();
});
