import { createRemoteJWKSet, customFetch, jwtVerify } from "jose";
import { expect, it } from "vitest";
import { GOOGLE_CLIENT_ID } from "./google/defaults.ts";
import { below, openGoogle, REAL, scopeOf, type Bases, type Google } from "./google/driver.ts";

const LOCAL = "http://localhost:8788";

async function document(google: Google, { accounts }: Bases) {
  const answer = await google.fetch(`${accounts}/.well-known/openid-configuration`);
  return answer.json<Record<string, unknown>>();
}

it.each([
  ["by its hosts", REAL],
  ["below a prefix", below(LOCAL)],
])("describes itself as it was reached, %s", async (_, bases) => {
  const google = openGoogle(bases);
  expect(await document(google, bases)).toMatchObject({
    issuer: "https://accounts.google.com",
    authorization_endpoint: `${bases.accounts}/o/oauth2/v2/auth`,
    token_endpoint: `${bases.oauth}/token`,
    revocation_endpoint: `${bases.oauth}/revoke`,
    userinfo_endpoint: `${bases.userinfo}/v1/userinfo`,
    jwks_uri: `${bases.api}/oauth2/v3/certs`,
    code_challenge_methods_supported: ["plain", "S256"],
  });
  expect(await document(google, bases)).not.toHaveProperty("authorization_response_iss_parameter_supported");
});

it("says that callbacks carry iss when they do", async () => {
  const google = openGoogle();
  await google.control("/settings", { google_callback_iss: true });
  expect(await document(google, REAL)).toMatchObject({ authorization_response_iss_parameter_supported: true });
});

it("signs id_tokens with a key that it publishes, to be kept for hours", async () => {
  const google = openGoogle();
  const { id_token: idToken } = await google.signIn("ana");
  const url = `${REAL.api}/oauth2/v3/certs`;
  const keys = createRemoteJWKSet(new URL(url), { [customFetch]: (asked: string) => google.fetch(asked) });
  const { protectedHeader } = await jwtVerify(idToken, keys, {
    issuer: "https://accounts.google.com",
    audience: GOOGLE_CLIENT_ID,
  });
  expect(protectedHeader.alg).toBe("RS256");
  expect((await google.fetch(url)).headers.get("Cache-Control")).toMatch(/max-age=\d{4,}/);
});

it("rotates its keys: the old one stays until it is dropped, and none is another provider's", async () => {
  const google = openGoogle();
  const kids = async (url: string) => {
    const { keys } = await (await google.fetch(url)).json<{ keys: { kid: string }[] }>();
    return keys.map(({ kid }) => kid);
  };
  const [first] = await kids(`${REAL.api}/oauth2/v3/certs`);
  const two = (await google.control("/google/keys/rotate", {}))["kids"] as string[];
  expect([two.length, two[0]]).toEqual([2, first]);
  await google.control("/google/keys/rotate", { drop_old: true });
  const left = await kids(`${REAL.api}/oauth2/v3/certs`);
  expect([left.length, left.includes(first ?? "")]).toEqual([1, false]);
  const entra = await kids("https://login.microsoftonline.com/common/discovery/v2.0/keys");
  expect(entra.some((kid) => left.includes(kid))).toBe(false);
});

it("tells in userinfo what the scopes allow, at both of its addresses", async () => {
  const google = openGoogle();
  const { access_token: token } = await google.signIn("gus");
  const { body } = await google.api(token, "/oauth2/v3/userinfo");
  expect(body).toEqual({
    sub: expect.stringMatching(/^\d{21}$/),
    name: "Gus Lindqvist",
    given_name: "Gus",
    family_name: "Lindqvist",
    picture: expect.any(String),
    email: "gus@fabrikam.example",
    email_verified: true,
    hd: "fabrikam.example",
  });
  const headers = { Authorization: `Bearer ${token}` };
  const other = await google.fetch(`${REAL.userinfo}/v1/userinfo`, { headers });
  expect(await other.json()).toEqual(body);
  const { access_token: openid } = await google.signIn("ana", { scope: "openid" });
  expect((await google.api(openid, "/oauth2/v3/userinfo")).body).toEqual({ sub: expect.any(String) });
});

it("refuses userinfo without a good token, and without any scope of OpenID", async () => {
  const google = openGoogle();
  const { access_token: token } = await google.signIn("ana", { scope: scopeOf("calendar") });
  const refused = await google.api("ya29.never", "/oauth2/v3/userinfo");
  expect([refused.status, refused.headers.get("WWW-Authenticate")]).toEqual([
    401,
    `Bearer realm="https://accounts.google.com/", error="invalid_token"`,
  ]);
  expect((await google.api(null, "/oauth2/v3/userinfo")).status).toBe(401);
  expect((await google.api(token, "/oauth2/v3/userinfo")).status).toBe(403);
});

it("changes what an account says of itself", async () => {
  const google = openGoogle();
  const change = { email: "ana@new.example", email_verified: false, hd: "contoso.example" };
  await google.control("/google/users/ana", change, "PATCH");
  const { access_token: token } = await google.signIn("ana");
  expect((await google.api(token, "/oauth2/v3/userinfo")).body).toMatchObject(change);
});

it("tells in tokeninfo what a token stands for", async () => {
  const google = openGoogle();
  const { access_token: token, id_token: idToken } = await google.signIn("ana");
  const info = await google.post(`/tokeninfo?access_token=${token}`, {});
  expect(info.body).toMatchObject({
    aud: GOOGLE_CLIENT_ID,
    azp: GOOGLE_CLIENT_ID,
    expires_in: expect.stringMatching(/^3[56]\d\d$/),
    email_verified: "true",
    access_type: "offline",
    scope: expect.stringContaining("openid"),
  });
  const claims = await google.post("/tokeninfo", { id_token: idToken });
  expect(claims.body).toMatchObject({ iss: "https://accounts.google.com", nonce: "nonce-1", alg: "RS256" });
  for (const query of ["access_token=never", "id_token=never"]) {
    const { status, body } = await google.post(`/tokeninfo?${query}`, {});
    expect([status, body]).toEqual([400, { error: "invalid_token", error_description: "Invalid Value" }]);
  }
});

it("stands behind every outbound request to Google's hosts", async () => {
  const { jwks_uri: keys } = await (
    await fetch("https://accounts.google.com/.well-known/openid-configuration")
  ).json<{ jwks_uri: string }>();
  expect(keys).toBe("https://www.googleapis.com/oauth2/v3/certs");
  expect((await (await fetch(keys)).json<{ keys: unknown[] }>()).keys).toHaveLength(1);
});
