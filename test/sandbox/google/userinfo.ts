import type { World } from "../world.ts";
import { findOrAddAccount } from "./accounts.ts";
import { accountClaims } from "./id-token.ts";
import { isSignIn } from "./scopes.ts";
import { liveToken } from "./tokens.ts";

/** Userinfo: who a token belongs to. */
export function googleUserinfo(world: World, request: Request): Response {
  const bearer = /^Bearer\s+(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  const held = bearer === undefined ? undefined : liveToken(world, bearer, "access");
  if (held === undefined) return refusal(401, "invalid_request", "Invalid Credentials", "invalid_token");
  const { person, scopes } = held.token;
  if (!scopes.some(isSignIn))
    return refusal(403, "insufficient_scope", "Request had insufficient authentication scopes.", "insufficient_scope");
  return Response.json(accountClaims(findOrAddAccount(world, person), scopes), { headers: PRIVATE });
}

const PRIVATE = { "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate" };

function refusal(status: number, error: string, description: string, challenge: string): Response {
  const body = { error, error_description: description };
  const challenged = `Bearer realm="https://accounts.google.com/", error="${challenge}"`;
  return Response.json(body, { status, headers: { ...PRIVATE, "WWW-Authenticate": challenged } });
}
