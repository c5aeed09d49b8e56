import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { sleep } from "../connections/keeper.ts";
import { BASES, problemOf } from "../routes/security.ts";
import { call, sandbox } from "../support.ts";
import { ask, authorize, connectWith, finishAs, forgetHeard, heard, integration, MANAGER } from "./manager.ts";
import { plan, refusal, resetSandbox, settings, somebody, type Shown } from "./manager.ts";

afterEach(async () => {
  vi.useRealTimers();
  await resetSandbox();
});

interface Page {
  readonly integrations: readonly Shown[];
  readonly next_cursor: string | null;
}

async function page(who: { sub: string }, query = "", base = MANAGER): Promise<Page> {
  const answer = await call(`${base}/integrations${query}`, who);
  expect(answer.status).toBe(200);
  return answer.json();
}

async function set(id: string, owner: string, columns: Readonly<Record<string, unknown>>): Promise<void> {
  const names = Object.keys(columns).map((name, at) => `${name} = ?${at + 2}`);
  await env.DB.prepare(`update connections set ${names.join(", ")} where id = ?1`)
    .bind(id, ...Object.values(columns))
    .run();
  await sleep(owner);
}

test("the list has the account connected last first, in pages that neither repeat nor leave out", async () => {
  const who = somebody();
  const wishes = [
    ["google", "ana"],
    ["notion", "ana"],
    ["microsoft", "bo"],
    ["google", "bo"],
    ["youtube", "gus"],
  ] as const;
  const ids: string[] = [];
  for (const [provider, person] of wishes)
    ids.unshift(await connectWith(who, { provider, login_hint: `${person}@x.example` }, person));
  expect((await page(who)).integrations.map(({ id }) => id)).toEqual(ids);
  expect((await page(who)).next_cursor).toBeNull();
  const first = await page(who, "?limit=2");
  expect(first.integrations.map(({ id }) => id)).toEqual(ids.slice(0, 2));
  // What was connected since comes before the first page, and moves no other.
  await connectWith(who, { provider: "notion" }, "pat");
  const second = await page(who, `?limit=2&cursor=${first.next_cursor}`);
  const third = await page(who, `?limit=2&cursor=${second.next_cursor}`);
  expect([...second.integrations, ...third.integrations].map(({ id }) => id)).toEqual(ids.slice(2));
  expect(third.next_cursor).toBeNull();
  expect((await page(who, "?provider=google")).integrations.map(({ id }) => id)).toEqual([ids[1], ids[4]]);
  expect((await page(who, "?provider=nobody")).integrations).toEqual([]);
});

test("the list tells those that wait for their user from those that work", async () => {
  const who = somebody();
  const dead = await connectWith(who, { provider: "google" });
  const live = await connectWith(who, { provider: "notion" });
  await sandbox("POST", "google/grants/ana/revoke", {});
  expect((await ask(who, "POST", `/integrations/${dead}/refresh`)).status).toBe(409);
  expect((await page(who, "?status=active")).integrations.map(({ id }) => id)).toEqual([live]);
  expect((await page(who, "?status=reauth_required")).integrations.map(({ id }) => id)).toEqual([dead]);
});

test.each([
  ["limit=0", "limit"],
  ["limit=101", "limit"],
  ["limit=many", "limit"],
  ["owner=somebody", "owner"],
  ["status=revoked", "status"],
  ["cursor=nonsense", "cursor"],
  [`cursor=${btoa(JSON.stringify({ list: "audit", place: { at: "x", id: "y" } }))}`, "cursor"],
])("a list with %s is refused by its name", async (query, path) => {
  const problem = await refusal(ask(somebody(), "GET", `/integrations?${query}`));
  expect(problem).toMatchObject({ status: 422, code: "validation_failed", errors: [{ path }] });
});

test.each(BASES)("below %s nobody knows another's connection, nor an id that is none", async (base) => {
  const manager = `${base}/oauth`;
  const theirs = await connectWith(somebody(), { provider: "notion" }, "ana", manager);
  const who = somebody({ scope: "tokens:read" });
  for (const id of [theirs, "con_000000000000000000000000", "1", "con_", "constructor"])
    for (const [method, path] of [
      ["GET", ""],
      ["DELETE", ""],
      ["POST", "/refresh"],
      ["GET", "/token"],
    ] as const) {
      const answer = await call(`${manager}/integrations/${id}${path}`, who, { method });
      expect(await problemOf(answer)).toMatchObject({ status: 404, code: "not_found", detail: "No such connection." });
    }
  expect((await page(who, "", manager)).integrations).toEqual([]);
});

test("a connection of one system is not known in the other", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  expect((await call(`/api/v1/beta/oauth/integrations/${id}`, who)).status).toBe(404);
});

test("it shows whose account it is, picture included, and nothing secret", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gus");
  const shown = await integration(who, id);
  expect(shown.account).toEqual({
    name: expect.any(String) as string,
    address: expect.stringContaining("@") as string,
    tenant: "fabrikam.example",
    picture: "https://lh3.googleusercontent.com/a/gus=s96-c",
  });
  expect(JSON.stringify(shown)).not.toMatch(/ya29|1\/\/|v1\.k1|sealed/);
});

