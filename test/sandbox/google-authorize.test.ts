import { expect, it } from "vitest";
import { GOOGLE_CLIENT_ID } from "./google/defaults.ts";
import { below, GOOGLE_REDIRECT_URI, openGoogle, redirected, scopeOf, type Change } from "./google/driver.ts";

const EVENTS = scopeOf("calendar.events");
const READONLY = scopeOf("calendar.readonly");
const YOUTUBE = scopeOf("youtube.readonly");

it("answers with code, scope, state, authuser and prompt", async () => {
  const answer = await openGoogle().authorize({ scope: `openid email ${EVENTS}` });
  expect(answer.status).toBe(302);
  expect(redirected(answer)).toEqual({
    at: GOOGLE_REDIRECT_URI,
    code: expect.stringMatching(/^4\/0A.{40,}$/),
    scope: `email ${EVENTS} ${scopeOf("userinfo.email")} openid`,
    state: "state-1",
    authuser: "0",
    prompt: "consent",
  });
});

it("names the Workspace in hd, and the issuer when told to", async () => {
  const google = openGoogle();
  await google.control("/settings", { google_callback_iss: true });
  const gus = redirected(await google.authorize({ auto: "gus" }));
  expect(gus).toMatchObject({ hd: "fabrikam.example", iss: "https://accounts.google.com" });
  expect(redirected(await google.authorize({ auto: "cancel" }))["iss"]).toBe("https://accounts.google.com");
});

it("gives no state back when none was sent", async () => {
  expect(redirected(await openGoogle().authorize({ state: null }))).not.toHaveProperty("state");
});

it.each<[Change, string]>([
  [{ client_id: null }, "Error 400: invalid_request"],
  [{ client_id: "nobody" }, "Error 401: invalid_client"],
  [{ redirect_uri: null }, "Error 400: invalid_request"],
  [{ redirect_uri: `${GOOGLE_REDIRECT_URI}/` }, "Error 400: redirect_uri_mismatch"],
  [{ redirect_uri: `${GOOGLE_REDIRECT_URI}?a=b` }, "Error 400: redirect_uri_mismatch"],
  [{ redirect_uri: ` ${GOOGLE_REDIRECT_URI}` }, "Error 400: redirect_uri_mismatch"],
  [{ response_type: null }, "Error 400: invalid_request"],
  [{ response_type: "token" }, "Error 400: unsupported_response_type"],
  [{ scope: null }, "Error 400: invalid_request"],
  [{ scope: " " }, "Error 400: invalid_request"],
  [{ scope: "openid offline_access" }, "Error 400: invalid_scope"],
  [{ scope: "calendar.events" }, "Error 400: invalid_scope"],
  [{ access_type: "always" }, "Error 400: invalid_request"],
  [{ prompt: "login" }, "Error 400: invalid_request"],
  [{ prompt: "none consent" }, "Error 400: invalid_request"],
  [{ code_challenge: "short" }, "Error 400: invalid_request"],
  [{ code_challenge_method: "S512" }, "Error 400: invalid_request"],
  [{ code_challenge: null }, "Error 400: invalid_request"],
])("shows a page and never redirects for %o", async (change, text) => {
  const answer = await openGoogle().authorize(change);
  expect([answer.status, answer.headers.get("Location")]).toEqual([400, null]);
  expect(await answer.text()).toContain(text);
});

it("refuses a parameter that is sent twice", async () => {
  const google = openGoogle();
  const url = new URL("https://accounts.google.com/o/oauth2/v2/auth?scope=openid&scope=email&response_type=code");
  url.searchParams.set("client_id", GOOGLE_CLIENT_ID);
  expect(await (await google.fetch(url.href)).text()).toContain("can only have a single value: scope");
});

it("registers the callbacks of both products, main and beta, for every origin", async () => {
  const google = openGoogle();
  for (const redirect of [
    "https://latchkey.test/api/v1/beta/oauth/callback/google",
    "https://latchkey.test/api/v1/oauth/callback/youtube",
    "http://localhost:8787/api/v1/beta/oauth/callback/youtube",
    "http://localhost:8787/api/oauth/google/callback",
  ]) {
    expect(redirected(await google.authorize({ redirect_uri: redirect }))["at"]).toBe(redirect);
  }
});

it.each(["cancel", "dora"])("tells of %s as access_denied", async (auto) => {
  const answer = redirected(await openGoogle().authorize({ auto }));
  expect(answer).toEqual({ at: GOOGLE_REDIRECT_URI, error: "access_denied", state: "state-1" });
});

it("lets a person untick scopes, but none of those that sign in", async () => {
  const google = openGoogle();
  const denied = { scope: `openid email ${EVENTS} ${READONLY}`, deny_scopes: "calendar.readonly email openid" };
  const { scope } = await google.signIn("ana", denied);
  expect(scope).toBe(`${EVENTS} ${scopeOf("userinfo.email")} openid`);
});

it("takes what everybody or one person unticks from the settings and from the person", async () => {
  const google = openGoogle();
  await google.control("/settings", { google_denied_scopes: [EVENTS] });
  await google.control("/google/users/bo", { denied_scopes: ["calendar.readonly"] }, "PATCH");
  expect((await google.signIn("ana", { scope: `${EVENTS} ${READONLY}` })).scope).toBe(READONLY);
  const none = redirected(await google.authorize({ auto: "bo", scope: `${EVENTS} ${READONLY}` }));
  expect(none["error"]).toBe("access_denied");
});

