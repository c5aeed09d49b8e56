/**
 * Validation of an id_token (OpenID Connect Core section 3.1.3.7), with what a multi-tenant issuer adds: the issuer is
 * a template that the token's tenant fills in, and a key may be good for one issuer alone.
 */
import { decodeJwt, importJWK, type JWK, type JWTHeaderParameters, type JWTPayload, jwtVerify } from "jose";
import * as z from "zod";
import { equalSecrets } from "../lib/digest.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { Sender } from "../lib/http.ts";
import type { Identity, Provider } from "../providers/provider.ts";

/** Where a provider's metadata comes from. `now`: ms since the epoch. */
export interface MetadataCheck {
  readonly provider: Provider;
  readonly sender: Sender;
  readonly now: number;
}

/** What an id_token is checked against. */
export interface IdTokenCheck extends MetadataCheck {
  readonly nonce: string;
}

const CLOCK_SKEW_S = 300;
const METADATA_LIFE_MS = 24 * 3_600_000;
/** An unknown key id may mean that the keys were rotated; anybody can make one up, so ask again only so often. */
const REFETCH_PAUSE_MS = 30_000;
const FETCH = { timeoutMs: 5_000, budgetMs: 8_000, retryStatuses: [429, 500, 502, 503, 504] };

const Discovery = z.object({ issuer: z.string(), jwks_uri: z.url() });
const Key = z.looseObject({
  kid: z.string().optional(),
  kty: z.string(),
  issuer: z.string().optional(),
  use: z.string().optional(),
});
const KeySet = z.object({ keys: z.array(Key) });

/** What the discovery document and the key set say. */
export interface Metadata {
  readonly issuer: string;
  readonly keys: readonly z.infer<typeof Key>[];
  readonly readAt: number;
}

/** The identity in a valid id_token. Fails as `provider_error` when it is not valid, or as the provider's metadata does. */
export async function identityIn(idToken: string, check: IdTokenCheck): Promise<Identity> {
  const { provider } = check;
  const claimed = decode(idToken);
  const metadata = await metadataOf(check);
  const issuer = provider.expectedIssuer(metadata.issuer, claimed);
  if (issuer === undefined) throw invalid("no acceptable tenant");
  const claims = await verify(idToken, check, async (header) => {
    const key = findKey(metadata, header, issuer) ?? findKey(await metadataOf(check, true), header, issuer);
    if (!key) throw invalid(`no key ${header.kid ?? ""} for this issuer`);
    return importJWK(definedOf(key), "RS256");
  });
  if (claims.iss !== issuer) throw invalid("issuer");
  if (typeof claims["nonce"] !== "string" || !(await equalSecrets(claims["nonce"], check.nonce)))
    throw invalid("nonce");
  const identity = provider.identify(claims);
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
      algorithms: ["RS256"],
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
function definedOf(key: z.infer<typeof Key>): JWK {
  const { kty, ...rest } = key;
  return { kty, ...Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== undefined)) };
}

/** A key whose `issuer` is concrete signs for that issuer alone; the template may sign for any tenant. */
function findKey(metadata: Metadata, header: JWTHeaderParameters, issuer: string): z.infer<typeof Key> | undefined {
  return metadata.keys.find((key) => {
    const mayEncrypt = key.use !== undefined && key.use !== "sig";
    if (mayEncrypt || header.kid === undefined || key.kid !== header.kid) return false;
    return key.issuer === undefined || key.issuer.includes("{tenantid}") || key.issuer === issuer;
  });
}

// Per isolate: the documents are public, the same for everybody, and change every few weeks.
const cache = new Map<string, Metadata>();

/** The provider's issuer and keys. Ask before a code is spent: without them its answer could not be judged. */
export async function metadataOf(check: MetadataCheck, unknownKey = false): Promise<Metadata> {
  const known = cache.get(check.provider.discoveryUrl);
  const maxAge = unknownKey ? REFETCH_PAUSE_MS : METADATA_LIFE_MS;
  if (known && Math.abs(check.now - known.readAt) < maxAge) return known;
  try {
    return await readMetadata(check);
  } catch (error) {
    // Keys change every few weeks; those of yesterday are better than none.
    if (known && !unknownKey) return known;
    throw error;
  }
}

async function readMetadata(check: MetadataCheck): Promise<Metadata> {
  const { discoveryUrl } = check.provider;
  const { issuer, jwks_uri: keysUrl } = await getJson(check, discoveryUrl, Discovery);
  const { keys } = await getJson(check, keysUrl, KeySet);
  const read = { issuer, keys, readAt: check.now };
  cache.set(discoveryUrl, read);
  return read;
}

async function getJson<T>({ sender, provider }: MetadataCheck, url: string, schema: z.ZodType<T>): Promise<T> {
  const answer = await sender.send({
    url,
    label: `${provider.id} metadata`,
    headers: { Accept: "application/json" },
    ...FETCH,
  });
  if (answer.status !== 200) {
    throw failure("provider_unavailable", "The provider's metadata cannot be read.", {
      retryAfterS: 5,
      reason: `metadata: ${answer.status}`,
    });
  }
  try {
    return schema.parse(JSON.parse(answer.text));
  } catch (cause) {
    throw failure("provider_error", "The provider's metadata is not valid.", { cause });
  }
}

function invalid(reason: string, cause?: unknown): Error {
  return failure("provider_error", "The provider's id_token is not valid.", { reason: `id_token: ${reason}`, cause });
}
