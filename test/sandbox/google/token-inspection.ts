import { decodeProtectedHeader, jwtVerify } from "jose";
import type { World } from "../world.ts";
import { findOrAddAccount } from "./accounts.ts";
import { accountClaims } from "./id-token.ts";
import { publicKeyOf } from "./keys.ts";
import { GoogleOAuthError } from "./oauth-errors.ts";
import { scopeText } from "./scopes.ts";
import { liveToken, type GoogleToken } from "./tokens.ts";

/** `/tokeninfo?access_token=` or `?id_token=`: what a token says. Numbers and booleans are texts here. */
export async function tokenInformation(world: World, query: URLSearchParams): Promise<Record<string, unknown>> {
  const access = query.get("access_token");
  if (access !== null) return ofAccessToken(world, liveToken(world, access, "access")?.token);
  const idToken = query.get("id_token");
  if (idToken !== null) return ofIdToken(world, idToken);
  throw new GoogleOAuthError("invalid_request", "either access_token, id_token, or token_handle required");
}

function ofAccessToken(world: World, token: GoogleToken | undefined): Record<string, unknown> {
  if (token === undefined || token.expiresAt === null) throw invalidToken();
  const { sub, email, email_verified: verified } = accountClaims(findOrAddAccount(world, token.person), token.scopes);
  return {
    azp: token.clientId,
    aud: token.clientId,
    ...(token.scopes.includes("openid") && { sub }),
    scope: scopeText(token.scopes),
    exp: String(Math.floor(token.expiresAt / 1000)),
    expires_in: String(Math.floor((token.expiresAt - world.now()) / 1000)),
    ...(email !== undefined && { email, email_verified: String(verified) }),
    access_type: token.offline ? "offline" : "online",
  };
}

async function ofIdToken(world: World, idToken: string): Promise<Record<string, unknown>> {
  try {
    const { kid, alg, typ } = decodeProtectedHeader(idToken);
    const key = await publicKeyOf(world, kid ?? "");
    const { payload } = await jwtVerify(idToken, key, { currentDate: new Date(world.now()) });
    const claims = Object.entries(payload).map(([name, value]) => [name, String(value)] as const);
    return { ...Object.fromEntries<unknown>(claims), alg, kid, typ };
  } catch {
    throw invalidToken();
  }
}

function invalidToken(): GoogleOAuthError {
  return new GoogleOAuthError("invalid_token", "Invalid Value");
}
