import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { call, connect, received, sandbox } from "../support.ts";
import { ageTokens, connected, rowOf, sleep, useGraph } from "./keeper.ts";

const TOKEN_PATH = "/common/oauth2/v2.0/token";

function refuseRefresh(fault: Record<string, unknown>): Promise<Response> {
  return sandbox("POST", "faults", { path: TOKEN_PATH, grant_type: "refresh_token", ...fault });
}

async function refreshes(): Promise<number> {
  return (await received(TOKEN_PATH)).filter((request) => request.grant_type === "refresh_token").length;
}

/** The pause after a failure belongs to the provider's sake; these tests are of what comes after it. */
async function forgetPause(owner: string): Promise<void> {
  await sleep(owner);
}

test("after an answered 503 and a sleep nobody waits for a refresh that has long ended", async () => {
  const id = await connected({ sub: "slept" });
  await ageTokens("slept", id, Date.now() - 1);
  await refuseRefresh({ status: 503, body: "{}" });
  expect((await useGraph("slept")).result).toMatchObject({ ok: false, failure: { code: "provider_unavailable" } });
  await forgetPause("slept");
  const before = Date.now();
  expect((await useGraph("slept")).result).toMatchObject({ ok: true });
  // The wait for an earlier life ends in a failure after 10 s; no clock is asserted beyond that.
  expect(Date.now() - before).toBeLessThan(10_000);
});

test("a second factor that is asked for after a 503 is not called a lost answer, and the refresh token is kept", async () => {
  const id = await connected({ sub: "factor" });
  await ageTokens("factor", id, Date.now() - 1);
  await refuseRefresh({ status: 503, body: "{}" });
  await useGraph("factor");
  await forgetPause("factor");
  await refuseRefresh({ entra_error: { error: "invalid_grant", code: 50079, suberror: "basic_action" } });
  expect((await useGraph("factor")).result).toMatchObject({ ok: false, failure: { code: "reauth_required" } });
  const row = await rowOf(id);
  expect(row).toMatchObject({ status_reason: "mfa_required", status_mend: "user" });
  expect(row["refresh_token"]).not.toBeNull();
});

test("scopes that a personal account never consented to do not cost its refresh token", async () => {
  const id = await connected({ sub: "personal" }, "pat");
  await ageTokens("personal", id, Date.now() - 1);
  await refuseRefresh({ entra_error: { error: "invalid_grant", code: 70000, suberror: "bad_token" } });
  await useGraph("personal");
  expect((await rowOf(id))["refresh_token"]).not.toBeNull();
});

test("what an administrator must mend stays theirs to mend at every later call", async () => {
  const id = await connected({ sub: "admins" });
  await ageTokens("admins", id, Date.now() - 1);
  await refuseRefresh({ entra_error: { error: "interaction_required", code: 90094 } });
  for (let ask = 0; ask < 2; ask += 1) {
    const answer = await call("/api/v1/auth/microsoft/user", { sub: "admins" });
    const body = await answer.json<{ code: string; mend: string; admin_consent_url: string }>();
    expect(body).toMatchObject({ code: "admin_consent_required", mend: "admin" });
    const url = new URL(body.admin_consent_url);
    expect(url.searchParams.get("redirect_uri")).toBe("https://latchkey.test/api/v1/auth/microsoft/callback");
    await sleep("admins");
  }
});

test("a long pause that the provider asked for survives the object's sleep", async () => {
  const id = await connected({ sub: "paused" });
  await ageTokens("paused", id, Date.now() - 1);
  await refuseRefresh({ status: 429, retry_after: 300, body: "{}" });
  await useGraph("paused");
  await sleep("paused");
  const before = await refreshes();
  expect((await useGraph("paused")).result).toMatchObject({ ok: false, failure: { code: "provider_throttled" } });
  expect(await refreshes()).toBe(before);
  // Connecting again ends it.
  expect(await connected({ sub: "paused" })).toBe(id);
  expect((await useGraph("paused")).result).toMatchObject({ ok: true });
});

test("an API that refuses every token does not cause a refresh at every request", async () => {
  await connected({ sub: "deaf" });
  const before = await refreshes();
  await sandbox("POST", "faults", {
    path: "/v1.0/me",
    status: 401,
    times: 12,
    body: { error: { code: "InvalidAuthenticationToken", message: "no" } },
  });
  for (let ask = 0; ask < 5; ask += 1)
    expect((await call("/api/v1/auth/microsoft/user", { sub: "deaf" })).status).toBe(409);
  expect((await refreshes()) - before).toBe(1);
  await sandbox("DELETE", "faults");
});

test("a refresh token that does not open is noted as a failure, and named in the log's reason", async () => {
  const id = await connected({ sub: "sealed" });
  await env.DB.prepare(
    "update connections set refresh_token = replace(refresh_token, 'v1.k1.', 'v1.gone.') where id = ?1",
  )
    .bind(id)
    .run();
  await ageTokens("sealed", id, Date.now() - 1);
  const answer = await useGraph("sealed");
  expect(answer.result).toMatchObject({
    ok: false,
    failure: { code: "internal", reason: "seal: unknown key id gone" },
  });
  await expect.poll(async () => (await rowOf(id))["refresh_failures"]).toBe(1);
});

test("odd members of a token answer count as absent; the access token beside them is kept", async () => {
  await sandbox("POST", "settings", { extra_token_fields: { scope: null, refresh_token: "", token_type: null } });
  const answer = await connect({ sub: "odd" });
  await sandbox("POST", "settings", { extra_token_fields: {} });
  expect(answer.status).toBe(200);
  expect((await useGraph("odd")).result).toMatchObject({ ok: true, value: { tokenType: "Bearer" } });
});
