import { afterEach, expect, test } from "vitest";
import { problemOf } from "../routes/security.ts";
import { call, ORIGIN, callerToken, send, workerWith } from "../support.ts";
import {
  ask,
  authorize,
  connectWith,
  finishAs,
  forgetHeard,
  googleScope,
  heard,
  integration,
  MANAGER,
} from "./manager.ts";
import { refusal, resetSandbox, somebody } from "./manager.ts";

afterEach(resetSandbox);

const scopesIn = (url: URL) => (url.searchParams.get("scope") ?? "").split(" ").toSorted();
const SIGN_IN = ["email", "openid", "profile"];
const withSignIn = (...scopes: string[]) => [...SIGN_IN, ...scopes].toSorted();

test.each([
  ["main", MANAGER, "/api/v1/oauth/callback/google"],
  ["beta", "/api/v1/beta/oauth", "/api/v1/beta/oauth/callback/google"],
])("a sign-in of %s leads to the provider with everything that its callback needs", async (_name, base, callback) => {
  const answer = await send("POST", `${base}/authorize`, somebody(), { provider: "google" });
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  const started = await answer.json<{ authorization_url: string; state: string; expires_at: string }>();
  const url = new URL(started.authorization_url);
  expect(url.origin + url.pathname).toBe("https://accounts.google.com/o/oauth2/v2/auth");
  expect(Object.fromEntries(url.searchParams)).toMatchObject({
    response_type: "code",
    redirect_uri: ORIGIN + callback,
    state: started.state,
    access_type: "offline",
    include_granted_scopes: "true",
    prompt: "consent",
    code_challenge_method: "S256",
  });
  expect(url.searchParams.get("nonce")).toMatch(/^[\w-]{20,}$/);
  expect(scopesIn(url)).toEqual(withSignIn(googleScope("calendar.events"), googleScope("calendar.readonly")));
  expect(Date.parse(started.expires_at) - Date.now()).toBeGreaterThan(9 * 60_000);
});

test("Notion is asked for neither scopes nor PKCE, but for its user", async () => {
  const url = await authorize(somebody(), { provider: "notion", features: ["pages.read"] });
  expect(url.origin + url.pathname).toBe("https://api.notion.com/v1/oauth/authorize");
  expect([...url.searchParams.keys()].toSorted()).toEqual(
    ["client_id", "owner", "redirect_uri", "response_type", "state"].toSorted(),
  );
});

test.each([
  ["a list in the body", {}, { scopes: ["calendar.readonly", "tasks.readonly"] }],
  ["words in the body", {}, { scopes: "calendar.readonly tasks.readonly" }],
  ["words in the query", { provider: "google", scopes: "calendar.readonly tasks.readonly" }, undefined],
  ["words between commas", { provider: "google", scopes: "calendar.readonly,tasks.readonly" }, undefined],
])("scopes are taken as %s", async (_how, query, body) => {
  const full = JSON.parse(
    JSON.stringify(body ?? {}).replaceAll(/(calendar|tasks)\.readonly/g, (name) => googleScope(name)),
  ) as object;
  const given = new URLSearchParams(
    Object.entries(query).map(([name, value]) => [
      name,
      name === "scopes" ? value.replaceAll(/(calendar|tasks)\.readonly/g, (one) => googleScope(one)) : value,
    ]),
  );
  const path = `${MANAGER}/authorize?${given.toString()}`;
  const who = somebody();
  const answer =
    body === undefined
      ? await call(path, who, { method: "POST" })
      : await send("POST", path, who, { provider: "google", ...full });
  const { authorization_url: url } = await answer.json<{ authorization_url: string }>();
  expect(scopesIn(new URL(url))).toEqual(withSignIn(googleScope("calendar.readonly"), googleScope("tasks.readonly")));
});

test.each([
  ["google", ["calendar.read", "mail.send"], [googleScope("calendar.readonly"), googleScope("gmail.send")]],
  ["google", ["profile"], []],
  ["youtube", ["channel.write"], [googleScope("youtube.force-ssl")]],
  [
    "microsoft",
    ["calendar.read", "mail.send"],
    ["https://graph.microsoft.com/Calendars.Read", "https://graph.microsoft.com/Mail.Send"],
  ],
])("%s is asked for the least that unlocks %j", async (provider, features, scopes) => {
  const url = await authorize(somebody(), { provider, features });
  const openid = new Set([...SIGN_IN, "offline_access"]);
  expect(scopesIn(url).filter((scope) => !openid.has(scope))).toEqual(scopes.toSorted());
});

