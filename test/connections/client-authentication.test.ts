import { decodeJwt, decodeProtectedHeader, exportPKCS8, generateKeyPair, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { proveClient } from "../../src/connections/client-authentication.ts";
import { requestBody } from "../../src/connections/token-request.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { Failure } from "../../src/lib/errors.ts";
import type { Credential, Endpoints } from "../../src/providers/provider.ts";
import { configured } from "../providers/configured.ts";

const NOW = Date.parse("2026-11-20T09:00:00Z");
const ENDPOINTS: Endpoints = {
  authorization: "https://id.example/authorize",
  token: "https://id.example/token",
  revocation: undefined,
  userinfo: undefined,
  issuer: undefined,
  keys: undefined,
  clientAuthentication: undefined,
  namesIssuer: false,
};

function prove(
  credential: Credential,
  { id = "app", now = NOW, ...endpoints }: Partial<Endpoints> & { id?: string; now?: number } = {},
) {
  const client = { id, credentials: [credential], expiresAt: undefined };
  return proveClient({ id: "acme", client }, credential, { endpoints: { ...ENDPOINTS, ...endpoints }, now });
}

test("a posted secret stands in the body, as it is", async () => {
  expect(await prove({ method: "post", secret: "p~w&=é" })).toEqual({
    headers: {},
    parameters: { client_id: "app", client_secret: "p~w&=é" },
  });
});

test("a public client names itself and no more", async () => {
  expect(await prove({ method: "none" })).toEqual({ headers: {}, parameters: { client_id: "app" } });
});

// RFC 6749 section 2.3.1: application/x-www-form-urlencoded, before the colon joins them.
test.each([
  ["app", "secret", "app:secret"],
  ["s6BhdRkqt3", "7Fjfp0ZBr1KtDRbnfVdmIw", "s6BhdRkqt3:7Fjfp0ZBr1KtDRbnfVdmIw"],
  ["a:b", "c d", "a%3Ab:c+d"],
  ["app", "p%~w+&=/é", "app:p%25%7Ew%2B%26%3D%2F%C3%A9"],
  ["app", "", "app:"],
])("Basic authentication of %s with %j", async (id, secret, joined) => {
  const { headers, parameters } = await prove({ method: "basic", secret }, { id });
  expect(parameters).toEqual({});
  expect(headers).toEqual({ Authorization: `Basic ${btoa(joined)}` });
});

test.each<[methods: string[] | undefined, posts: boolean]>([
  [undefined, false],
  [["client_secret_basic", "client_secret_post"], false],
  [["client_secret_post"], true],
  [["private_key_jwt", "client_secret_post"], true],
  [["private_key_jwt"], false],
  [[], false],
])("where metadata offers %j, a secret is posted: %s", async (clientAuthentication, posts) => {
  const { parameters } = await prove({ method: "discovered", secret: "s" }, { clientAuthentication });
  expect("client_secret" in parameters).toBe(posts);
});

const KEYS = ["RS256", "PS256", "ES256", "EdDSA"];

test.each(KEYS)("an assertion signed with %s says who, to whom, and for how long", async (alg) => {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  const key = await exportPKCS8(privateKey);
  const proof = () => prove({ method: "private_key_jwt", key, alg, kid: "k1", certificate: undefined });
  const { headers, parameters } = await proof();
  expect(headers).toEqual({});
  expect(parameters).toMatchObject({
    client_id: "app",
    client_assertion_type: "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
  });
  const assertion = parameters["client_assertion"] ?? "";
  const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { currentDate: new Date(NOW) });
  expect(protectedHeader).toEqual({ alg, typ: "JWT", kid: "k1" });
  const issuedAt = NOW / 1000;
  expect(payload).toEqual({
    iss: "app",
    sub: "app",
    aud: ENDPOINTS.token,
    jti: expect.stringMatching(/^[0-9a-f-]{36}$/),
    iat: issuedAt,
    nbf: issuedAt,
    exp: issuedAt + 300,
  });
  const again = decodeJwt((await proof()).parameters["client_assertion"] ?? "");
  expect(again.jti).not.toBe(payload.jti);
});

