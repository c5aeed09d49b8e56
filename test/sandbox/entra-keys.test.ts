import { createLocalJWKSet, decodeProtectedHeader, jwtVerify, type JSONWebKeySet } from "jose";
import { expect, it } from "vitest";
import { CLIENT_ID, CONSUMERS_TENANT, CONTOSO_TENANT } from "./defaults.ts";
import { claimsOf, LOGIN, openSandbox, REDEEM, type Driver, type Json } from "./driver.ts";

async function get(sandbox: Driver, path: string): Promise<Json> {
  return (await sandbox.fetch(`${LOGIN}${path}`)).json<Json>();
}

async function keys(sandbox: Driver): Promise<Json[]> {
  return (await get(sandbox, "/common/discovery/v2.0/keys"))["keys"] as Json[];
}

it.each([
  ["common", "{tenantid}"],
  ["organizations", "{tenantid}"],
  ["consumers", CONSUMERS_TENANT],
  [CONTOSO_TENANT, CONTOSO_TENANT],
  ["contoso.example", CONTOSO_TENANT],
  ["contoso.onmicrosoft.com", CONTOSO_TENANT],
])("publishes metadata for %s with its issuer", async (segment, tenant) => {
  const document = await get(openSandbox(), `/${segment}/v2.0/.well-known/openid-configuration`);
  expect(document["issuer"]).toBe(`${LOGIN}/${tenant}/v2.0`);
  expect(document["token_endpoint"]).toBe(`${LOGIN}/${segment}/oauth2/v2.0/token`);
  expect(document["jwks_uri"]).toBe(`${LOGIN}/${segment}/discovery/v2.0/keys`);
  expect(document["userinfo_endpoint"]).toBe("https://graph.microsoft.com/oidc/userinfo");
});

it("is silent in its metadata about PKCE, revocation, introspection and iss", async () => {
  const document = await get(openSandbox(), "/common/v2.0/.well-known/openid-configuration");
  for (const absent of [
    "code_challenge_methods_supported",
    "revocation_endpoint",
    "introspection_endpoint",
    "grant_types_supported",
    "authorization_response_iss_parameter_supported",
  ]) {
    expect(document).not.toHaveProperty(absent);
  }
});

it("lets every address follow the origin that it is asked on", async () => {
  const answer = await openSandbox().fetch("http://localhost:8788/common/v2.0/.well-known/openid-configuration");
  const document = await answer.json<Json>();
  expect(document["issuer"]).toBe("http://localhost:8788/{tenantid}/v2.0");
  expect(document["msgraph_host"]).toBe("localhost:8788");
  expect(document["userinfo_endpoint"]).toBe("http://localhost:8788/oidc/userinfo");
});

it("has no metadata for a tenant that does not exist", async () => {
  const answer = await openSandbox().fetch(`${LOGIN}/nowhere.example/v2.0/.well-known/openid-configuration`);
  expect(answer.status).toBe(400);
  expect(await answer.json()).toMatchObject({ error: "invalid_request", error_codes: [90002] });
});

it("publishes keys with an issuer, one for any tenant and one for personal accounts, and without alg", async () => {
  const published = await keys(openSandbox());
  expect(published.map((key) => key["issuer"])).toEqual([
    `${LOGIN}/{tenantid}/v2.0`,
    `${LOGIN}/${CONSUMERS_TENANT}/v2.0`,
  ]);
  for (const key of published) {
    expect(Object.keys(key).toSorted()).toEqual(["e", "issuer", "kid", "kty", "n", "use", "x5c", "x5t"]);
  }
});

it("signs id_tokens that verify against the published keys, with the claims of the v2.0 endpoint", async () => {
  const sandbox = openSandbox();
  const { id_token: idToken } = await sandbox.signIn("ana");
  const jwks = await get(sandbox, "/common/discovery/v2.0/keys");
  const { payload, protectedHeader } = await jwtVerify(idToken, createLocalJWKSet(jwks as unknown as JSONWebKeySet), {
    issuer: `${LOGIN}/${CONTOSO_TENANT}/v2.0`,
    audience: CLIENT_ID,
    algorithms: ["RS256"],
  });
  expect(protectedHeader.alg).toBe("RS256");
  expect(payload).toMatchObject({
    tid: CONTOSO_TENANT,
    nonce: "nonce-1",
    ver: "2.0",
    name: "Ana Rossi",
    email: "ana@contoso.example",
  });
  expect(payload.exp).toBe((payload.iat ?? 0) + 3600);
  for (const name of ["aio", "nbf", "oid", "preferred_username", "rh", "sub", "uti"])
    expect(payload).toHaveProperty(name);
  for (const name of ["at_hash", "c_hash"]) expect(payload).not.toHaveProperty(name);
});

it("signs for personal accounts with the key that is theirs alone", async () => {
  const sandbox = openSandbox();
  const { id_token: idToken } = await sandbox.signIn("pat");
  const key = (await keys(sandbox)).find(({ kid }) => kid === decodeProtectedHeader(idToken).kid);
  expect(key?.["issuer"]).toBe(`${LOGIN}/${CONSUMERS_TENANT}/v2.0`);
});

it("leaves oid out without the profile scope, and email where there is none", async () => {
  const sandbox = openSandbox();
  const scope = "openid User.Read";
  const code = await sandbox.code({ scope });
  const { body } = await sandbox.token({ ...REDEEM, code, scope });
  expect(claimsOf(String(body["id_token"]))).not.toHaveProperty("oid");
  expect(claimsOf((await sandbox.signIn("pat")).id_token)).not.toHaveProperty("email");
});

it("gives the same person another sub at another application", async () => {
  const sandbox = openSandbox();
  const other = { client_id: "22222222-aaaa-4bbb-8ccc-000000000002", client_secret: "s" };
  await sandbox.control("/clients", {
    client_id: other.client_id,
    secrets: [{ value: "s" }],
    redirect_uris: [REDEEM.redirect_uri],
  });
  const code = await sandbox.code({ client_id: other.client_id });
  const there = claimsOf(String((await sandbox.token({ ...REDEEM, code, ...other })).body["id_token"]));
  const here = claimsOf((await sandbox.signIn("ana")).id_token);
  expect(there["oid"]).toBe(here["oid"]);
  expect(there["sub"]).not.toBe(here["sub"]);
});

it("signs with new keys after a rotation, and keeps the old ones published unless told to drop them", async () => {
  const sandbox = openSandbox();
  const before = decodeProtectedHeader((await sandbox.signIn("ana")).id_token).kid;
  await sandbox.control("/keys/rotate", {});
  const after = decodeProtectedHeader((await sandbox.signIn("ana")).id_token).kid;
  expect(after).not.toBe(before);
  expect((await keys(sandbox)).map(({ kid }) => kid)).toEqual(expect.arrayContaining([before, after]));
  await sandbox.control("/keys/rotate", { drop_old: true });
  expect((await keys(sandbox)).map(({ kid }) => kid)).not.toContain(after);
});

it("replaces and takes away claims by a setting", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { extra_claims: { nonce: "another", email: null, wids: ["w"] } });
  const claims = claimsOf((await sandbox.signIn("ana")).id_token);
  expect(claims).toMatchObject({ nonce: "another", wids: ["w"] });
  expect(claims).not.toHaveProperty("email");
});
