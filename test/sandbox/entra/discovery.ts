import { CONSUMERS_TENANT } from "../defaults.ts";
import type { Audience } from "./tenants.ts";

/** The discovery document: only members that were seen in real ones, so nothing about PKCE or revocation. */
export function discoveryDocument(origin: string, segment: string, audience: Audience): Record<string, unknown> {
  const base = `${origin}/${segment}`;
  const graph = graphOrigin(origin);
  return {
    token_endpoint: `${base}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ["client_secret_post", "private_key_jwt", "client_secret_basic"],
    jwks_uri: `${base}/discovery/v2.0/keys`,
    response_modes_supported: ["query", "fragment", "form_post"],
    subject_types_supported: ["pairwise"],
    id_token_signing_alg_values_supported: ["RS256"],
    response_types_supported: ["code", "id_token", "code id_token", "id_token token"],
    scopes_supported: ["openid", "profile", "email", "offline_access"],
    issuer: `${origin}/${issuerTenant(audience)}/v2.0`,
    request_uri_parameter_supported: false,
    userinfo_endpoint: `${graph}/oidc/userinfo`,
    authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
    device_authorization_endpoint: `${base}/oauth2/v2.0/devicecode`,
    http_logout_supported: true,
    frontchannel_logout_supported: true,
    end_session_endpoint: `${base}/oauth2/v2.0/logout`,
    claims_supported: CLAIMS,
    kerberos_endpoint: `${base}/kerberos`,
    tenant_region_scope: audience.kind === "tenant" ? "EU" : null,
    cloud_instance_name: new URL(origin).host.replace(/^login\./, ""),
    cloud_graph_host_name: "graph.windows.net",
    msgraph_host: new URL(graph).host,
    rbac_url: "https://pas.windows.net",
  };
}

const CLAIMS = [
  "sub",
  "iss",
  "cloud_instance_name",
  "cloud_instance_host_name",
  "cloud_graph_host_name",
  "msgraph_host",
  "aud",
  "exp",
  "iat",
  "auth_time",
  "acr",
  "nonce",
  "preferred_username",
  "name",
  "tid",
  "ver",
  "at_hash",
  "c_hash",
  "email",
];

function issuerTenant(audience: Audience): string {
  if (audience.kind === "tenant") return audience.tenant.id;
  return audience.kind === "consumers" ? CONSUMERS_TENANT : "{tenantid}";
}

// On one local origin everything lives together; behind its real name Graph has a host of its own.
function graphOrigin(origin: string): string {
  return origin.endsWith("//login.microsoftonline.com") ? "https://graph.microsoft.com" : origin;
}
