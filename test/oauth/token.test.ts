import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { sleep } from "../connections/keeper.ts";
import { BASES, problemOf } from "../routes/security.ts";
import { call } from "../support.ts";
import { ask, connectWith, forgetHeard, heard, plan, refusal, resetSandbox, somebody, trailOf } from "./manager.ts";

afterEach(async () => {
  vi.useRealTimers();
  await resetSandbox();
});

const reader = () => somebody({ scope: "openid tokens:read" });
const HOUR_MS = 3_600_000;

interface Token {
  readonly access_token: string;
  readonly expires_at: string | null;
  readonly stale_reason?: string;
}

async function tokenOf(who: { sub: string }, id: string, query = ""): Promise<Token> {
  const answer = await ask(who, "GET", `/integrations/${id}/token${query}`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  return answer.json();
}

/** Puts the clock forward, as the Worker has it. */
function later(ms: number): void {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
}

test.each(BASES)("below %s a token comes with its scopes, its API and its end", async (base) => {
  const who = reader();
  const id = await connectWith(who, { provider: "google", features: ["calendar.read"] }, "ana", `${base}/oauth`);
  const answer = await call(`${base}/oauth/integrations/${id}/token`, who);
  expect(await answer.json()).toEqual({
    access_token: expect.stringMatching(/^ya29\./) as string,
    token_type: "Bearer",
    expires_at: expect.stringMatching(/Z$/) as string,
    scopes: ["https://www.googleapis.com/auth/calendar.readonly"],
    resource: "google",
  });
});

test("without the permission nobody gets a token, not even an operator", async () => {
  const { sub } = somebody();
  const id = await connectWith({ sub }, { provider: "notion" });
  for (const claims of [
    { sub },
    { sub, scope: "proxy" },
    { sub, roles: ["operator"] },
    { sub, scope: "tokens:readx" },
  ]) {
    const problem = await refusal(ask(claims, "GET", `/integrations/${id}/token`));
    expect(problem).toMatchObject({ status: 403, code: "forbidden", missing_permission: "tokens:read" });
  }
});

test.each([
  ["resource=outlook", "resource"],
  ["resource=constructor", "resource"],
  ["resource=", "resource"],
  ["min_ttl=soon", "min_ttl"],
  ["min_ttl=-1", "min_ttl"],
  ["min_ttl=1.5", "min_ttl"],
  ["min_ttl=86401", "min_ttl"],
])("a token with %s is refused by its name", async (query, path) => {
  const who = reader();
  const id = await connectWith(who, { provider: "google" });
  const problem = await refusal(ask(who, "GET", `/integrations/${id}/token?${query}`));
  expect(problem).toMatchObject({ status: 422, code: "validation_failed", errors: [{ path }] });
});

test("a token lives as long as the caller asks, or is replaced by one that does", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "google" });
  const first = await tokenOf(who, id);
  later(30 * 60_000);
  expect((await tokenOf(who, id)).access_token).toBe(first.access_token);
  expect((await tokenOf(who, id, "?min_ttl=1200")).access_token).toBe(first.access_token);
  const fresh = await tokenOf(who, id, "?min_ttl=2400");
  expect(fresh.access_token).not.toBe(first.access_token);
  expect(Date.parse(fresh.expires_at ?? "") - Date.now()).toBeGreaterThan(2_400_000);
  // No token lives for a day: the longest there is will do, and is not fetched at every call.
  await forgetHeard();
  expect((await tokenOf(who, id, "?min_ttl=86400")).access_token).toBe(fresh.access_token);
  expect(await heard("oauth2.googleapis.com", "/token")).toEqual([]);
});

test("each release is recorded with who had it and what for; a refusal of the policy in its own words", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "notion" });
  await ask(who, "GET", `/integrations/${id}/token`, { "X-Purpose": "nightly export", "X-Request-Id": "release-1" });
  await ask(who, "GET", `/integrations/${id}/token`);
  const released = await trailOf(who, "token_release");
  expect(released).toMatchObject([
    { outcome: "ok", actor: who.sub, provider: "notion", connection: id, request_id: "release-1" },
    { outcome: "ok", actor: who.sub },
  ]);
  expect(released.map(({ detail }) => detail)).toEqual([
    { resource: "notion", purpose: "nightly export" },
    { resource: "notion" },
  ]);
  const tooLong = await ask(who, "GET", `/integrations/${id}/token`, { "X-Purpose": "x".repeat(201) });
  expect(await problemOf(tooLong)).toMatchObject({ status: 422, errors: [{ path: "X-Purpose" }] });
  expect(await trailOf(who, "token_release")).toHaveLength(2);
});

test("while the provider is down the old token is served as long as it lives, and the answer says why", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "google" });
  const first = await tokenOf(who, id);
  later(HOUR_MS - 2 * 60_000);
  await plan({ host: "oauth2.googleapis.com", path: "/token", status: 503, body: "down", times: 9 });
  expect(await tokenOf(who, id)).toMatchObject({
    access_token: first.access_token,
    stale_reason: "provider_unavailable",
  });
  later(3 * 60_000);
  const dead = await ask(who, "GET", `/integrations/${id}/token`);
  expect(Number(dead.headers.get("Retry-After"))).toBeGreaterThan(0);
  expect(await problemOf(dead)).toMatchObject({ status: 503, code: "provider_unavailable" });
});

test("a grant that was taken back gives no token, and says how to mend it", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "notion" });
  await env.DB.prepare(
    "update connections set status = 'reauth_required', status_reason = 'grant_revoked', version = version + 1 where id = ?1",
  )
    .bind(id)
    .run();
  await sleep(who.sub);
  const problem = await refusal(ask(who, "GET", `/integrations/${id}/token`));
  expect(problem).toMatchObject({ status: 409, code: "reauth_required", reason: "grant_revoked" });
  expect(problem["authorize_path"]).toBe(`/api/v1/oauth/authorize?provider=notion&connection=${id}`);
});

test("a Microsoft token of an API that was not granted is not made up", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "microsoft" });
  await tokenOf(who, id, "?resource=graph");
  expect(await refusal(ask(who, "GET", `/integrations/${id}/token?resource=google`))).toMatchObject({ status: 422 });
});

test("many who ask at once when a token is about to die share one refresh", async () => {
  const who = reader();
  const id = await connectWith(who, { provider: "notion" });
  await connectWith(who, { provider: "google" });
  const google = await connectWith(who, { provider: "google", login_hint: "bo@contoso.example" }, "bo");
  later(HOUR_MS - 60_000);
  await forgetHeard();
  const tokens = await Promise.all(Array.from({ length: 20 }, () => tokenOf(who, google)));
  expect(new Set(tokens.map((token) => token.access_token)).size).toBe(1);
  expect(await heard("oauth2.googleapis.com", "/token")).toHaveLength(1);
  expect((await tokenOf(who, id)).expires_at).toBeNull();
});
