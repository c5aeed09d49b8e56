/** How this installation proves itself at a token endpoint (RFC 6749 section 2.3, RFC 7523 section 2.2). */
import { base64url, importPKCS8, SignJWT } from "jose";
import { failure } from "../lib/errors.ts";
import type { Credential, Endpoints, Provider } from "../providers/provider.ts";

/** What a request carries so that the client is believed. */
export interface ClientProof {
  readonly headers: Readonly<Record<string, string>>;
  readonly parameters: Readonly<Record<string, string>>;
}

const ASSERTION_LIFE_S = 300;
const ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/** The proof for one request. `now`: ms since the epoch. Fails as `provider_misconfigured` where a key cannot be used. */
export async function proveClient(
  { id, client }: Pick<Provider, "id" | "client">,
  credential: Credential,
  { endpoints, now }: { readonly endpoints: Endpoints; readonly now: number },
): Promise<ClientProof> {
  switch (credential.method) {
    case "none":
      return { headers: {}, parameters: { client_id: client.id } };
    case "post":
      return posted(client.id, credential.secret);
    case "basic":
      return basic(client.id, credential.secret);
    case "discovered":
      return prefersPost(endpoints) ? posted(client.id, credential.secret) : basic(client.id, credential.secret);
    case "private_key_jwt":
      return { headers: {}, parameters: await assertion(id, { client: client.id, credential, endpoints, now }) };
  }
}

function posted(client: string, secret: string): ClientProof {
  return { headers: {}, parameters: { client_id: client, client_secret: secret } };
}

/** Id and secret are form-encoded before they are joined (RFC 6749 section 2.3.1). */
function basic(client: string, secret: string): ClientProof {
  const credentials = [client, secret].map(formEncoded).join(":");
  const encoded = btoa(String.fromCharCode(...new TextEncoder().encode(credentials)));
  return { headers: { Authorization: `Basic ${encoded}` }, parameters: {} };
}

function formEncoded(text: string): string {
  return new URLSearchParams([["", text]]).toString().slice(1);
}

/** Where the metadata is silent, Basic is what everybody must support (RFC 8414 section 2). */
function prefersPost({ clientAuthentication: methods }: Endpoints): boolean {
  return methods !== undefined && !methods.includes("client_secret_basic") && methods.includes("client_secret_post");
}

interface Assertion {
  readonly client: string;
  readonly credential: Extract<Credential, { method: "private_key_jwt" }>;
  readonly endpoints: Endpoints;
  readonly now: number;
}

/** A fresh assertion for each request: its `jti` may be taken once alone. */
async function assertion(provider: string, { client, credential, endpoints, now }: Assertion) {
  const { alg, kid, certificate } = credential;
  const issuedAt = Math.floor(now / 1000);
  try {
    const key = await importPKCS8(credential.key, alg);
    const jwt = await new SignJWT({})
      .setProtectedHeader({
        alg,
        typ: "JWT",
        ...(kid === undefined ? {} : { kid }),
        ...(certificate === undefined ? {} : { "x5t#S256": await thumbprint(certificate) }),
      })
      .setIssuer(client)
      .setSubject(client)
      // The issuer where it is known, as RFC 7523's revision asks; Entra wants the address it is posted to.
      .setAudience(endpoints.issuer ?? endpoints.token)
      .setJti(crypto.randomUUID())
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(issuedAt + ASSERTION_LIFE_S)
      .sign(key);
    return { client_id: client, client_assertion_type: ASSERTION_TYPE, client_assertion: jwt };
  } catch (cause) {
    throw failure("provider_misconfigured", "The key that this installation signs with cannot be used.", {
      reason: `${provider}: private key`,
      cause,
    });
  }
}

/** SHA-256 of a certificate's DER (RFC 7515 section 4.1.8). */
async function thumbprint(der: string): Promise<string> {
  const bytes = Uint8Array.from(atob(der), (char) => char.charCodeAt(0));
  return base64url.encode(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
}
