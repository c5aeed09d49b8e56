/** Microsoft 365: Entra ID v2.0 and Microsoft Graph, work, school and personal accounts. */
import type { ClientRegistration, Config } from "../lib/config.ts";
import { classifyEntra } from "./microsoft-errors.ts";
import type { Identity, Provider } from "./provider.ts";

/** Hosts per national cloud ("Microsoft Graph national cloud deployments"). Scopes carry the cloud's own Graph host. */
export const CLOUDS = {
  global: { login: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
  usgov: { login: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us" },
  dod: { login: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us" },
  china: { login: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn" },
} as const;

const DAY_MS = 86_400_000;
const GUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;

/** Microsoft as configured; `client` is the app registration to use. */
export function microsoft(config: Config, client: ClientRegistration): Provider {
  const cloud = CLOUDS[config.cloud];
  const authority = `${config.loginUrl ?? cloud.login}/${client.tenant}`;
  const graph = (scope: string) => `${cloud.graph}/${scope}`;
  return {
    id: "microsoft",
    name: "Microsoft 365",
    authorizationEndpoint: `${authority}/oauth2/v2.0/authorize`,
    tokenEndpoint: `${authority}/oauth2/v2.0/token`,
    discoveryUrl: `${authority}/v2.0/.well-known/openid-configuration`,
    client: { id: client.clientId, secrets: client.clientSecrets },
    redirectUri: client.redirectUri,
    scopes: [graph("User.Read"), graph("Calendars.ReadWrite")],
    openidScopes: ["openid", "profile", "email", "offline_access"],
    resources: { graph: { scopePrefix: `${cloud.graph}/`, baseUrl: config.graphUrl ?? cloud.graph } },
    firstResource: "graph",
    passThrough: ["login_hint", "prompt", "domain_hint", "claims"],
    refreshTokenIdleMs: 90 * DAY_MS,
    adminConsentUrl: `${config.loginUrl ?? cloud.login}/${adminTenant(client.tenant)}/v2.0/adminconsent`,
    identify,
    expectedIssuer,
    classify: classifyEntra,
  };
}

/** Admin consent is refused on `common` and `consumers`. */
function adminTenant(tenant: string): string {
  return tenant === "common" || tenant === "consumers" ? "organizations" : tenant;
}

/** (tid, oid) is the key: mail addresses and names change, and can be another's tomorrow. */
function identify(claims: Readonly<Record<string, unknown>>): Identity | undefined {
  const { tid, oid, name, email, preferred_username: userName } = claims;
  if (typeof tid !== "string" || typeof oid !== "string" || !GUID.test(tid)) return undefined;
  const address = [email, userName].find((value) => typeof value === "string") ?? null;
  return { account: `${tid}:${oid}`, name: typeof name === "string" ? name : null, address, tenant: tid };
}

/** `common` and `organizations` publish a template; the token names the tenant (Entra: "Validate the issuer"). */
function expectedIssuer(discovered: string, claims: Readonly<Record<string, unknown>>): string | undefined {
  const { tid, ver } = claims;
  if (typeof tid !== "string" || !GUID.test(tid) || ver !== "2.0") return undefined;
  return discovered.replace("{tenantid}", tid);
}
