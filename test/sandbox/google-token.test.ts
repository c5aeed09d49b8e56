import { expect, it } from "vitest";
import { GOOGLE_CLIENT_ID, GOOGLE_CLIENT_SECRET } from "./google/defaults.ts";
import { claimsOf, GOOGLE_REDIRECT_URI, openGoogle, REAL, scopeOf, VERIFIER, type Change } from "./google/driver.ts";

const BASIC = `Basic ${btoa(`${GOOGLE_CLIENT_ID}:${GOOGLE_CLIENT_SECRET}`)}`;
const WITHOUT_CLIENT = { client_id: null, client_secret: null };

it("answers a code with what the provider's documentation lists", async () => {
  const google = openGoogle();
  const scope = `openid email ${scopeOf("calendar.events")}`;
  const { status, body, headers } = await google.redeem(await google.code({ scope }));
  expect([status, headers.get("Pragma")]).toEqual([200, "no-cache"]);
  expect(headers.get("Cache-Control")).toContain("no-store");
  expect(body).toEqual({
    access_token: expect.stringMatching(/^ya29\.a0/),
    expires_in: 3599,
    refresh_token: expect.stringMatching(/^1\/\/0g/),
    scope: `${scopeOf("calendar.events")} ${scopeOf("userinfo.email")} openid`,
    token_type: "Bearer",
    id_token: expect.stringMatching(/^eyJ/),
  });
});

it("keeps tokens and codes within the sizes that Google names", async () => {
  const google = openGoogle();
  expect((await google.code()).length).toBeLessThanOrEqual(256);
  const { access_token: access, refresh_token: refresh } = await google.signIn("bo");
  expect([access.length <= 2048, refresh.length <= 512]).toEqual([true, true]);
});

it("tells in the id_token whose account it is", async () => {
  const google = openGoogle();
  const claims = claimsOf((await google.signIn("gus")).id_token);
  expect(claims).toEqual({
    iss: "https://accounts.google.com",
    azp: GOOGLE_CLIENT_ID,
    aud: GOOGLE_CLIENT_ID,
    sub: expect.stringMatching(/^\d{21}$/),
    hd: "fabrikam.example",
    email: "gus@fabrikam.example",
    email_verified: true,
    at_hash: expect.stringMatching(/^[\w-]{22}$/),
    nonce: "nonce-1",
    name: "Gus Lindqvist",
    picture: expect.stringMatching(/^https:/),
    given_name: "Gus",
    family_name: "Lindqvist",
    iat: expect.any(Number),
    exp: expect.any(Number),
  });
  const again = claimsOf((await google.signIn("gus", { scope: "openid", nonce: null })).id_token);
  expect(again["sub"]).toBe(claims["sub"]);
  for (const absent of ["nonce", "email", "name", "picture"]) expect(again).not.toHaveProperty(absent);
  expect(claimsOf((await google.signIn("ana")).id_token)).not.toHaveProperty("hd");
});

it("adds openid for whoever asks for the address, and gives no id_token without", async () => {
  const google = openGoogle();
  const { scope, id_token: idToken } = await google.signIn("ana", { scope: "email" });
  expect([scope, typeof idToken]).toEqual([`${scopeOf("userinfo.email")} openid`, "string"]);
  expect(await google.signIn("ana", { scope: scopeOf("calendar") })).not.toHaveProperty("id_token");
});

it("names its issuer without the scheme, and leaves out at_hash, when told to", async () => {
  const google = openGoogle();
  await google.control("/settings", { google_issuer: "bare", google_at_hash: false, extra_claims: { aud: "other" } });
  const claims = claimsOf((await google.signIn("ana")).id_token);
  expect(claims).toMatchObject({ iss: "accounts.google.com", aud: "other" });
  expect(claims).not.toHaveProperty("at_hash");
});

it("takes the client's secret from HTTP Basic too", async () => {
  const google = openGoogle();
  const fields: Change = {
    grant_type: "authorization_code",
    code: await google.code(),
    redirect_uri: GOOGLE_REDIRECT_URI,
    code_verifier: VERIFIER,
  };
  expect((await google.post("/token", fields, { Authorization: BASIC })).status).toBe(200);
});

