import type { World } from "../world.ts";
import { addressOf } from "./addresses.ts";
import { GOOGLE_ISSUER } from "./defaults.ts";

/** `/.well-known/openid-configuration`: addresses in the form by which it was reached, the issuer always Google's own. */
export function googleDiscovery(world: World, requested: URL): Response {
  const accounts = addressOf(requested, "accounts.google.com");
  const oauth = addressOf(requested, "oauth2.googleapis.com");
  const document = {
    issuer: GOOGLE_ISSUER,
    authorization_endpoint: `${accounts}/o/oauth2/v2/auth`,
    device_authorization_endpoint: `${oauth}/device/code`,
    token_endpoint: `${oauth}/token`,
    userinfo_endpoint: `${addressOf(requested, "openidconnect.googleapis.com")}/v1/userinfo`,
    revocation_endpoint: `${oauth}/revoke`,
    jwks_uri: `${addressOf(requested, "www.googleapis.com")}/oauth2/v3/certs`,
    response_types_supported: ["code"],
    response_modes_supported: ["query"],
    subject_types_supported: ["public"],
    id_token_signing_alg_values_supported: ["RS256"],
    scopes_supported: ["openid", "email", "profile"],
    token_endpoint_auth_methods_supported: ["client_secret_post", "client_secret_basic"],
    claims_supported: CLAIMS,
    code_challenge_methods_supported: ["plain", "S256"],
    grant_types_supported: ["authorization_code", "refresh_token"],
    ...(world.settings().google_callback_iss && { authorization_response_iss_parameter_supported: true }),
  };
  return Response.json(document, { headers: { "Cache-Control": "public, max-age=3600" } });
}

const CLAIMS = [
  "aud",
  "email",
  "email_verified",
  "exp",
  "family_name",
  "given_name",
  "iat",
  "iss",
  "name",
  "picture",
  "sub",
];