test("an assertion is for the issuer where it is known", async () => {
  const { privateKey } = await generateKeyPair("ES256", { extractable: true });
  const credential = {
    method: "private_key_jwt",
    key: await exportPKCS8(privateKey),
    alg: "ES256",
    kid: undefined,
    certificate: undefined,
  } as const;
  const { parameters } = await prove(credential, { issuer: "https://id.example" });
  const assertion = parameters["client_assertion"] ?? "";
  expect(decodeJwt(assertion).aud).toBe("https://id.example");
  expect(decodeProtectedHeader(assertion)).toEqual({ alg: "ES256", typ: "JWT" });
});

test("Entra is shown the SHA-256 of the certificate, PS256, and its own token endpoint as audience", async () => {
  const { privateKey, publicKey } = await generateKeyPair("PS256", { extractable: true });
  const pem = `${await exportPKCS8(privateKey)}\n-----BEGIN CERTIFICATE-----\nQUJD\n-----END CERTIFICATE-----`;
  const microsoft = configured("microsoft", {
    MICROSOFT_CLIENT_CERTIFICATE: pem,
    MICROSOFT_TENANT_ID: "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d",
  });
  // Tried first; the secrets are there for the time of the change.
  expect(microsoft.client.credentials.map(({ method }) => method)).toEqual(["private_key_jwt", "post", "post"]);
  const [credential = { method: "none" }] = microsoft.client.credentials;
  const token = microsoft.endpoints.token ?? "";
  const proof = await proveClient(microsoft, credential, { endpoints: { ...ENDPOINTS, token }, now: NOW });
  const assertion = proof.parameters["client_assertion"] ?? "";
  const { payload, protectedHeader } = await jwtVerify(assertion, publicKey, { currentDate: new Date(NOW) });
  // base64url of SHA-256("ABC")
  const thumbprint = "tdQEXD9Gb6kf4sxqvnkjKhpXzfEE96JucW4KHieJ33g";
  expect(protectedHeader).toEqual({ alg: "PS256", typ: "JWT", "x5t#S256": thumbprint });
  expect(payload.aud).toBe("https://login.microsoftonline.com/7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d/oauth2/v2.0/token");
});

test("a key that cannot be used is the operator's to mend, and is not repeated", async () => {
  const key = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";
  const proof = prove({ method: "private_key_jwt", key, alg: "RS256", kid: undefined, certificate: undefined });
  const error = await proof.catch((caught: unknown) => caught);
  if (!(error instanceof Failure)) throw new Error("it was used");
  expect(error.code).toBe("provider_misconfigured");
  expect(`${error.message} ${error.reason}`).not.toContain("AAAA");
});

test("a request is JSON where the provider wants it, else a form; the proof goes with either", async () => {
  const grant = { grant_type: "refresh_token", refresh_token: "r" } as const;
  const notion = await requestBody(
    { provider: configured("notion"), clock: systemClock },
    { grant, credential: { method: "basic", secret: "s" }, endpoints: ENDPOINTS },
  );
  expect(notion).toEqual({
    headers: {
      "Content-Type": "application/json",
      Accept: "application/json",
      Authorization: `Basic ${btoa("n-app:s")}`,
    },
    body: JSON.stringify(grant),
  });
  const google = await requestBody(
    { provider: configured("google"), clock: systemClock },
    { grant, credential: { method: "post", secret: "s&s" }, endpoints: ENDPOINTS },
  );
  expect(google.headers["Content-Type"]).toBe("application/x-www-form-urlencoded");
  expect(google.body).toBe("grant_type=refresh_token&refresh_token=r&client_id=g-app&client_secret=s%26s");
});
