/** The clients of the test provider, as it registers them and as an operator would write them into CUSTOM_PROVIDERS. */
import { generateKeyPairSync } from "node:crypto";
import type { ClientMetadata } from "oidc-provider";

/** How a client proves itself, and what signs its id_tokens. `id` names it here and there. */
export interface TestClient {
  readonly id: string;
  readonly method: "client_secret_basic" | "client_secret_post" | "none" | "private_key_jwt";
  readonly idTokens: "RS256" | "PS256" | "ES256" | "EdDSA" | "HS256";
}

/** One for each method and each algorithm. `hmac`'s id_tokens are signed by the client's own secret. */
export const CLIENTS = [
  { id: "basic", method: "client_secret_basic", idTokens: "RS256" },
  { id: "post", method: "client_secret_post", idTokens: "ES256" },
  { id: "public", method: "none", idTokens: "PS256" },
  { id: "key", method: "private_key_jwt", idTokens: "EdDSA" },
  { id: "hmac", method: "client_secret_basic", idTokens: "HS256" },
] as const satisfies readonly TestClient[];

/** With `:`, `%`, `+` and `~`: what Basic must encode (RFC 6749 section 2.3.1). */
export const SECRET = "s:e%c+r~e t/of-the-test-provider-of-32-bytes";

const keys = generateKeyPairSync("ec", { namedCurve: "P-256" });
const PRIVATE_KEY = String(keys.privateKey.export({ type: "pkcs8", format: "pem" }));

/** As the provider knows it. `{id}` of a redirect URI is the client's. */
export function registrationOf({ id, method, idTokens }: TestClient, callbacks: readonly string[]): ClientMetadata {
  const jwk = { ...keys.publicKey.export({ format: "jwk" }), alg: "ES256", use: "sig", kid: "client-key" };
  return {
    client_id: id,
    token_endpoint_auth_method: method,
    id_token_signed_response_alg: idTokens,
    grant_types: ["authorization_code", "refresh_token"],
    response_types: ["code"],
    redirect_uris: callbacks.map((callback) => callback.replace("{id}", id)),
    ...(method.startsWith("client_secret") ? { client_secret: SECRET } : {}),
    ...(method === "private_key_jwt" ? { jwks: { keys: [jwk] } } : {}),
  };
}

/** An entry of CUSTOM_PROVIDERS, by issuer alone. `basic` leaves the method to what the metadata says. */
export function entryOf({ id, method }: TestClient, issuer: string): Record<string, unknown> {
  return {
    id,
    name: `Test provider by ${id}`,
    issuer,
    client_id: id,
    ...AUTHENTICATION[method],
    scopes: ["openid", "profile", "email", "offline_access", "notes.read"],
    // OpenID Connect Core section 11: offline_access is given where consent is asked for.
    authorize_parameters: { prompt: "consent" },
  };
}

const AUTHENTICATION = {
  client_secret_basic: { client_secret: [SECRET] },
  client_secret_post: { client_secret: [SECRET], client_authentication: "post" },
  none: { client_authentication: "none" },
  private_key_jwt: {
    client_authentication: "private_key_jwt",
    private_key: { pem: PRIVATE_KEY, alg: "ES256", kid: "client-key" },
  },
} as const satisfies Record<TestClient["method"], object>;
