import { SignJWT } from "jose";
import { CONSUMERS_TENANT } from "../defaults.ts";
import { guidFrom, randomText } from "../ids.ts";
import type { World } from "../world.ts";
import type { Identity, User } from "./users.ts";
import { signingKey } from "./keys.ts";

/** Whom an id_token is about and for whom it is. */
export interface IdTokenSubject {
  origin: string;
  clientId: string;
  user: User;
  identity: Identity;
  oidc: readonly string[];
  nonce?: string | undefined;
}

const LIFETIME_SECONDS = 3600;

/** A signed id_token with the claims of the v2.0 endpoint. */
export async function signIdToken(world: World, subject: IdTokenSubject): Promise<string> {
  const claims = withChanges(idTokenClaims(world, subject), world.settings().extra_claims);
  const { kid, key } = await signingKey(world, subject.identity.tid === CONSUMERS_TENANT);
  return new SignJWT(claims).setProtectedHeader({ typ: "JWT", alg: "RS256", kid }).sign(key);
}

/** The identifier of a person that only one application knows the person by. */
export function subjectOf(clientId: string, oid: string): string {
  return guidFrom(`sub:${clientId}:${oid}`).replaceAll("-", "");
}

/** Replaces members; null takes one away. */
export function withChanges(
  members: Record<string, unknown>,
  changes: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(Object.entries({ ...members, ...changes }).filter(([, value]) => value !== null));
}

function idTokenClaims(
  world: World,
  { origin, clientId, user, identity, oidc, nonce }: IdTokenSubject,
): Record<string, unknown> {
  const now = Math.floor(world.now() / 1000);
  const { tid, oid } = identity;
  const isGuest = tid !== user.tid;
  return {
    aud: clientId,
    iss: `${origin}/${tid}/v2.0`,
    iat: now,
    nbf: now,
    exp: now + LIFETIME_SECONDS,
    aio: randomText(24),
    // Without the profile scope there is no oid either.
    ...(oidc.includes("profile") && { name: user.displayName, oid, preferred_username: user.upn }),
    ...(oidc.includes("email") && user.mail !== null && { email: user.mail }),
    ...(isGuest && { idp: `${origin}/${user.tid}/` }),
    ...(nonce !== undefined && { nonce }),
    rh: `1.${randomText(16)}`,
    sub: subjectOf(clientId, oid),
    tid,
    uti: randomText(16),
    ver: "2.0",
  };
}
