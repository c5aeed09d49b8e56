import { expect, it } from "vitest";
import { CLIENT_ID, CLIENT_SECRET, CONTOSO_TENANT } from "./defaults.ts";
import { GRAPH, LOGIN, openSandbox, REDEEM, SCOPE, type Json } from "./driver.ts";

it("redeems a code for an access token, a refresh token and an id_token", async () => {
  const sandbox = openSandbox();
  const { status, body, headers } = await sandbox.token({ ...REDEEM, code: await sandbox.code() });
  expect(status).toBe(200);
  expect(body).toMatchObject({ token_type: "Bearer", ext_expires_in: body["expires_in"] });
  expect(body["scope"]).toBe(`${GRAPH}/User.Read ${GRAPH}/Calendars.ReadWrite profile openid email`);
  expect(body["id_token"]).toBeTruthy();
  expect(String(body["refresh_token"]).length).toBeGreaterThan(1000);
  expect(headers.get("Cache-Control")).toBe("no-store, no-cache");
});

it("spreads the life of access tokens between 60 and 90 minutes", async () => {
  const sandbox = openSandbox();
  const { refresh_token: refreshToken } = await sandbox.signIn("ana");
  const lives = new Set<number>();
  for (let i = 0; i < 10; i++) {
    const { body } = await sandbox.token({
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      scope: `${GRAPH}/User.Read`,
    });
    lives.add(Number(body["expires_in"]));
  }
  expect(lives.size).toBeGreaterThan(1);
  expect(Math.min(...lives)).toBeGreaterThanOrEqual(3600);
  expect(Math.max(...lives)).toBeLessThanOrEqual(5400);
});

it("gives a refresh token only for offline_access and an id_token only for openid", async () => {
  const sandbox = openSandbox();
  const code = await sandbox.code({ scope: "User.Read" });
  const { body } = await sandbox.token({ ...REDEEM, code, scope: "User.Read" });
  expect(body).not.toHaveProperty("refresh_token");
  expect(body).not.toHaveProperty("id_token");
});

it.each<[string, Record<string, string | null>, number, string, number]>([
  ["a missing verifier", { code_verifier: null }, 501481, "invalid_grant", 400],
  ["another verifier", { code_verifier: "x".repeat(43) }, 501481, "invalid_grant", 400],
  ["a short verifier", { code_verifier: "short" }, 501491, "invalid_grant", 400],
  [
    "another redirect URI",
    { redirect_uri: "http://localhost:8787/api/v1/auth/microsoft/callback" },
    500112,
    "invalid_client",
    400,
  ],
  ["no redirect URI", { redirect_uri: null }, 900144, "invalid_request", 400],
  ["a code that never was", { code: "1.AXkAnonsense" }, 9002313, "invalid_grant", 400],
  ["no code", { code: null }, 900144, "invalid_request", 400],
  ["a wrong secret", { client_secret: "wrong" }, 7000215, "invalid_client", 401],
  ["no secret, although PKCE is right", { client_secret: null }, 7000218, "invalid_client", 401],
  ["an unknown application", { client_id: "99999999-aaaa-4bbb-8ccc-000000000009" }, 700016, "unauthorized_client", 400],
  ["no grant type", { grant_type: null }, 900144, "invalid_request", 400],
  ["an unknown grant type", { grant_type: "password" }, 70003, "unsupported_grant_type", 400],
  [
    "two resources",
    { scope: `${GRAPH}/User.Read https://outlook.office.com/SMTP.Send` },
    28000,
    "invalid_request",
    400,
  ],
  ["OpenID scopes only, for a code of a resource", { scope: "openid profile" }, 28002, "invalid_scope", 400],
  ["a scope that was not consented to", { scope: `${GRAPH}/Files.Read` }, 65001, "invalid_grant", 400],
])("refuses a redemption with %s", async (_, change, code, error, status) => {
  const sandbox = openSandbox();
  const answer = await sandbox.token({ ...REDEEM, code: await sandbox.code(), ...change });
  expect(answer.status).toBe(status);
  expect(answer.body).toMatchObject({ error, error_codes: [code] });
});

