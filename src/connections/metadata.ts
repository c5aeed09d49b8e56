/**
 * What a provider publishes of itself: endpoints, issuer and keys (OpenID Connect Discovery 1.0, RFC 8414). Read at
 * most once a day per isolate; the documents are public and the same for everybody.
 */
import * as z from "zod";
import { Failure, failure } from "../lib/errors.ts";
import type { Sender } from "../lib/http.ts";
import { parseJson } from "../lib/json.ts";
import { isPublicUrl } from "../lib/public-address.ts";
import type { Discovery, Endpoints, Provider } from "../providers/provider.ts";

/** Where a provider's metadata comes from. `now`: ms since the epoch. */
export interface MetadataCheck {
  readonly provider: Provider;
  readonly sender: Sender;
  readonly now: number;
}

const LIFE_MS = 24 * 3_600_000;
/** Yesterday's is used for so long before today's is asked for again: a dead host must not hold up every request. */
const RETRY_PAUSE_MS = 5 * 60_000;
/** An unknown key id may mean that the keys were rotated; anybody can make one up, so ask again only so often. */
const REFETCH_PAUSE_MS = 30_000;
/** A document of this kind has a few kB; a hundred keys with their certificates have a few hundred. */
const MAX_BYTES = 512 * 1024;
const FETCH = { timeoutMs: 5_000, budgetMs: 8_000, retryStatuses: [429, 500, 502, 503, 504], maxBytes: MAX_BYTES };

const url = z.url().optional();
const Document = z.object({
  issuer: z.string(),
  authorization_endpoint: url,
  token_endpoint: url,
  revocation_endpoint: url,
  userinfo_endpoint: url,
  jwks_uri: url,
  token_endpoint_auth_methods_supported: z.array(z.string()).optional(),
  authorization_response_iss_parameter_supported: z.boolean().optional(),
});
const Key = z.looseObject({
  kid: z.string().optional(),
  kty: z.string(),
  issuer: z.string().optional(),
  use: z.string().optional(),
  alg: z.string().optional(),
});
const KeySet = z.object({ keys: z.array(Key) });

/** A signing key as published. */
export type PublishedKey = z.infer<typeof Key>;

type Discovered = z.infer<typeof Document>;

interface Kept<T> {
  readonly value: T;
  readonly readAt: number;
}

const documents = new Map<string, Kept<Discovered>>();
const keySets = new Map<string, Kept<readonly PublishedKey[]>>();

/** The provider's endpoints: what it has written in its own file, and for the rest what it publishes. Failures: those of reading it. */
export async function endpointsOf(check: MetadataCheck): Promise<Endpoints> {
  const { endpoints: own, discovery } = check.provider;
  // What its file says whole needs no question. Whether answers name their issuer belongs to it: the check must not be lost.
  const complete =
    own.authorization !== undefined && own.token !== undefined && "revocation" in own && own.namesIssuer !== undefined;
  const found = discovery && !complete ? await documentOf(check, discovery) : undefined;
  return merge(check.provider, found);
}

/** The same with the issuer, the address of its keys and userinfo, which only a new connection or a sync needs. */
export async function issuerOf(check: MetadataCheck): Promise<Endpoints> {
  const { discovery } = check.provider;
  return merge(check.provider, discovery ? await documentOf(check, discovery) : undefined);
}

function merge(provider: Provider, found: Discovered | undefined): Endpoints {
  const own = provider.endpoints;
  const authorization = own.authorization ?? found?.authorization_endpoint;
  const token = own.token ?? found?.token_endpoint;
  if (authorization === undefined || token === undefined)
    throw misconfigured(provider, "metadata names no authorization or token endpoint");
  return {
    authorization,
    token,
    revocation: own.revocation ?? found?.revocation_endpoint,
    userinfo: own.userinfo ?? found?.userinfo_endpoint,
    issuer: own.issuer ?? found?.issuer,
    keys: own.keys ?? found?.jwks_uri,
    clientAuthentication: own.clientAuthentication ?? found?.token_endpoint_auth_methods_supported,
    namesIssuer: own.namesIssuer ?? found?.authorization_response_iss_parameter_supported ?? false,
  };
}

/** The keys that sign this provider's id_tokens. `unknownKey`: asked again, though not at every call. */
export async function keysOf(check: MetadataCheck, unknownKey = false): Promise<readonly PublishedKey[]> {
  const { keys } = await issuerOf(check);
  if (keys === undefined) throw misconfigured(check.provider, "metadata names no jwks_uri");
  return keptOr(keySets, keys, {
    check,
    maxAgeMs: unknownKey ? REFETCH_PAUSE_MS : LIFE_MS,
    read: () => readKeys(check, keys),
    insist: unknownKey,
  });
}