test("whoever wants nothing of Microsoft but to know who it is gets a connection all the same", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft", scopes: ["openid", "profile"] });
  // A token is for a resource there, and so is its scope.
  expect((await integration(who, id)).asked_scopes).toEqual(["https://graph.microsoft.com/User.Read"]);
});

test.each([
  ["an unknown provider", { provider: "nobody" }, "provider"],
  ["a provider that is no name", { provider: "../google" }, "provider"],
  ["an unknown provider that every object has", { provider: "constructor" }, "provider"],
  ["no provider", {}, "provider"],
  ["an unknown feature", { provider: "google", features: ["calendar.read", "time.travel"] }, "features.1"],
  ["a feature of another provider", { provider: "notion", features: ["calendar.read"] }, "features.0"],
  ["a feature that every object has", { provider: "google", features: ["constructor"] }, "features.0"],
  ["scopes that are no text", { provider: "google", scopes: [7] }, "scopes"],
  ["too many scopes", { provider: "google", scopes: Array.from({ length: 101 }, (_, at) => `s${at}`) }, "scopes"],
  ["an unknown member", { provider: "google", redirect_uri: "https://evil.example" }, "redirect_uri"],
  ["claims that are no JSON", { provider: "google", claims: "{" }, "claims"],
  ["a prompt that Google does not know", { provider: "google", prompt: "login" }, "prompt"],
  ["a prompt that nobody knows", { provider: "google", prompt: "always" }, "prompt"],
  ["a return_to of another origin", { provider: "google", return_to: "https://evil.example/" }, "return_to"],
  ["a return_to without TLS", { provider: "google", return_to: "http://app.test/" }, "return_to"],
  ["a return_to with a user name", { provider: "google", return_to: "https://a:b@app.test/" }, "return_to"],
  ["a relative return_to", { provider: "google", return_to: "/settings" }, "return_to"],
])("%s is refused by its name", async (_what, body, path) => {
  const problem = await problemOf(await send("POST", `${MANAGER}/authorize`, somebody(), body));
  expect(problem).toMatchObject({ status: 422, code: "validation_failed", errors: [{ path }] });
});

test("a provider whose variables are missing is the operator's to mend, and named", async () => {
  const worker = workerWith({ NOTION_CLIENT_SECRET: "" });
  const headers = { Authorization: `Bearer ${await callerToken(somebody())}`, "Content-Type": "application/json" };
  const body = JSON.stringify({ provider: "notion" });
  const answer = await worker(new Request(`${ORIGIN}${MANAGER}/authorize`, { method: "POST", headers, body }));
  expect(await problemOf(answer)).toMatchObject({
    status: 500,
    code: "provider_misconfigured",
    variable: "NOTION_CLIENT_SECRET",
  });
});

test("a body of another shape than an object is malformed", async () => {
  for (const body of [[], "google", 7, null])
    expect(await problemOf(await send("POST", `${MANAGER}/authorize`, somebody(), body))).toMatchObject({
      status: 400,
      code: "malformed_json",
    });
});

test("the body wins over the query", async () => {
  const answer = await send("POST", `${MANAGER}/authorize?provider=google`, somebody(), { provider: "notion" });
  const { authorization_url: url } = await answer.json<{ authorization_url: string }>();
  expect(new URL(url).host).toBe("api.notion.com");
});

test("what is asked for in addition is added to what is held, and the rest stays granted", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google", features: ["calendar.read"] });
  const url = await authorize(who, { provider: "google", features: ["tasks.read"] });
  const both = [googleScope("calendar.readonly"), googleScope("tasks.readonly")];
  expect(scopesIn(url)).toEqual(withSignIn(...both));
  expect(url.searchParams.get("include_granted_scopes")).toBe("true");
  await finishAs(who, url, "ana");
  const after = await integration(who, id);
  expect(after.scopes.toSorted()).toEqual(both);
  expect(after.asked_scopes.toSorted()).toEqual(both);
  expect(after.refreshable).toBe(true);
});