it("puts errors in the provider's envelope", async () => {
  const { body, headers } = await openSandbox().token({ ...REDEEM, code: "nonsense" });
  const { error_description: text, trace_id: trace, correlation_id: correlation, timestamp } = body;
  expect(text).toMatch(/^AADSTS9002313: .*\r\nTrace ID: \S+\r\nCorrelation ID: \S+\r\nTimestamp: /);
  expect(text).toContain(`Trace ID: ${String(trace)}\r\nCorrelation ID: ${String(correlation)}`);
  expect(timestamp).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ$/);
  expect(body["error_uri"]).toBe(`${LOGIN}/error?code=9002313`);
  expect(headers.get("x-ms-request-id")).toBe(trace);
  expect(headers.get("Content-Type")).toBe("application/json; charset=utf-8");
});

it("redeems a code once, also when two requests come at the same time", async () => {
  const sandbox = openSandbox();
  const code = await sandbox.code();
  const answers = await Promise.all([1, 2, 3].map(() => sandbox.token({ ...REDEEM, code })));
  expect(answers.filter(({ status }) => status === 200)).toHaveLength(1);
  const refused = answers.filter(({ status }) => status !== 200);
  expect(refused.map(({ body }) => body["error_codes"])).toEqual([[54005], [54005]]);
});

it("revokes what a replayed code gave, when set to", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { code_reuse: "revoke" });
  const code = await sandbox.code();
  const { body } = await sandbox.token({ ...REDEEM, code });
  await sandbox.token({ ...REDEEM, code });
  const refreshed = await sandbox.token({ grant_type: "refresh_token", refresh_token: String(body["refresh_token"]) });
  expect(refreshed.body["error"]).toBe("invalid_grant");
});

it("lets a code live for ten minutes", async () => {
  const sandbox = openSandbox();
  const code = await sandbox.code();
  await sandbox.control("/clock", { advance_ms: 10 * 60_000 });
  const { body } = await sandbox.token({ ...REDEEM, code });
  expect(body).toMatchObject({ error: "invalid_grant", error_codes: [70008] });
});

it("redeems a code on the tenant path it was issued on, and on no other", async () => {
  const sandbox = openSandbox();
  const code = await sandbox.code({}, "common");
  const wrong = await sandbox.token({ ...REDEEM, code }, CONTOSO_TENANT);
  expect(wrong.body).toMatchObject({ error: "invalid_grant", error_codes: [700005] });
  expect((await sandbox.token({ ...REDEEM, code }, "common")).status).toBe(200);
  const byDomain = await sandbox.code({}, "contoso.example");
  expect((await sandbox.token({ ...REDEEM, code: byDomain }, CONTOSO_TENANT)).status).toBe(200);
});

it("refuses a code of another application", async () => {
  const sandbox = openSandbox();
  const other = "22222222-aaaa-4bbb-8ccc-000000000002";
  await sandbox.control("/clients", { client_id: other, secrets: [{ value: "s2" }] });
  const answer = await sandbox.token({ ...REDEEM, code: await sandbox.code(), client_id: other, client_secret: "s2" });
  expect(answer.body["error"]).toBe("invalid_grant");
});

it("tells an expired secret from a wrong one, and takes any of several", async () => {
  const sandbox = openSandbox();
  const app = "22222222-aaaa-4bbb-8ccc-000000000002";
  const secrets = [{ value: "old", expires_at: "2020-01-01T00:00:00Z" }, { value: "new" }];
  await sandbox.control("/clients", { client_id: app, secrets, redirect_uris: [REDEEM.redirect_uri] });
  const redeem = async (secret: string) => {
    const code = await sandbox.code({ client_id: app });
    return sandbox.token({ ...REDEEM, code, client_id: app, client_secret: secret });
  };
  expect((await redeem("old")).body["error_codes"]).toEqual([7000222]);
  expect((await redeem("old")).status).toBe(401);
  expect((await redeem("new")).status).toBe(200);
});

