/** What Microsoft's products share: Entra ID v2.0, one refresh token per account, a token for one resource alone. */
import type { ClientRegistration, Config } from "../lib/config.ts";
import { defineProvider } from "./define.ts";
import { classifyEntra } from "./microsoft-errors.ts";
import type { AccountSource, Claims, Credential, Identity, Provider, Resource } from "./provider.ts";
import { text } from "./read.ts";

/** Hosts per national cloud ("Microsoft Graph national cloud deployments"). Scopes carry the cloud's own Graph host. */
export const CLOUDS = {
  global: { login: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
  usgov: { login: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us" },
  dod: { login: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us" },
  china: { login: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn" },
} as const;

/**
 * Exchange Online's name as a resource, per national cloud: what scopes of IMAP, POP and SMTP begin with.
 * Global: "Authenticate an IMAP, POP or SMTP connection using OAuth". The others are what mail clients use; for dod, where
 * they disagree, it is the origin of Exchange's own endpoints there.
 */
const EXCHANGE = {
  global: "https://outlook.office.com",
  usgov: "https://outlook.office365.us",
  dod: "https://outlook-dod.office365.us",
  china: "https://partner.outlook.cn",
} as const satisfies Record<keyof typeof CLOUDS, string>;

const DAY_MS = 86_400_000;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Each use brings a new one and leaves the old one alive; 90 days of disuse end it (Entra: "Refresh tokens"). */
const REFRESH_TOKENS = {
  rotation: "renews",
  idleMs: 90 * DAY_MS,
  keepAliveMs: 60 * DAY_MS,
  lifetimeMs: undefined,
  lifetimeReason: { reason: "fixed_lifetime", mend: "user" },
} as const satisfies Provider["refreshTokens"];

/** What a product adds to the base. */
type OwnPart = Pick<Provider, "id" | "name" | "scopes" | "resources" | "catalogue" | "features" | "identity"> &
  Partial<Provider>;

/** A product of Microsoft's; `client` is the app registration to use. */
export function entraProduct(
  config: Config,
  client: ClientRegistration,
  product: (urls: MicrosoftUrls) => OwnPart,
): Provider {
  const login = config.loginUrl ?? CLOUDS[config.cloud].login;
  const authority = `${login}/${client.tenant}`;
  return defineProvider({
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
    openidScopes: ["openid", "profile", "email", "offline_access"],
    passThrough: ["login_hint", "prompt", "domain_hint", "claims"],
    refreshTokens: REFRESH_TOKENS,
    proxyLimit: { quota: 600, windowMs: 60_000 },
    links: ["@odata.nextLink", "@odata.deltaLink"],
    adminConsentUrl: `${login}/${adminTenant(client.tenant)}/v2.0/adminconsent`,
    classify: classifyEntra,
    ...product(urlsOf(config)),
  });
}

/** Microsoft's APIs, or what stands in for them. */
interface MicrosoftUrls {
  /** The two resources that a grant may hold scopes of. */
  readonly graph: Resource;
  readonly exchange: Resource;
}

function urlsOf({ cloud, graphUrl }: Config): MicrosoftUrls {
  const { graph } = CLOUDS[cloud];
  return {
    graph: { scopePrefix: `${graph}/`, baseUrl: graphUrl ?? graph },
    // What its scopes open is spoken over IMAP, POP and SMTP, not HTTP.
    exchange: { scopePrefix: `${EXCHANGE[cloud]}/`, baseUrl: "" },
  };
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

/** How Entra says whose account it is. */
export const entraIdentity = { kind: "id_token", identify, expectedIssuer } as const satisfies Provider["identity"];

/** (tid, oid) is the key: mail addresses and names change, and can be another's tomorrow. */
function identify({ tid, oid, name, email, preferred_username: userName }: Claims): Identity | undefined {
  if (typeof tid !== "string" || typeof oid !== "string" || !GUID.test(tid)) return undefined;
  return { account: `${tid}:${oid}`, name: text(name), address: text(email) ?? addressIn(userName), tenant: tid };
}

/** People may sign in by a telephone number: that is nobody's address. */
function addressIn(userName: unknown): string | null {
  const name = text(userName);
  return name !== null && /^[^@\s]+@[^@\s]+$/.test(name) ? name : null;
}

/** `common` and `organizations` publish a template; the token names the tenant (Entra: "Validate the issuer"). */
function expectedIssuer(discovered: string, claims: Claims): string | undefined {
  const { tid, ver } = claims;
  if (typeof tid !== "string" || !GUID.test(tid) || ver !== "2.0") return undefined;
  return discovered.replace("{tenantid}", tid);
}

/** Graph's `/me`, asked for whose account it is. `atConnect`: as {@link AccountSource} has it. */
export function graphAccount({ baseUrl }: Resource, atConnect: boolean): AccountSource {
  return { url: `${baseUrl}/v1.0/me`, resource: "graph", headers: {}, atConnect, read };
}

/** Graph's `/me`: `mail` is null for personal accounts and people without a mailbox. */
function read({ displayName, mail, userPrincipalName }: Claims): Partial<Identity> {
  return { name: text(displayName), address: text(mail) ?? addressIn(userPrincipalName) };
}