it("asks for consent only when something new is asked for or the application wants it", async () => {
  const google = openGoogle();
  const prompt = async (change: Change) => redirected(await google.authorize(change))["prompt"];
  expect(await prompt({ scope: EVENTS })).toBe("consent");
  expect(await prompt({ scope: EVENTS })).toBe("none");
  expect(await prompt({ scope: EVENTS, prompt: "select_account" })).toBe("none");
  expect(await prompt({ scope: EVENTS, prompt: "select_account consent" })).toBe("consent");
  expect(await prompt({ scope: `${EVENTS} ${READONLY}` })).toBe("consent");
  expect(await prompt({ scope: EVENTS, auto: "bo" })).toBe("consent");
});

it("adds earlier grants to the new one when asked to, and only then", async () => {
  const google = openGoogle();
  await google.signIn("ana", { scope: `openid ${EVENTS}` });
  const alone = await google.signIn("ana", { scope: YOUTUBE });
  expect(alone.scope).toBe(YOUTUBE);
  const change = { scope: READONLY, include_granted_scopes: "true", prompt: "consent" };
  const union = await google.signIn("ana", change);
  expect(union.scope).toBe(`${EVENTS} ${READONLY} ${YOUTUBE} openid`);
  expect((await google.refresh(union.refresh_token)).body["scope"]).toBe(union.scope);
});

it("answers without a page for prompt=none, once somebody signed in and consented", async () => {
  const google = openGoogle();
  const refused = { error: "interaction_required", error_subtype: "access_denied" };
  expect(redirected(await google.authorize({ auto: null, prompt: "none" }))).toMatchObject(refused);
  expect(redirected(await google.authorize({ auto: "ana", prompt: "none" }))).toMatchObject(refused);
  await google.signIn("ana");
  expect(redirected(await google.authorize({ auto: "ana", prompt: "none" }))).toMatchObject({ prompt: "none" });
});

it("lets a person be picked, scopes be unticked, and Cancel be pressed", async () => {
  const google = openGoogle();
  const ana = (await google.control("/google/users/ana")) as { email: string; sub: string };
  const page = await (await google.authorize({ auto: null, login_hint: ana.sub })).text();
  for (const name of ["ana", "bo", "gus", "pat", "dora", "cancel"])
    expect(page).toContain(`name="auto" value="${name}"`);
  expect(page).toContain("Continue as Ana Rossi");
  expect(page).toContain(`name="ticked" value="${EVENTS}" checked`);
  expect(page).toContain(`name="state" value="state-1"`);
  const sent = redirected(await google.authorize({ picked: "1", ticked: READONLY }));
  expect(sent["scope"]).toContain(READONLY);
  expect(sent["scope"]).not.toContain(EVENTS);
});

it("offers only the people of a Workspace for hd, and leaves the check to the client", async () => {
  const google = openGoogle();
  const page = await (await google.authorize({ auto: null, hd: "fabrikam.example" })).text();
  expect(page).toContain(`value="gus"`);
  expect(page).not.toContain(`value="ana"`);
  expect(redirected(await google.authorize({ auto: "ana", hd: "fabrikam.example" }))).toHaveProperty("code");
});

it("shows a page for policies: other organisations, blocked, deleted, embedded browsers", async () => {
  const google = openGoogle();
  const text = async (change: Change = {}) => (await google.authorize(change)).text();
  const uris = { redirect_uris: [GOOGLE_REDIRECT_URI] };
  await google.control("/google/clients", { client_id: "inside", internal_to: "fabrikam.example", ...uris });
  await google.control("/google/clients", { client_id: "gone", deleted: true, ...uris });
  expect(await text({ client_id: "inside" })).toContain("Error 403: org_internal");
  expect(redirected(await google.authorize({ client_id: "inside", auto: "gus" }))).toHaveProperty("code");
  expect(await text({ client_id: "gone" })).toContain("deleted_client");
  await google.control("/google/users/bo", { blocked_by_admin: true }, "PATCH");
  expect(await text({ auto: "bo" })).toContain("Error 400: admin_policy_enforced");
  const url = `https://accounts.google.com/o/oauth2/v2/auth?client_id=${GOOGLE_CLIENT_ID}&response_type=code&scope=openid&redirect_uri=${encodeURIComponent(GOOGLE_REDIRECT_URI)}`;
  const webview = await google.fetch(url, {
    headers: { "User-Agent": "Mozilla/5.0 (Linux; Android 15; wv) Chrome/140" },
  });
  expect(await webview.text()).toContain("disallowed_useragent");
});

it("is found below /google of any other origin too", async () => {
  const google = openGoogle(below("http://localhost:8788"));
  expect((await google.signIn("ana")).access_token).toMatch(/^ya29\./);
});

it("keeps each path to its own host", async () => {
  const google = openGoogle();
  for (const url of ["https://accounts.google.com/token", "https://www.googleapis.com/v1/userinfo"])
    expect((await google.fetch(url, { method: "POST" })).status).toBe(404);
});
