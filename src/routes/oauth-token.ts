/** GET /integrations/{id}/token: hands the application a token. */
import * as z from "zod";
import { rfc3339 } from "../lib/clock.ts";
import type { HostedContext } from "./context.ts";
import { askKeeper, spend } from "./keeper.ts";
import { askerOf, connectionOf } from "./oauth-integrations.ts";
import { valid } from "./respond.ts";

const DAY_S = 86_400;

/** How long a token must live at least, s. */
export const minTtl = z.coerce.number("expected seconds").int("expected whole seconds").min(0).max(DAY_S).optional();

const TokenQuery = z.strictObject({ resource: z.string().max(64).optional(), min_ttl: minTtl });

/** What the token is for, in the caller's words; it is written to the trail as it is. */
const Purpose = z.string().max(200).optional();

/** Answers `{access_token, token_type, expires_at, scopes, resource, stale_reason?}`. */
export async function releaseToken(c: HostedContext): Promise<Response> {
  const { resource, min_ttl: minTtlS } = valid(TokenQuery, c.req.query());
  const input = {
    bucket: "tokens",
    connection: connectionOf(c),
    roles: c.get("caller").roles,
    ...(resource === undefined ? {} : { resource }),
    ...(minTtlS === undefined ? {} : { minTtlMs: minTtlS * 1000 }),
    purpose: purposeOf(c),
    ...askerOf(c),
  } as const;
  const grant = spend(c, await askKeeper(c, (keeper) => keeper.release(input)));
  if (grant.staleReason) c.get("log").warn("older token served", { failure: grant.staleReason });
  return c.json({
    access_token: grant.accessToken,
    token_type: grant.tokenType,
    expires_at: grant.expiresAt === null ? null : rfc3339(grant.expiresAt),
    scopes: grant.scopes,
    resource: grant.resource,
    ...(grant.staleReason === undefined ? {} : { stale_reason: grant.staleReason }),
  });
}

/** What the caller wants a token for: `X-Purpose`. Fails as `validation_failed` where it is too long. */
export function purposeOf(c: HostedContext): string | undefined {
  return valid(z.object({ "X-Purpose": Purpose }), { "X-Purpose": c.req.header("X-Purpose") })["X-Purpose"];
}