test("Microsoft's grant grows the same way", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft", features: ["calendar.read"] });
  const url = await authorize(who, { provider: "microsoft", scopes: ["Mail.Read"] });
  const both = ["https://graph.microsoft.com/Calendars.Read", "https://graph.microsoft.com/Mail.Read"];
  expect(scopesIn(url)).toEqual(["email", ...both, "offline_access", "openid", "profile"]);
  await finishAs(who, url, "ana");
  expect((await integration(who, id)).scopes).toEqual(expect.arrayContaining(both));
});

test("consent is asked for again only while no refresh token of that account is held", async () => {
  const who = somebody();
  const prompt = async (more: object) =>
    (await authorize(who, { provider: "google", ...more })).searchParams.get("prompt");
  expect(await prompt({})).toBe("consent");
  const ana = await connectWith(who, { provider: "google" });
  expect(await prompt({})).toBeNull();
  expect(await prompt({ login_hint: "ANA@contoso.example" })).toBeNull();
  expect(await prompt({ connection: ana })).toBeNull();
  expect(await prompt({ login_hint: "bo@contoso.example" })).toBe("consent");
  await connectWith(who, { provider: "google", login_hint: "bo@contoso.example" }, "bo");
  // Whose it will be cannot be told among several.
  expect(await prompt({})).toBe("consent");
});

test("a prompt of the caller's goes together with one that is needed, but for none", async () => {
  const prompt = async (given: string) =>
    (await authorize(somebody(), { provider: "google", prompt: given })).searchParams.get("prompt");
  expect(await prompt("select_account")).toBe("consent select_account");
  expect(await prompt("consent")).toBe("consent");
  expect(await prompt("none")).toBe("none");
});

test("a connection that is named is the account that the page offers, and what it holds is asked for", async () => {
  const who = somebody();
  const ana = await connectWith(who, { provider: "google", features: ["calendar.read"] });
  await connectWith(who, { provider: "google", login_hint: "bo@contoso.example", features: ["tasks.read"] }, "bo");
  const url = await authorize(who, { provider: "google", connection: ana, features: ["contacts.read"] });
  expect(url.searchParams.get("login_hint")).toBe("ana@contoso.example");
  expect(scopesIn(url)).toEqual(withSignIn(googleScope("calendar.readonly"), googleScope("contacts.readonly")));
  const other = await authorize(who, { provider: "google", connection: ana, login_hint: "bo@contoso.example" });
  expect(other.searchParams.get("login_hint")).toBe("bo@contoso.example");
});

test("a connection that is not the caller's, of another provider or no id at all is not known", async () => {
  const who = somebody();
  const [google, theirs] = [
    await connectWith(who, { provider: "google" }),
    await connectWith(somebody(), { provider: "notion" }),
  ];
  for (const connection of [google, theirs, "con_000000000000000000000000", "1", "../x"]) {
    const answer = send("POST", `${MANAGER}/authorize`, who, { provider: "notion", connection });
    expect(await refusal(answer)).toMatchObject({ status: 404, code: "not_found", detail: "No such connection." });
  }
});

test("starting a sign-in sends nothing to the provider", async () => {
  await forgetHeard();
  await authorize(somebody(), { provider: "google" });
  await authorize(somebody(), { provider: "notion" });
  expect([...(await heard("oauth2.googleapis.com")), ...(await heard("api.notion.com"))]).toEqual([]);
});

test("with mode=redirect the browser goes there itself, and only that browser comes back", async () => {
  const who = somebody();
  const answer = await ask(who, "POST", "/authorize?provider=google&mode=redirect");
  expect(answer.status).toBe(302);
  const url = new URL(answer.headers.get("Location") ?? "");
  expect(answer.headers.get("Set-Cookie")).toMatch(/^__Host-latchkey-\w+=.*; Path=\/; HttpOnly; Secure; SameSite=Lax$/);
  expect(await refusal(finishAs(who, url, "ana"))).toMatchObject({ status: 400, code: "state_invalid" });
});
