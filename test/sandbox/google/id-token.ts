import { SignJWT } from "jose";
import { withChanges } from "../entra/id-token.ts";
import { base64url } from "../ids.ts";
import type { World } from "../world.ts";
import type { GoogleAccount } from "./accounts.ts";
import { GOOGLE_ISSUER } from "./defaults.ts";
import { googleSigningKey } from "./keys.ts";
import { SCOPE_PREFIX } from "./scopes.ts";
import type { GoogleToken } from "./tokens.ts";

const LIFETIME_SECONDS = 3600;

/** A signed id_token, as Google gives it along with an access token. */
export async function signGoogleIdToken(
  world: World,
  account: GoogleAccount,
  access: GoogleToken,
  nonce: string | null,
): Promise<string> {
  const { google_issuer: issuer, google_at_hash: hashed, extra_claims: changes } = world.settings();
  const now = Math.floor(world.now() / 1000);
  const claims = {
    iss: issuer === "bare" ? "accounts.google.com" : GOOGLE_ISSUER,
    azp: access.clientId,
    aud: access.clientId,
    ...accountClaims(account, access.scopes),
    ...(hashed && { at_hash: await halfHash(access.token) }),
    ...(nonce !== null && { nonce }),
    iat: now,
    exp: now + LIFETIME_SECONDS,
  };
  const { kid, key } = await googleSigningKey(world);
  return new SignJWT(withChanges(claims, changes)).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(key);
}

/** What id_tokens and userinfo tell of a person, as far as the scopes go. */
export function accountClaims(account: GoogleAccount, scopes: readonly string[]): Record<string, unknown> {
  const has = (name: string) => scopes.includes(`${SCOPE_PREFIX}userinfo.${name}`);
  return {
    sub: account.sub,
    ...(account.hd !== null && { hd: account.hd }),
    ...(has("email") && { email: account.email, email_verified: account.emailVerified }),
    ...(has("profile") && {
      name: account.displayName,
      picture: account.picture,
      given_name: account.givenName,
      ...(account.surname !== "" && { family_name: account.surname }),
    }),
  };
}

// OpenID Connect Core section 3.1.3.6: the left half of the hash.
async function halfHash(token: string): Promise<string> {
  const hash = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(token));
  return base64url(new Uint8Array(hash).slice(0, 16));
}