it.each<[string, Change, Record<string, string>, [number, string]]>([
  ["an unknown client", { client_id: "nobody" }, {}, [401, "invalid_client"]],
  ["a wrong secret", { client_secret: "wrong" }, {}, [401, "invalid_client"]],
  ["a wrong secret by Basic", WITHOUT_CLIENT, { Authorization: `Basic ${btoa("nobody:x")}` }, [401, "invalid_client"]],
  ["a broken Basic header", WITHOUT_CLIENT, { Authorization: "Basic %%%" }, [401, "invalid_client"]],
  ["no client", WITHOUT_CLIENT, {}, [400, "invalid_request"]],
  ["no secret", { client_secret: null }, {}, [400, "invalid_request"]],
  ["no grant type", { grant_type: null }, {}, [400, "unsupported_grant_type"]],
  ["another grant type", { grant_type: "password" }, {}, [400, "unsupported_grant_type"]],
  ["no code", { code: null }, {}, [400, "invalid_request"]],
  ["a code that was never issued", { code: "4/0Anever" }, {}, [400, "invalid_grant"]],
  ["no redirect URI", { redirect_uri: null }, {}, [400, "invalid_request"]],
  ["an unregistered redirect URI", { redirect_uri: "https://evil.test/" }, {}, [400, "redirect_uri_mismatch"]],
  [
    "another registered one",
    { redirect_uri: "https://latchkey.test/api/v1/oauth/callback/youtube" },
    {},
    [400, "invalid_grant"],
  ],
  ["no verifier", { code_verifier: null }, {}, [400, "invalid_grant"]],
  ["a wrong verifier", { code_verifier: "x".repeat(43) }, {}, [400, "invalid_grant"]],
])("refuses %s", async (_, change, headers, expected) => {
  const google = openGoogle();
  const good = { grant_type: "authorization_code", redirect_uri: GOOGLE_REDIRECT_URI, code_verifier: VERIFIER };
  const {
    status,
    body,
    headers: answered,
  } = await google.token({ ...good, code: await google.code(), ...change }, headers);
  expect([status, body["error"]]).toEqual(expected);
  expect(body["error_description"]).toEqual(expect.any(String));
  expect(answered.has("WWW-Authenticate")).toBe("Authorization" in headers);
});

it("refuses a verifier when there was no challenge", async () => {
  const google = openGoogle();
  const code = await google.code({ code_challenge: null, code_challenge_method: null });
  expect((await google.redeem(code)).body["error"]).toBe("invalid_grant");
  expect((await google.redeem(code, { code_verifier: null })).status).toBe(200);
});

it("takes a plain challenge, also one without a method", async () => {
  const google = openGoogle();
  for (const method of ["plain", null]) {
    const code = await google.code({ code_challenge: VERIFIER, code_challenge_method: method });
    expect((await google.redeem(code)).status).toBe(200);
  }
});

it("reads forms alone, each parameter once, by POST", async () => {
  const google = openGoogle();
  const fields = { client_id: GOOGLE_CLIENT_ID, client_secret: GOOGLE_CLIENT_SECRET, grant_type: "refresh_token" };
  const headers = { "Content-Type": "application/json" };
  const json = await google.fetch(`${REAL.oauth}/token`, { method: "POST", headers, body: JSON.stringify(fields) });
  expect([json.status, await json.json()]).toMatchObject([400, { error: "invalid_request" }]);
  const twice = new URLSearchParams([...Object.entries(fields), ["client_id", "other"]]);
  expect((await google.fetch(`${REAL.oauth}/token`, { method: "POST", body: twice })).status).toBe(400);
  expect((await google.fetch(`${REAL.oauth}/token?client_id=x`)).status).toBe(404);
});

it("takes a code once, for ten minutes, from the client it was issued to", async () => {
  const google = openGoogle();
  const code = await google.code();
  const other = { client_id: "other", secrets: ["s"], redirect_uris: [GOOGLE_REDIRECT_URI] };
  await google.control("/google/clients", other);
  expect((await google.redeem(code, { client_id: "other", client_secret: "s" })).body["error"]).toBe("invalid_grant");
  expect((await google.redeem(code)).status).toBe(200);
  expect((await google.redeem(code)).body).toEqual({ error: "invalid_grant", error_description: "Bad Request" });
  const late = await google.code();
  await google.control("/clock", { advance_ms: 600_000 });
  expect((await google.redeem(late)).body["error"]).toBe("invalid_grant");
});

it("redeems one code once when two requests come at the same time", async () => {
  const google = openGoogle();
  const code = await google.code();
  const both = await Promise.all([google.redeem(code), google.redeem(code)]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 400]);
});

it("takes back what a replayed code gave, when told to", async () => {
  const google = openGoogle();
  await google.control("/settings", { code_reuse: "revoke" });
  const code = await google.code();
  const { body } = await google.redeem(code);
  await google.redeem(code);
  expect((await google.refresh(String(body["refresh_token"]))).body["error"]).toBe("invalid_grant");
});

it("gives a refresh token at the first consent alone, unless consent is asked for again", async () => {
  const google = openGoogle();
  const has = async (change: Change = {}) => "refresh_token" in (await google.signIn("ana", change));
  expect(await has({ access_type: "online" })).toBe(false);
  const second = openGoogle();
  const hasThen = async (change: Change = {}) => "refresh_token" in (await second.signIn("ana", change));
  expect(await hasThen()).toBe(true);
  expect(await hasThen()).toBe(false);
  expect(await hasThen({ scope: scopeOf("youtube.readonly") })).toBe(false);
  expect(await hasThen({ prompt: "consent" })).toBe(true);
  expect(await hasThen({ prompt: "consent", access_type: null })).toBe(false);
  await second.control("/google/grants/ana/revoke", {});
  expect(await hasThen()).toBe(true);
});
