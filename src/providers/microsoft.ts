/** Microsoft 365: Entra ID v2.0 and Microsoft Graph, work, school and personal accounts. */
import type { ClientRegistration, Config } from "../lib/config.ts";
import { defineProvider } from "./define.ts";
import { classifyEntra } from "./microsoft-errors.ts";
import { MICROSOFT_FEATURES, MICROSOFT_SCOPES } from "./microsoft-scopes.ts";
import type { Claims, Credential, Identity, Provider } from "./provider.ts";
import type { Quota } from "./quota.ts";
import { text } from "./read.ts";

/** Hosts per national cloud ("Microsoft Graph national cloud deployments"). Scopes carry the cloud's own Graph host. */
export const CLOUDS = {
  global: { login: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
  usgov: { login: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us" },
  dod: { login: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us" },
  china: { login: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn" },
} as const;

const DAY_MS = 86_400_000;
/** "Microsoft Graph service-specific throttling limits"; Retry-After says how long to wait. */
const QUOTAS: readonly Quota[] = [
  { of: "requests", amount: 130_000, windowS: 10, per: "application, all tenants together" },
  { of: "Outlook requests", amount: 10_000, windowS: 600, per: "application and mailbox", note: "4 at once" },
];
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Each use brings a new one and leaves the old one alive; 90 days of disuse end it (Entra: "Refresh tokens"). */
const REFRESH_TOKENS = {
  rotation: "renews",
  idleMs: 90 * DAY_MS,
  keepAliveMs: 60 * DAY_MS,
  lifetimeMs: undefined,
  lifetimeReason: { reason: "fixed_lifetime", mend: "user" },
} as const satisfies Provider["refreshTokens"];

/** Microsoft as configured; `client` is the app registration to use. */
export function microsoft(config: Config, client: ClientRegistration): Provider {
  const cloud = CLOUDS[config.cloud];
  const login = config.loginUrl ?? cloud.login;
  const authority = `${login}/${client.tenant}`;
  const graph = (scope: string) => `${cloud.graph}/${scope}`;
  return defineProvider({
    id: "microsoft",
    name: "Microsoft 365",
    endpoints: {
      authorization: `${authority}/oauth2/v2.0/authorize`,
      token: `${authority}/oauth2/v2.0/token`,
      // Entra names no issuer in its answers and revokes nothing: its redirect URI tells it from others.
      revocation: undefined,
      namesIssuer: false,
    },
    discovery: {
      urls: [`${authority}/v2.0/.well-known/openid-configuration`],
      // A template for several tenants: the id_token fills it in.
      issuer: undefined,
      anywhere: config.environment === "development",
    },
    client: { id: client.clientId, credentials: credentialsOf(client), expiresAt: client.secretExpiresAt },
    redirectUri: client.redirectUri,
    authorization: { parameters: { response_mode: "query" }, withoutRefreshToken: {}, pkce: true, scope: true },
    tokenRequest: { body: "form", scope: true, requestIdHeader: "client-request-id" },
    catalogue: MICROSOFT_SCOPES.map((entry) => ({ ...entry, scope: graph(entry.scope) })),
    features: Object.fromEntries(
      Object.entries(MICROSOFT_FEATURES).map(([feature, scopes]) => [feature, scopes.map(graph)]),
    ),
    scopes: [graph("User.Read"), graph("Calendars.ReadWrite")],
    openidScopes: ["openid", "profile", "email", "offline_access"],
    resources: { graph: { scopePrefix: `${cloud.graph}/`, baseUrl: config.graphUrl ?? cloud.graph } },
    passThrough: ["login_hint", "prompt", "domain_hint", "claims"],
    refreshTokens: REFRESH_TOKENS,
    identity: { kind: "id_token", identify, expectedIssuer },
    account: {
      url: `${config.graphUrl ?? cloud.graph}/v1.0/me`,
      resource: "graph",
      headers: {},
      atConnect: false,
      read,
    },
    proxyLimit: { quota: 600, windowMs: 60_000 },
    quotas: QUOTAS,
    links: ["@odata.nextLink", "@odata.deltaLink"],
    adminConsentUrl: `${login}/${adminTenant(client.tenant)}/v2.0/adminconsent`,
    classify: classifyEntra,
  });
}

/** The certificate first: where both are set, the secret is there for the time of the change. */
function credentialsOf({ certificate, clientSecrets }: ClientRegistration): Credential[] {
  const secrets = clientSecrets.map((secret) => ({ method: "post", secret }) as const);
  if (!certificate) return secrets;
  // "Microsoft identity platform application authentication certificate credentials": PS256 and x5t#S256.
  const { key, der } = certificate;
  return [{ method: "private_key_jwt", key, alg: "PS256", kid: undefined, certificate: der }, ...secrets];
}

/** Admin consent is refused on `common` and `consumers`. */
function adminTenant(tenant: string): string {
  return tenant === "common" || tenant === "consumers" ? "organizations" : tenant;
}

/** (tid, oid) is the key: mail addresses and names change, and can be another's tomorrow. */
function identify(claims: Claims): Identity | undefined {
  const { tid, oid, name, email, preferred_username: userName } = claims;
  if (typeof tid !== "string" || typeof oid !== "string" || !GUID.test(tid)) return undefined;
  return { account: `${tid}:${oid}`, name: text(name), address: text(email) ?? text(userName), tenant: tid };
}

/** `common` and `organizations` publish a template; the token names the tenant (Entra: "Validate the issuer"). */
function expectedIssuer(discovered: string, claims: Claims): string | undefined {
  const { tid, ver } = claims;
  if (typeof tid !== "string" || !GUID.test(tid) || ver !== "2.0") return undefined;
  return discovered.replace("{tenantid}", tid);
}

/** Graph's `/me`: `mail` is null for personal accounts and people without a mailbox. */
function read({ displayName, mail, userPrincipalName }: Claims): Partial<Identity> {
  return { name: text(displayName), address: text(mail) ?? text(userPrincipalName) };
}