async function readKeys(check: MetadataCheck, address: string): Promise<readonly PublishedKey[]> {
  const found = await getJson(check, address, KeySet);
  if (found) return found.keys;
  throw misconfigured(check.provider, "no keys at the jwks_uri");
}

function documentOf(check: MetadataCheck, discovery: Discovery): Promise<Discovered> {
  return keptOr(documents, discovery.urls.join(" "), {
    check,
    maxAgeMs: LIFE_MS,
    read: () => readDocument(check, discovery),
    insist: false,
  });
}

interface Reading<T> {
  readonly check: MetadataCheck;
  readonly maxAgeMs: number;
  readonly read: () => Promise<T>;
  /** True where yesterday's value is of no use. */
  readonly insist: boolean;
}

async function keptOr<T>(kept: Map<string, Kept<T>>, name: string, { check, maxAgeMs, read, insist }: Reading<T>) {
  const known = kept.get(name);
  if (known && Math.abs(check.now - known.readAt) < maxAgeMs) return known.value;
  try {
    const value = await read();
    kept.set(name, { value, readAt: check.now });
    return value;
  } catch (error) {
    // Endpoints and keys change every few weeks at most; yesterday's are better than none.
    if (!known || insist) throw error;
    kept.set(name, { value: known.value, readAt: check.now - maxAgeMs + RETRY_PAUSE_MS });
    return known.value;
  }
}

async function readDocument(check: MetadataCheck, discovery: Discovery): Promise<Discovered> {
  let failed: Failure | undefined;
  for (const address of discovery.urls) {
    try {
      const found = await getJson(check, address, Document);
      // One of the two addresses is absent more often than not: that says nothing.
      if (found) return acceptable(check.provider, found, discovery);
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed ??= error;
      // A host that keeps silent here would keep silent there, and somebody waits.
      if (error.code === "provider_timeout") break;
    }
  }
  if (failed !== undefined) throw failed;
  throw misconfigured(check.provider, "no metadata at its issuer's addresses");
}

/** The document must be the issuer's own (RFC 8414 section 3.3), and lead nowhere that a document could not be read from. */
function acceptable(provider: Provider, found: Discovered, { issuer, anywhere }: Discovery): Discovered {
  if (issuer !== undefined && found.issuer !== issuer)
    throw misconfigured(provider, `metadata names the issuer ${found.issuer.slice(0, 200)}, not ${issuer}`);
  const { authorization_endpoint, token_endpoint, revocation_endpoint, userinfo_endpoint, jwks_uri } = found;
  for (const one of [authorization_endpoint, token_endpoint, revocation_endpoint, userinfo_endpoint, jwks_uri])
    if (one !== undefined && !anywhere) requirePublic(provider, one);
  return found;
}

/** Fails as `provider_misconfigured` for an address that only this Worker's own network, or a listener on the way, would answer. */
function requirePublic(provider: Provider, address: string): void {
  const { protocol } = new URL(address);
  if (protocol !== "https:" || !isPublicUrl(address))
    throw misconfigured(provider, `not a public https address: ${address.slice(0, 200)}`);
}

/** Undefined where there is nothing at the address. */
async function getJson<T>(
  { sender, provider }: MetadataCheck,
  address: string,
  schema: z.ZodType<T>,
): Promise<T | undefined> {
  if (provider.discovery && !provider.discovery.anywhere) requirePublic(provider, address);
  const answer = await sender.send({
    url: address,
    label: `${provider.id} metadata`,
    headers: { Accept: "application/json" },
    ...FETCH,
  });
  if (answer.status === 404 || answer.status === 410) return undefined;
  // Redirects are not followed: what stands at the end of one is not the issuer's own.
  if (answer.status >= 300 && answer.status < 400)
    throw misconfigured(provider, `metadata: redirected (${answer.status}); name the issuer as it names itself`);
  if (answer.status !== 200) {
    throw failure("provider_unavailable", "The provider's metadata cannot be read.", {
      retryAfterS: 5,
      reason: `metadata: ${answer.status}`,
    });
  }
  const parsed = schema.safeParse(parseJson(answer.text));
  if (parsed.success) return parsed.data;
  throw failure("provider_error", "The provider's metadata is not valid.", { cause: parsed.error });
}

function misconfigured(provider: Provider, reason: string): Failure {
  return failure("provider_misconfigured", "The provider is not set up correctly here. The operator must act.", {
    reason: `${provider.id}: ${reason}`,
  });
}
