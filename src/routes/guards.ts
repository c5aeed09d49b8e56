/** What stands before every route: who is calling, what they may do, how often, and what a body may be. */
import { getConnInfo } from "hono/cloudflare-workers";
import type { MiddlewareHandler } from "hono";
import { bodyLimit } from "hono/body-limit";
import { createMiddleware } from "hono/factory";
import { type Access, requireAccess } from "../lib/caller.ts";
import { failure } from "../lib/errors.ts";
import type { Bucket } from "../lib/limits.ts";
import { limitHeaders } from "../lib/rate-limit.ts";
import { addressGroup } from "./address-group.ts";
import { bindLog, type Hosted, type HostedContext } from "./context.ts";
import { askKeeper, askObject, ownerOf } from "./keeper.ts";
import { rateLimited, respondWith } from "./respond.ts";

/** What stands before a route of one kind of caller. Only a token is asked for before the limit, so that every answer to a known caller counts. */
export function limited(access: Access, bucket: Bucket) {
  return [caller, limitedBy(bucket), may(access)] as const;
}

/** The same for a route without a limit. */
export function unlimited(access: Access) {
  return [caller, may(access)] as const;
}

/** Lets only callers with a valid token through. What they are answered is theirs alone, so nobody keeps it. */
const caller = createMiddleware<Hosted>(async (c, next) => {
  c.set("caller", await c.get("premises").callers.verify(c.req.header("Authorization")));
  // An operator's page belongs to no system, and so to no owner.
  if (c.get("system")) bindLog(c, { system: c.get("system").name, owner: ownerOf(c) });
  await next();
  c.res.headers.set("Cache-Control", "no-store");
});

/** Lets only callers with the access through. */
function may(access: Access) {
  return createMiddleware<Hosted>(async (c, next) => {
    requireAccess(c.get("caller"), access);
    await next();
  });
}

/**
 * Counts every answer of a route against the caller's limit, and says so on it. A handler that calls the keeper anyway
 * lets it judge in that same call ({@link spend}); an answer that never got so far is counted here.
 */
function limitedBy(bucket: Bucket) {
  return createMiddleware<Hosted>(async (c, next) => {
    await next();
    if (c.get("verdict")) return addHeaders(c);
    if (c.get("keeperLost")) return;
    const verdict = await askKeeper(c, (keeper) => keeper.limit(bucket));
    c.set("verdict", verdict);
    if (verdict.allowed) return addHeaders(c);
    replaceAnswer(c, respondWith(rateLimited(verdict).toData(), c));
  });
}

/** Puts another answer in the place of one that is ready. What allows a script to read it stays; what described the old one goes. */
function replaceAnswer(c: HostedContext, answer: Response): void {
  for (const [name, value] of c.res.headers)
    if (name === "vary" || name.startsWith("access-control-")) answer.headers.set(name, value);
  // Hono would lay all headers of the old one over the new one.
  c.res = undefined;
  c.res = answer;
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

function addHeaders(c: HostedContext): void {
  const verdict = c.get("verdict");
  if (!verdict) return;
  for (const [name, value] of Object.entries(limitHeaders(verdict))) c.res.headers.set(name, value);
}

/** Keeps HEAD from a GET that is not safe (RFC 9110 section 9.2.1): it would hand out a token, or use up a state, for nobody. */
export const getAlone = createMiddleware<Hosted>(async (c, next) => {
  if (c.req.method !== "HEAD") return next();
  return c.body(null, 405, { Allow: "GET", "Cache-Control": "no-store" });
});

const BODY_LIMIT_BYTES = 64 * 1024;

/** Bodies are small, whether they say so or not. */
export const smallBody: MiddlewareHandler<Hosted> = bodyLimit({
  maxSize: BODY_LIMIT_BYTES,
  onError: () => {
    throw failure("payload_too_large", "The body may have at most 64 KiB.");
  },
});

/** Bodies are JSON and nothing else, and small. */
export const jsonBody = createMiddleware<Hosted>((c, next) => {
  const type = c.req.header("Content-Type") ?? "";
  if (!/^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/i.test(type)) {
    throw failure("unsupported_media_type", "Send the body as application/json.");
  }
  return smallBody(c, next);
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
