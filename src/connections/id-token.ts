/**
 * Validation of an id_token (OpenID Connect Core section 3.1.3.7), with what a multi-tenant issuer adds: the issuer is
 * a template that the token's tenant fills in, and a key may be good for one issuer alone.
 */
import { decodeJwt, importJWK, type JWK, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import { equalSecrets } from "../lib/digest.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { Identity, IdentitySource } from "../providers/provider.ts";
import { issuerOf, keysOf, type MetadataCheck, type PublishedKey } from "./metadata.ts";

/** What an id_token is checked against. */
export interface IdTokenCheck extends MetadataCheck {
  readonly source: Extract<IdentitySource, { kind: "id_token" }>;
  readonly nonce: string;
}

const CLOCK_SKEW_S = 300;
/** What a key pair can sign with. HMAC would make the client's secret a signing key; `none` is no signature. */
const ALGORITHMS = [
  "RS256",
  "RS384",
  "RS512",
  "PS256",
  "PS384",
  "PS512",
  "ES256",
  "ES384",
  "ES512",
  "EdDSA",
  "Ed25519",
];

/** The identity in a valid id_token. Fails as `provider_error` when it is not valid, or as the provider's metadata does. */
export async function identityIn(idToken: string, check: IdTokenCheck): Promise<Identity> {
  const claimed = decode(idToken);
  const { issuer: discovered } = await issuerOf(check);
  const issuer = discovered === undefined ? undefined : check.source.expectedIssuer(discovered, claimed);
  if (issuer === undefined) throw invalid("no acceptable issuer");
  const claims = await verify(idToken, check, async (header) => {
    const key = findKey(await keysOf(check), header, issuer) ?? findKey(await keysOf(check, true), header, issuer);
    if (!key) throw invalid(`no key ${header.kid ?? ""} for this issuer`);
    return importJWK(definedOf(key), header.alg);
  });
  if (claims.iss !== issuer) throw invalid("issuer");
  if (typeof claims["nonce"] !== "string" || !(await equalSecrets(claims["nonce"], check.nonce)))
    throw invalid("nonce");
  const identity = check.source.identify(claims);
  if (!identity) throw invalid("it does not name the account");
  return identity;
}

function decode(idToken: string): JWTPayload {
  try {
    return decodeJwt(idToken);
  } catch (cause) {
    throw invalid("malformed", cause);
  }
}

type KeyFinder = (header: JWTHeaderParameters) => Promise<Awaited<ReturnType<typeof importJWK>>>;

async function verify(idToken: string, { provider, now }: IdTokenCheck, key: KeyFinder): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(idToken, key, {
      algorithms: ALGORITHMS,
      audience: provider.client.id,
      requiredClaims: ["exp", "iat", "iss", "aud"],
      clockTolerance: CLOCK_SKEW_S,
      currentDate: new Date(now),
    });
    return payload;
  } catch (cause) {
    // Keys that cannot be read say nothing against the token.
    if (cause instanceof Failure) throw cause;
    throw invalid("signature or claims", cause);
  }
}

/** jose's JWK knows no undefined members. */
function definedOf(key: PublishedKey): JWK {
  const { kty, ...rest } = key;
  return { kty, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
}

/**
 * A key whose `issuer` is concrete signs for that issuer alone; the template may sign for any tenant. A header without
 * `kid` names no key: then it is the only one that can have signed (OpenID Connect Core section 10.1).
 */
function findKey(keys: readonly PublishedKey[], header: JWTHeaderParameters, issuer: string): PublishedKey | undefined {
  const able = keys.filter((key) => {
    const signs = key.use === undefined || key.use === "sig";
    const fits = key.kty === keyTypeFor(header.alg) && (key.alg === undefined || key.alg === header.alg);
    const mayIssue = key.issuer === undefined || key.issuer.includes("{tenantid}") || key.issuer === issuer;
    return signs && fits && mayIssue;
  });
  if (header.kid === undefined) return able.length === 1 ? able[0] : undefined;
  return able.find((key) => key.kid === header.kid);
}

function keyTypeFor(alg: string): string {
  if (alg.startsWith("ES")) return "EC";
  return alg.startsWith("Ed") ? "OKP" : "RSA";
}

function invalid(reason: string, cause?: unknown): Error {
  return failure("provider_error", "The provider's id_token is not valid.", { reason: `id_token: ${reason}`, cause });
}
