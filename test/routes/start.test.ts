import { afterEach, expect, test, vi } from "vitest";
import { call, callerToken, ORIGIN, signIn, workerWith } from "../support.ts";
import { begin, comeBack, connectionIn } from "./flow.ts";
import { BASES, problemOf } from "./security.ts";

afterEach(() => {
  vi.useRealTimers();
});

const HINTS = { login_hint: "ana@contoso.example", prompt: "consent", domain_hint: "contoso.example" };

const parametersOf = (url: string) => Object.fromEntries(new URL(url).searchParams);

test.each(BASES)("%s sends the user to Microsoft with PKCE, nonce and both resources' scopes", async (base) => {
  const started = await begin({ sub: "start-url" }, {}, base);
  const url = new URL(started.authorization_url);
  expect(url.origin + url.pathname).toBe("https://login.microsoftonline.com/common/oauth2/v2.0/authorize");
  expect(parametersOf(started.authorization_url)).toEqual({
    client_id: "11111111-aaaa-4bbb-8ccc-000000000001",
    response_type: "code",
    response_mode: "query",
    redirect_uri: `https://latchkey.test${base}/auth/microsoft/callback`,
    scope:
      "openid profile email offline_access https://graph.microsoft.com/User.Read https://graph.microsoft.com/Calendars.ReadWrite",
    state: started.state,
    nonce: expect.stringMatching(/^[\w-]{32}$/) as string,
    code_challenge: expect.stringMatching(/^[\w-]{43}$/) as string,
    code_challenge_method: "S256",
  });
});

test("every start has its own state, nonce and challenge", async () => {
  const all = await Promise.all(Array.from({ length: 5 }, () => begin({ sub: "start-fresh" })));
  for (const name of ["state", "nonce", "code_challenge"])
    expect(new Set(all.map((one) => parametersOf(one.authorization_url)[name])).size).toBe(5);
});

test("the provider checks the verifier that belongs to the challenge", async () => {
  const first = await begin({ sub: "start-pkce" });
  const second = await begin({ sub: "start-pkce" });
  const stolen = await signIn(first.authorization_url, "ana");
  const code = new URL(stolen).searchParams.get("code") ?? "";
  // A code of one sign-in, injected into another (RFC 9700 section 4.5).
  const injected = new URL(stolen);
  injected.searchParams.set("state", second.state);
  injected.searchParams.set("code", code);
  expect(await problemOf(await comeBack(injected, "start-pkce"))).toMatchObject({
    code: "state_invalid",
    provider_code: "AADSTS501481",
  });
});

test("the answer says when the sign-in expires, and is not to be stored", async () => {
  vi.useFakeTimers({ now: Date.parse("2026-11-20T10:00:00Z"), toFake: ["Date"] });
  const answer = await call("/api/v1/auth/microsoft/", { sub: "start-expiry" });
  expect(await answer.json()).toMatchObject({ expires_at: "2026-11-20T10:10:00.000Z" });
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
});

test("hints go to the sign-in page as they came, and what nobody asked for does not", async () => {
  const started = await begin(
    { sub: "start-hints" },
    { ...HINTS, scope: "Mail.Read", redirect_uri: "https://evil.test" },
  );
  const sent = parametersOf(started.authorization_url);
  expect(sent).toMatchObject({ ...HINTS, redirect_uri: "https://latchkey.test/api/v1/auth/microsoft/callback" });
  expect(sent["scope"]).not.toContain("Mail.Read");
});

test("claims that the provider wants answered go along as JSON", async () => {
  const claims = '{"access_token":{"acrs":{"essential":true,"value":"c1"}}}';
  expect(parametersOf((await begin({ sub: "start-claims" }, { claims })).authorization_url)["claims"]).toBe(claims);
});

