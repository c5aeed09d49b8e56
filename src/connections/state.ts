/**
 * The `state` of an authorization request: a signed token bound to system, owner, provider and redirect URI. What
 * makes it single-use, and the PKCE verifier and nonce, stay with the owner's keeper under the token's id.
 */
import { decodeProtectedHeader, errors, jwtVerify, SignJWT } from "jose";
import * as z from "zod";
import { deriveFor } from "../lib/digest.ts";
import { failure } from "../lib/errors.ts";
import { Owner, type SystemName } from "../lib/ids.ts";
import type { KeyRing } from "../lib/key-ring.ts";
import type { ProviderId } from "../lib/ids.ts";

/** What a state says. */
export interface StateClaims {
  readonly system: SystemName;
  readonly owner: Owner;
  readonly provider: ProviderId;
  readonly redirectUri: string;
  readonly flow: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

const PURPOSE = "latchkey/state/v1";
const ISSUER = "latchkey";

const Claims = z.object({ sub: Owner, jti: z.string().min(1), rdu: z.string().min(1) });

/** Signs a state with a key of its own, derived from the ring's first. */
export async function signState(ring: KeyRing, claims: StateClaims): Promise<string> {
  const { id, bytes } = await ring.sealing();
  return new SignJWT({ rdu: claims.redirectUri })
    .setProtectedHeader({ alg: "HS256", kid: id })
    .setIssuer(ISSUER)
    .setAudience(audience(claims.system, claims.provider))
    .setSubject(claims.owner)
    .setJti(claims.flow)
    .setExpirationTime(Math.floor(claims.expiresAt / 1000))
    .sign(await deriveFor(PURPOSE, bytes));
}

/** Reads a state of this system and provider. Fails as `state_invalid`: forged, expired, or another system's or provider's. */
export async function readState(
  ring: KeyRing,
  expected: { readonly system: SystemName; readonly provider: ProviderId; readonly now: number },
  token: string | undefined,
): Promise<Pick<StateClaims, "owner" | "flow" | "redirectUri">> {
  if (!token) throw invalid("missing");
  try {
    const { bytes } = await ring.opening(decodeProtectedHeader(token).kid ?? "");
    const { payload } = await jwtVerify(token, await deriveFor(PURPOSE, bytes), {
      algorithms: ["HS256"],
      issuer: ISSUER,
      audience: audience(expected.system, expected.provider),
      requiredClaims: ["exp"],
      currentDate: new Date(expected.now),
    });
    const { sub, jti, rdu } = Claims.parse(payload);
    return { owner: sub, flow: jti, redirectUri: rdu };
  } catch (cause) {
    throw invalid(cause instanceof errors.JOSEError ? cause.code : String(cause));
  }
}

function audience(system: SystemName, provider: ProviderId): string {
  return `${system}/${provider}`;
}

function invalid(reason: string): Error {
  return failure("state_invalid", "This sign-in is not known here, has expired or was already used. Start again.", {
    reason: `state: ${reason}`,
  });
}
