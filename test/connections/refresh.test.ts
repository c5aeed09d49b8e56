import { env } from "cloudflare:workers";
import { runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { call, received, sandbox } from "../support.ts";
import { ageTokens, connected, keeperOf, rowOf, sleep, useGraph } from "./keeper.ts";

const TOKEN_PATH = "/common/oauth2/v2.0/token";
const MINUTE_MS = 60_000;
const CALLBACK = "https://latchkey.test/api/v1/auth/microsoft/callback";

function refuseRefresh(fault: Record<string, unknown>): Promise<Response> {
  return sandbox("POST", "faults", { path: TOKEN_PATH, grant_type: "refresh_token", ...fault });
}

async function lastRefresh() {
  const all = await received(TOKEN_PATH);
  return all.findLast((request) => request.grant_type === "refresh_token");
}

test("while the provider is down the old token is served as long as it lives, with the reason", async () => {
  const id = await connected({ sub: "stale" });
  await ageTokens("stale", id, Date.now() + 2 * MINUTE_MS);
  await refuseRefresh({ status: 503, body: "<html>unavailable</html>" });
  const answer = await useGraph("stale");
  expect(answer.result).toMatchObject({ ok: true, value: { staleReason: "provider_unavailable" } });
});

test("a dead token is never served, and the pause tells when to come back", async () => {
  const id = await connected({ sub: "dead" });
  await ageTokens("dead", id, Date.now() - 1);
  await refuseRefresh({ status: 429, retry_after: 40, body: "{}" });
  const first = await useGraph("dead");
  expect(first.result).toMatchObject({ ok: false, failure: { code: "provider_throttled", retryAfterS: 40 } });
  const before = (await received(TOKEN_PATH)).length;
  const second = await useGraph("dead");
  expect(second.result).toMatchObject({ ok: false, failure: { code: "provider_throttled" } });
  expect((await received(TOKEN_PATH)).length).toBe(before);
});

test("a refused grant needs its user: reason and code are kept, and connecting again heals the same row", async () => {
  const id = await connected({ sub: "revoked" }, "user501");
  await ageTokens("revoked", id, Date.now() - 1);
  await refuseRefresh({ entra_error: { error: "invalid_grant", code: 50173, suberror: "bad_token" } });
  const answer = await call("/api/v1/auth/microsoft/user", { sub: "revoked" });
  expect(answer.status).toBe(409);
  expect(await answer.json()).toMatchObject({
    code: "reauth_required",
    reason: "grant_revoked",
    provider_code: "AADSTS50173",
  });
  expect(await rowOf(id)).toMatchObject({
    status: "reauth_required",
    status_reason: "grant_revoked",
    refresh_token: null,
    access_tokens: "{}",
  });
  const before = (await received(TOKEN_PATH)).length;
  expect((await useGraph("revoked")).result).toMatchObject({ ok: false, failure: { code: "reauth_required" } });
  expect((await received(TOKEN_PATH)).length).toBe(before);
  expect(await connected({ sub: "revoked" }, "user501")).toBe(id);
  expect((await useGraph("revoked")).result).toMatchObject({ ok: true });
});

test("claims that a refresh was refused with stand in the path that starts the next sign-in", async () => {
  const id = await connected({ sub: "claims" });
  await ageTokens("claims", id, Date.now() - 1);
  const claims = '{"access_token":{"capolids":{"essential":true,"values":["p1"]}}}';
  await refuseRefresh({ entra_error: { error: "invalid_grant", code: 50079, suberror: "basic_action", claims } });
  const answer = await call("/api/v1/auth/microsoft/user", { sub: "claims" });
  const body = await answer.json<{ authorize_path: string; reason: string }>();
  expect(body.reason).toBe("mfa_required");
  const started = await call(body.authorize_path, { sub: "claims" });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  expect(new URL(url).searchParams.get("claims")).toBe(claims);
});

test("a refusal is believed only after the row was read again: a newer generation in D1 is used", async () => {
  const owner = "race";
  const id = await connected({ sub: owner });
  await ageTokens(owner, id, Date.now() - 1);
  // This life has read the row; then another writer renews the grant behind its back.
  await refuseRefresh({ status: 503, body: "{}" });
  await useGraph(owner);
  await env.DB.prepare(
    "update connections set generation = generation + 1, version = version + 1, access_tokens = json_set(access_tokens, '$.graph.expiresAt', ?1) where id = ?2",
  )
    .bind(Date.now() + 60 * MINUTE_MS, id)
    .run();
  vi.useFakeTimers({ now: Date.now() + 10_000, toFake: ["Date"] });
  await refuseRefresh({ entra_error: { error: "invalid_grant", code: 50173, suberror: "bad_token" } });
  const before = (await received(TOKEN_PATH)).length;
  const answer = await useGraph(owner);
  vi.useRealTimers();
  expect(answer.result).toMatchObject({ ok: true });
  expect((await received(TOKEN_PATH)).length - before).toBe(1);
  expect(await rowOf(id)).toMatchObject({ status: "active" });
});

test("an answer without a refresh token keeps the one that is held", async () => {
  const id = await connected({ sub: "keeps" });
  await sandbox("POST", "settings", { refresh_token_in_answer: false });
  const before = await rowOf(id);
  await ageTokens("keeps", id, Date.now() - 1);
  expect((await useGraph("keeps")).result).toMatchObject({ ok: true });
  await sandbox("POST", "settings", { refresh_token_in_answer: true });
  const after = await rowOf(id);
  expect(after["refresh_token"]).toBe(before["refresh_token"]);
  expect(after["generation"]).toBe(Number(before["generation"]) + 1);
  await ageTokens("keeps", id, Date.now() - 1);
  expect((await useGraph("keeps")).result).toMatchObject({ ok: true });
});

test("a refresh asks for the scopes of its resource alone", async () => {
  const id = await connected({ sub: "scopes" });
  await env.DB.prepare(
    "update connections set scopes = json_insert(scopes, '$[#]', 'https://outlook.office.com/SMTP.Send') where id = ?1",
  )
    .bind(id)
    .run();
  await ageTokens("scopes", id, Date.now() - 1);
  expect((await useGraph("scopes")).result).toMatchObject({ ok: true });
  const { form } = (await lastRefresh()) ?? {};
  expect(form?.["scope"]).toContain("https://graph.microsoft.com/Calendars.ReadWrite");
  expect(form?.["scope"]).not.toContain("outlook.office.com");
  expect(JSON.parse(String((await rowOf(id))["scopes"]))).toContain("https://outlook.office.com/SMTP.Send");
});

test("when D1 does not take the new tokens the caller still gets one, and the alarm writes them later", async () => {
  const owner = "outage";
  await sandbox("POST", "settings", { refresh_rotation: "family" });
  const id = await connected({ sub: owner }, "user502");
  await ageTokens(owner, id, Date.now() - 1);
  const old = await rowOf(id);
  const outage = refuseWrites();
  const during = await useGraph(owner);
  outage.mockRestore();
  expect(during.result).toMatchObject({ ok: true });
  expect((await rowOf(id))["version"]).toBe(old["version"]);
  // The object sleeps before the alarm: what it could not write must have survived.
  await sleep(owner);
  expect((await useGraph(owner)).result).toMatchObject({ ok: true });
  await runDurableObjectAlarm(keeperOf(owner));
  expect((await rowOf(id))["version"]).toBe(Number(old["version"]) + 1);
  await ageTokens(owner, id, Date.now() - 1);
  expect((await useGraph(owner)).result).toMatchObject({ ok: true });
  await sandbox("POST", "settings", { refresh_rotation: "keep" });
});

/** D1 answers reads and refuses what writes a row. */
function refuseWrites() {
  const d1 = Object.getPrototypeOf(env.DB) as { prepare: (this: D1Database, sql: string) => D1PreparedStatement };
  const { prepare } = d1;
  return vi.spyOn(d1, "prepare").mockImplementation(function (this: D1Database, sql: string) {
    if (sql.startsWith("update")) throw new Error("D1_ERROR: storage is not available");
    return prepare.call(this, sql);
  });
}

test("the second client secret is tried when the first is wrong or has expired, and only then", async () => {
  const id = await connected({ sub: "secrets" });
  const expired = { value: "sandbox-secret", expires_at: "2020-01-01T00:00:00Z" };
  for (const secrets of [[expired, { value: "sandbox-secret-2" }], [{ value: "sandbox-secret-2" }]]) {
    await sandbox("POST", "clients", { client_id: env.MICROSOFT_CLIENT_ID, secrets, redirect_uris: [CALLBACK] });
    await ageTokens("secrets", id, Date.now() - 1);
    const before = (await received(TOKEN_PATH)).length;
    expect((await useGraph("secrets")).result).toMatchObject({ ok: true });
    const sent = (await received(TOKEN_PATH)).slice(before);
    expect(sent.map((request) => request.status)).toEqual([401, 200]);
    expect(new Set(sent.map((request) => request.form?.["client_secret"])).size).toBe(2);
  }
  await sandbox("POST", "clients", {
    client_id: env.MICROSOFT_CLIENT_ID,
    secrets: [{ value: "sandbox-secret" }],
    redirect_uris: [CALLBACK],
  });
});

test("an expired secret is the operator's to renew: the grant stays, and its token is served while it lives", async () => {
  const id = await connected({ sub: "operator" });
  await ageTokens("operator", id, Date.now() + 2 * MINUTE_MS);
  await refuseRefresh({ entra_error: { error: "invalid_client", code: 7000222, status: 401 }, times: 2 });
  expect((await useGraph("operator")).result).toMatchObject({
    ok: true,
    value: { staleReason: "provider_misconfigured" },
  });
  expect(await rowOf(id)).toMatchObject({ status: "active" });
});

test("where the provider rotates, a lost answer is retried once and the loss is named", async () => {
  await sandbox("POST", "settings", { refresh_rotation: "family" });
  const id = await connected({ sub: "lost" }, "user503");
  await ageTokens("lost", id, Date.now() - 1);
  await refuseRefresh({ drop: "after" });
  expect((await useGraph("lost")).result).toMatchObject({
    ok: false,
    failure: { code: "reauth_required", extra: { reason: "refresh_answer_lost" } },
  });
  expect(await rowOf(id)).toMatchObject({ status: "reauth_required", status_reason: "refresh_answer_lost" });
  await sandbox("POST", "settings", { refresh_rotation: "keep" });
});

test("where the provider does not rotate, a lost answer costs nothing", async () => {
  const id = await connected({ sub: "found" }, "user504");
  await ageTokens("found", id, Date.now() - 1);
  await refuseRefresh({ drop: "after" });
  expect((await useGraph("found")).result).toMatchObject({ ok: true });
  expect(await rowOf(id)).toMatchObject({ status: "active" });
});