test.each([
  ["mode", "popup"],
  ["prompt", "admin_consent"],
  ["claims", "{not json"],
  ["claims", "[1]"],
  ["claims", '"text"'],
  ["login_hint", ""],
  ["login_hint", "a".repeat(321)],
  ["return_to", "/relative"],
  ["return_to", "https://evil.test/"],
  ["return_to", "https://app.test.evil.test/"],
  ["return_to", "http://app.test/"],
  ["return_to", "https://app.test:8443/"],
  ["return_to", "https://app.test@evil.test/"],
  ["return_to", "javascript:alert(1)"],
  ["return_to", "blob:https://app.test/5f0c1f4e-0000-4000-8000-000000000000"],
  ["return_to", "https://ana@app.test/"],
  ["return_to", "https://:secret@app.test/"],
])("%s=%s is refused by name", async (name, value) => {
  const answer = await call(`/api/v1/auth/microsoft/?${new URLSearchParams({ [name]: value }).toString()}`, {
    sub: `s-${value.slice(0, 50)}`,
  });
  const problem = await problemOf(answer);
  expect(problem).toMatchObject({ status: 422, code: "validation_failed" });
  expect(problem["errors"]).toEqual([{ path: name, message: expect.any(String) as string }]);
});

test.each([
  ["production", 422],
  ["development", 200],
])("in %s a return_to without https is answered %i, though its origin is listed", async (ENVIRONMENT, status) => {
  const origins = { RETURN_TO_ORIGINS: "http://localhost:5173" };
  const headers = { Authorization: `Bearer ${await callerToken({ sub: `start-${ENVIRONMENT}` })}` };
  const url = `${ORIGIN}/api/v1/auth/microsoft/?return_to=http://localhost:5173/done`;
  const answer = await workerWith({ ...origins, ENVIRONMENT })(new Request(url, { headers }));
  expect(answer.status).toBe(status);
});

test("a return_to of an allowed origin may have any path and query", async () => {
  const started = await begin({ sub: "start-return" }, { return_to: "https://app.test/settings?tab=accounts#x" });
  expect(started.authorization_url).not.toContain("app.test");
});

test.each([
  [
    "https://old.example.com/api/v1/auth/microsoft/callback",
    "https://old.example.com/api/v1/beta/auth/microsoft/callback",
  ],
  ["https://old.example.com/cb", "https://latchkey.test/api/v1/beta/auth/microsoft/callback"],
])("MICROSOFT_REDIRECT_URI=%s holds in main, and beta comes back to %s", async (given, beta) => {
  const worker = workerWith({ MICROSOFT_REDIRECT_URI: given });
  const redirects = BASES.map(async (base) => {
    const headers = { Authorization: `Bearer ${await callerToken({ sub: "start-uri" })}` };
    const answer = await worker(new Request(`${ORIGIN}${base}/auth/microsoft/`, { headers }));
    return parametersOf((await answer.json<{ authorization_url: string }>()).authorization_url)["redirect_uri"];
  });
  expect(await Promise.all(redirects)).toEqual([given, beta]);
});

test("a redirect sends the browser to the same place and binds the sign-in to it", async () => {
  const answer = await call("/api/v1/auth/microsoft/?mode=redirect&login_hint=ana", { sub: "start-redirect" });
  expect(answer.status).toBe(302);
  const sent = parametersOf(answer.headers.get("Location") ?? "");
  expect(sent).toMatchObject({ code_challenge_method: "S256", login_hint: "ana" });
  expect(answer.headers.get("Set-Cookie")).toMatch(/^__Host-latchkey-/);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
});

test("no more than fifty sign-ins of one user are open at once, and they make room when they expire", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const claims = { sub: "start-many" };
  const started = Date.now();
  for (let minute = 0; minute < 5; minute += 1) {
    vi.setSystemTime(started + minute * 60_000);
    await Promise.all(Array.from({ length: 10 }, () => begin(claims)));
  }
  vi.setSystemTime(started + 5 * 60_000);
  expect(await problemOf(await call("/api/v1/auth/microsoft/", claims))).toMatchObject({
    status: 409,
    code: "conflict",
  });
  vi.setSystemTime(started + 10 * 60_000 + 1_000);
  await begin(claims);
});

test("a second user's sign-in is not in the way of the first one's", async () => {
  const [ana, bo] = await Promise.all([begin({ sub: "start-a" }), begin({ sub: "start-b" })]);
  const first = await connectionIn(await comeBack(await signIn(bo.authorization_url, "bo"), "start-b"));
  const second = await connectionIn(await comeBack(await signIn(ana.authorization_url, "ana"), "start-a"));
  expect([first.account.address, second.account.address]).toEqual(["bo@contoso.example", "ana@contoso.example"]);
});
