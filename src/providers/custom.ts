/** A provider that the operator described in CUSTOM_PROVIDERS: any OAuth 2 or OpenID provider, by issuer or by endpoints. */
import type { Config } from "../lib/config.ts";
import type { CustomProvider } from "../lib/config-custom.ts";
import { defineProvider } from "./define.ts";
import type { AccountSource, Claims, Credential, Discovery, Identity, IdentitySource, Provider } from "./provider.ts";
import { readUserinfo, text } from "./read.ts";

const DAY_MS = 86_400_000;
const OPENID = new Set(["openid", "profile", "email", "offline_access", "address", "phone"]);
/** The one resource that a custom provider has. */
const API = "api";

/** A custom provider as configured. */
export function custom(config: Config, own: CustomProvider): Provider {
  const scopes = own.scopes.map((entry) => entry.scope);
  const openid = scopes.filter((scope) => OPENID.has(scope));
  const anywhere = config.environment === "development";
  return defineProvider({
    id: own.id,
    name: own.name,
    endpoints: endpointsOf(own),
    discovery: discoveryOf(own, anywhere),
    client: { id: own.client_id, credentials: credentialsOf(own), expiresAt: own.client_secret_expires_at },
    authorization: {
      parameters: { ...offlinePrompt(openid), ...own.authorize_parameters },
      withoutRefreshToken: own.authorize_parameters_without_refresh_token,
      pkce: own.pkce,
      scope: scopes.length > 0,
    },
    catalogue: own.scopes
      .filter((one) => !OPENID.has(one.scope))
      .map(({ scope, name, sensitivity }) => ({ scope, name, sensitivity })),
    features: own.features,
    scopes: own.scopes.filter((one) => one.default && !OPENID.has(one.scope)).map((one) => one.scope),
    openidScopes: openid,
    resources: { [API]: { scopePrefix: "", baseUrl: own.api_base_url ?? "" } },
    refreshTokens: {
      rotation: "rotates",
      idleMs: days(own.refresh_token_idle_days),
      keepAliveMs: (days(own.refresh_token_idle_days) ?? 14 * DAY_MS) / 2,
      lifetimeMs: days(own.refresh_token_lifetime_days),
      lifetimeReason: { reason: "fixed_lifetime", mend: "user" },
    },
    revocation: { reach: "token", shares: [] },
    identity: identityOf(own, openid),
    account: accountOf(own, openid),
    proxyLimit: { quota: own.requests_per_minute, windowMs: 60_000 },
  });
}

/** OpenID Connect Core section 11: without `prompt=consent` the scope offline_access may be ignored, and no refresh token comes. */
function offlinePrompt(openid: readonly string[]): Readonly<Record<string, string>> {
  return openid.includes("offline_access") ? { prompt: "consent" } : {};
}

function endpointsOf(own: CustomProvider): Provider["endpoints"] {
  return defined({
    authorization: own.authorization_endpoint,
    token: own.token_endpoint,
    revocation: own.revocation_endpoint,
    userinfo: own.userinfo_endpoint,
    keys: own.jwks_uri,
    issuer: own.issuer,
  });
}

function defined<T extends Record<string, string | undefined>>(given: T): { [Name in keyof T]?: string } {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as {
    [Name in keyof T]?: string;
  };
}

/** OpenID Connect appends the well-known path to the issuer, RFC 8414 section 3.1 puts it between host and path. */
function discoveryOf({ issuer, discover }: CustomProvider, anywhere: boolean): Discovery | undefined {
  if (issuer === undefined || !discover) return undefined;
  const { origin, pathname } = new URL(issuer);
  const path = pathname.replace(/\/$/, "");
  return {
    urls: [
      `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`,
      `${origin}/.well-known/oauth-authorization-server${path}`,
    ],
    issuer,
    anywhere,
  };
}

function credentialsOf(own: CustomProvider): Credential[] {
  const { private_key: key } = own;
  const method = own.client_authentication;
  if (method === "none") return [{ method }];
  if (key && (method === "private_key_jwt" || method === undefined))
    return [{ method: "private_key_jwt", key: key.pem, alg: key.alg, kid: key.kid, certificate: undefined }];
  // A client without a secret is a public one: PKCE is what protects it.
  if (own.client_secret.length === 0) return [{ method: "none" }];
  return own.client_secret.map((secret) => ({
    method: method === "post" || method === "basic" ? method : "discovered",
    secret,
  }));
}

function identityOf(own: CustomProvider, openid: readonly string[]): IdentitySource {
  if (openid.includes("openid")) return { kind: "id_token", identify, expectedIssuer: (discovered) => discovered };
  return own.userinfo_endpoint === undefined ? { kind: "none" } : { kind: "account" };
}

/** OpenID Connect Core section 2: `sub` is unique and never reassigned within an issuer. */
function identify(claims: Claims): Identity | undefined {
  const { account, name = null, address = null, tenant = null, picture = null } = readUserinfo(claims);
  if (account === undefined) return undefined;
  return { account, name: name ?? text(claims["preferred_username"]), address, tenant, picture };
}

function accountOf(own: CustomProvider, openid: readonly string[]): AccountSource | undefined {
  if (!openid.includes("openid") && own.userinfo_endpoint === undefined) return undefined;
  const { name, address, picture } = own.account_fields;
  // Where an id_token names the account, it is `sub` that userinfo must repeat.
  const account = openid.includes("openid") ? "sub" : own.account_fields.account;
  const read = (body: Claims): Partial<Identity> => ({
    ...(idIn(body[account]) === undefined ? {} : { account: idIn(body[account]) ?? "" }),
    name: text(body[name]) ?? text(body["preferred_username"]),
    address: text(body[address]),
    picture: text(body[picture]),
  });
  // Many providers put the claims of `profile` and `email` into userinfo alone (OpenID Connect Core section 5.4).
  return { url: "userinfo", resource: API, headers: {}, atConnect: true, read };
}

/** Plain OAuth 2 services number their people. */
function idIn(value: unknown): string | undefined {
  return typeof value === "number" ? String(value) : (text(value) ?? undefined);
}

function days(count: number | undefined): number | undefined {
  return count === undefined ? undefined : count * DAY_MS;
}