it("takes the secret by HTTP Basic, URL-encoded", async () => {
  const sandbox = openSandbox();
  const body = new URLSearchParams({ ...REDEEM, code: await sandbox.code() });
  const headers = { Authorization: `Basic ${btoa(`${CLIENT_ID}:${encodeURIComponent(CLIENT_SECRET)}`)}` };
  const answer = await sandbox.fetch(`${LOGIN}/common/oauth2/v2.0/token`, { method: "POST", headers, body });
  expect(answer.status).toBe(200);
});

it("wants a scope at the redemption of a code for several resources", async () => {
  const sandbox = openSandbox();
  const scope = `openid offline_access ${GRAPH}/User.Read https://outlook.office.com/SMTP.Send`;
  const { body } = await sandbox.token({ ...REDEEM, code: await sandbox.code({ scope }), scope: null });
  expect(body["error_codes"]).toEqual([28003]);
  const single = await sandbox.token({ ...REDEEM, code: await sandbox.code(), scope: null });
  expect(single.status).toBe(200);
});

it("answers with everything that was ever granted on the resource, or only with what was asked when set to", async () => {
  const sandbox = openSandbox();
  await sandbox.code({ scope: `${GRAPH}/Mail.Read` });
  const wide = await sandbox.token({
    ...REDEEM,
    code: await sandbox.code({ scope: SCOPE }),
    scope: `${GRAPH}/User.Read`,
  });
  expect(wide.body["scope"]).toContain(`${GRAPH}/Mail.Read`);
  await sandbox.control("/settings", { scope_answer: "asked" });
  const narrow = await sandbox.token({
    ...REDEEM,
    code: await sandbox.code({ scope: SCOPE }),
    scope: `${GRAPH}/User.Read`,
  });
  expect(narrow.body["scope"]).toBe(`${GRAPH}/User.Read profile openid email`);
});

it("takes a form only, by POST only, and without an Origin", async () => {
  const sandbox = openSandbox();
  const url = `${LOGIN}/common/oauth2/v2.0/token`;
  const codes = async (init: RequestInit) => (await (await sandbox.fetch(url, init)).json<Json>())["error_codes"];
  const twice = new URLSearchParams({ grant_type: "authorization_code" });
  twice.append("grant_type", "refresh_token");
  expect(await codes({ method: "POST", body: twice })).toEqual([9000411]);
  const headers = { "Content-Type": "application/json" };
  expect(await codes({ method: "POST", headers, body: JSON.stringify(REDEEM) })).toEqual([900144]);
  expect(await codes({})).toEqual([900561]);
  const body = new URLSearchParams({ ...REDEEM, client_id: CLIENT_ID, client_secret: CLIENT_SECRET, code: "x" });
  expect(await codes({ method: "POST", headers: { Origin: "https://latchkey.test" }, body })).toEqual([9002326]);
});

it("treats a challenge without a method as plain", async () => {
  const sandbox = openSandbox();
  const code = await sandbox.code({ code_challenge: REDEEM.code_verifier, code_challenge_method: null });
  expect((await sandbox.token({ ...REDEEM, code })).status).toBe(200);
});

it("refuses a single-tenant application on common", async () => {
  const sandbox = openSandbox();
  const app = "22222222-aaaa-4bbb-8ccc-000000000002";
  await sandbox.control("/clients", { client_id: app, secrets: [{ value: "s" }], tenant: CONTOSO_TENANT });
  const { body } = await sandbox.token({ ...REDEEM, code: "x", client_id: app, client_secret: "s" });
  expect(body).toMatchObject({ error: "unauthorized_client", error_codes: [50194] });
});