test("scopes are compared whatever their case, prefix or spelling, and OpenID's never count", async () => {
  const who = somebody();
  await settings({ extra_token_fields: { scope: "openid profile email CALENDARS.readwrite user.READ" } });
  const id = await connectWith(who, {
    provider: "microsoft",
    scopes: ["Calendars.ReadWrite", "User.Read", "Mail.Read", "email"],
  });
  const shown = await integration(who, id);
  expect(shown.missing_scopes).toEqual(["https://graph.microsoft.com/Mail.Read"]);
  expect(shown.features).toEqual(["profile", "calendar.read", "calendar.write"]);
});

test("a grant that was taken back says so, who can mend it, and where", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google", features: ["calendar.read", "tasks.read"] });
  await sandbox("POST", "google/grants/ana/revoke", {});
  expect(await refusal(ask(who, "POST", `/integrations/${id}/refresh`))).toMatchObject({
    status: 409,
    code: "reauth_required",
    reason: "grant_revoked",
    provider_code: "invalid_grant",
  });
  const shown = await integration(who, id);
  expect(shown).toMatchObject({ status: "reauth_required", status_reason: "grant_revoked", refreshable: false });
  expect(shown.trouble).toMatchObject({ code: "reauth_required", reason: "grant_revoked", mend: "user" });
  expect(shown.forecast).toEqual({ dies_at: null, reason: null, causes: [] });
  // The path that mends it asks the same account for all that it held.
  const again = await call(shown.trouble?.["authorize_path"] ?? "", who, { method: "POST" });
  const { authorization_url: url } = await again.json<{ authorization_url: string }>();
  expect(new URL(url).searchParams.get("login_hint")).toBe("ana@contoso.example");
  expect(new URL(url).searchParams.get("prompt")).toBe("consent");
  expect(url).toContain("tasks.readonly");
  await finishAs(who, new URL(url), "ana");
  expect(await integration(who, id)).toMatchObject({ status: "active", trouble: null, refreshable: true });
});

test("a Workspace that wants its session renewed gets the whole grant back, refresh token included", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" });
  await sandbox("POST", "google/grants/ana/end-session", {});
  expect(await refusal(ask(who, "POST", `/integrations/${id}/refresh`))).toMatchObject({ reason: "session_expired" });
  const url = await authorize(who, { provider: "google" });
  expect(url.searchParams.get("prompt")).toBe("consent");
  await finishAs(who, url, "ana");
  expect(await integration(who, id)).toMatchObject({ status: "active", refreshable: true });
});

test("what an administrator blocked is an administrator's to mend", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" });
  await sandbox("PATCH", "google/users/ana", { blocked_by_admin: true });
  await ask(who, "POST", `/integrations/${id}/refresh`);
  expect((await integration(who, id)).trouble).toMatchObject({ reason: "blocked_by_policy", mend: "admin" });
});

test("a refresh now brings a new token, and says what it does not bring", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  const before = await integration(who, id);
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
  const answer = await ask(who, "POST", `/integrations/${id}/refresh`);
  expect(answer.status).toBe(200);
  expect(Date.parse((await answer.json<Shown>()).last_refreshed_at ?? "")).toBeGreaterThan(
    Date.parse(before.last_refreshed_at ?? "") + 59_000,
  );
});

test("while a provider is down a refresh says so and when to come back, and the grant stands", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" });
  await plan({ host: "oauth2.googleapis.com", path: "/token", status: 503, body: "down" });
  const down = await ask(who, "POST", `/integrations/${id}/refresh`);
  expect(Number(down.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(await problemOf(down)).toMatchObject({ status: 503, code: "provider_unavailable", mend: "nobody" });
  await plan({ host: "oauth2.googleapis.com", path: "/token", status: 429, retry_after: 30, body: "slow down" });
  vi.useFakeTimers({ now: Date.now() + 10_000, toFake: ["Date"] });
  await ask(who, "POST", `/integrations/${id}/refresh`);
  const throttled = await ask(who, "POST", `/integrations/${id}/refresh`);
  expect(await problemOf(throttled)).toMatchObject({ status: 503, code: "provider_throttled" });
  expect(Number(throttled.headers.get("Retry-After"))).toBeGreaterThan(20);
  expect(await integration(who, id)).toMatchObject({
    status: "active",
    trouble: null,
    last_failure: "provider_throttled",
  });
});

test("a refresh that is paused does not reach the provider", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  await plan({ host: "api.notion.com", path: "/v1/oauth/token", status: 429, retry_after: 60, body: "slow down" });
  await ask(who, "POST", `/integrations/${id}/refresh`);
  await forgetHeard();
  for (let round = 0; round < 3; round += 1) await ask(who, "POST", `/integrations/${id}/refresh`);
  expect(await heard("api.notion.com")).toEqual([]);
});

test("a connection whose provider's variables have gone is shown, and is the operator's to mend", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  await set(id, who.sub, { provider: "gone" });
  const shown = await integration(who, id);
  expect(shown).toMatchObject({ id, provider: "gone", features: [], missing_scopes: [] });
  expect(shown.trouble).toMatchObject({ code: "provider_misconfigured", mend: "operator" });
  expect((await ask(who, "DELETE", `/integrations/${id}`)).status).toBe(200);
});
