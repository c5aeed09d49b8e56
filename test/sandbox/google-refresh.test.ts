import { expect, it } from "vitest";
import { claimsOf, openGoogle, REAL, scopeOf } from "./google/driver.ts";

const DAY_MS = 86_400_000;
const DEAD = { error: "invalid_grant", error_description: "Token has been expired or revoked." };

it("answers a refresh without a refresh token, and the old one stays good", async () => {
  const google = openGoogle();
  const first = await google.signIn("ana");
  const { status, body } = await google.refresh(first.refresh_token);
  expect([status, Object.keys(body).toSorted()]).toEqual([
    200,
    ["access_token", "expires_in", "id_token", "scope", "token_type"],
  ]);
  expect(body["access_token"]).not.toBe(first.access_token);
  expect(body["scope"]).toBe(first.scope);
  expect(claimsOf(String(body["id_token"]))).not.toHaveProperty("nonce");
  expect((await google.refresh(first.refresh_token)).status).toBe(200);
});

it("narrows a refresh to some of its scopes and refuses others", async () => {
  const google = openGoogle();
  const { refresh_token: token } = await google.signIn("ana");
  const events = scopeOf("calendar.events");
  expect((await google.refresh(token, { scope: events })).body["scope"]).toBe(events);
  const { status, body } = await google.refresh(token, { scope: scopeOf("calendar") });
  expect([status, body["error"]]).toEqual([400, "invalid_scope"]);
});

it("refuses the refresh token of another client, an unknown one and an access token", async () => {
  const google = openGoogle();
  const { refresh_token: token, access_token: access } = await google.signIn("ana");
  await google.control("/google/clients", { client_id: "other", secrets: ["s"] });
  const other = await google.refresh(token, { client_id: "other", client_secret: "s" });
  expect([other.status, other.body["error"]]).toEqual([400, "unauthorized_client"]);
  expect((await google.refresh("1//0gnever")).body).toEqual(DEAD);
  expect((await google.refresh(access)).body["error"]).toBe("invalid_grant");
  expect((await google.token({ grant_type: "refresh_token" })).body["error"]).toBe("invalid_request");
});

it("lets a refresh token die when it was not used for six months", async () => {
  const google = openGoogle();
  const { refresh_token: token } = await google.signIn("ana");
  await google.control("/clock", { advance_ms: 179 * DAY_MS });
  expect((await google.refresh(token)).status).toBe(200);
  await google.control("/clock", { advance_ms: 179 * DAY_MS });
  expect((await google.refresh(token)).status).toBe(200);
  await google.control("/clock", { advance_ms: 180 * DAY_MS });
  expect((await google.refresh(token)).body).toEqual(DEAD);
});

it("lets refresh tokens die after seven days in testing, unless they are for signing in alone", async () => {
  const google = openGoogle();
  await google.control("/settings", { google_testing: true });
  const { refresh_token: token } = await google.signIn("ana");
  const { refresh_token: identity } = await google.signIn("bo", { scope: "openid email profile" });
  await google.control("/clock", { advance_ms: 7 * DAY_MS - 10_000 });
  expect((await google.refresh(token)).status).toBe(200);
  await google.control("/clock", { advance_ms: 10_000 });
  expect((await google.refresh(token)).body).toEqual(DEAD);
  expect((await google.refresh(identity)).status).toBe(200);
  expect(await google.signIn("ana")).toHaveProperty("refresh_token");
});

it("tells of time-limited access and ends it in time", async () => {
  const google = openGoogle();
  await google.control("/settings", { google_refresh_token_expires_in: 1000 });
  const { refresh_token: token, refresh_token_expires_in: left } = await google.signIn("ana");
  expect(left).toBe(1000);
  await google.control("/clock", { advance_ms: 400_000 });
  const later = await google.refresh(token);
  expect(later.body["refresh_token_expires_in"]).toBeLessThanOrEqual(600);
  await google.control("/clock", { advance_ms: 600_000 });
  expect((await google.refresh(token)).body).toEqual(DEAD);
});

it("lets the oldest of more than a hundred refresh tokens die without a word", async () => {
  const google = openGoogle();
  const tokens: string[] = [];
  for (let count = 0; count < 101; count++)
    tokens.push((await google.signIn("ana", { prompt: "consent", scope: scopeOf("calendar") })).refresh_token);
  expect((await google.refresh(tokens[0] ?? "")).body).toEqual(DEAD);
  expect((await google.refresh(tokens[1] ?? "")).status).toBe(200);
  expect((await google.refresh(tokens[100] ?? "")).status).toBe(200);
});

it.each([
  ["invalid_rapt", { error: "invalid_grant", error_subtype: "invalid_rapt" }],
  ["admin_policy_enforced", { error: "admin_policy_enforced" }],
])("refuses refreshes with %s when told to", async (refusal, expected) => {
  const google = openGoogle();
  const { refresh_token: token } = await google.signIn("ana");
  await google.control("/settings", { google_refusal: refusal });
  const { status, body } = await google.refresh(token);
  expect([status, body]).toMatchObject([400, expected]);
});

it("ends a session until the person signs in again", async () => {
  const google = openGoogle();
  const { refresh_token: token } = await google.signIn("gus");
  await google.control("/google/grants/gus/end-session", {});
  expect((await google.refresh(token)).body["error_subtype"]).toBe("invalid_rapt");
  await google.control("/clock", { advance_ms: 1000 });
  const { refresh_token: fresh } = await google.signIn("gus", { prompt: "consent" });
  expect((await google.refresh(fresh)).status).toBe(200);
});

it("ends tokens before their time", async () => {
  const google = openGoogle();
  const { refresh_token: token, access_token: access } = await google.signIn("ana");
  await google.control("/google/grants/ana/expire", {});
  expect((await google.api(access, "/oauth2/v3/userinfo")).status).toBe(401);
  expect((await google.refresh(token)).status).toBe(200);
  await google.control("/google/grants/ana/expire", { tokens: "both" });
  expect((await google.refresh(token)).body).toEqual(DEAD);
});

it.each(["access_token", "refresh_token"] as const)("revokes the whole grant by its %s", async (which) => {
  const google = openGoogle();
  const first = await google.signIn("ana");
  const second = await google.signIn("ana", { prompt: "consent" });
  const bo = await google.signIn("bo");
  const { status, body } = await google.revoke(first[which]);
  expect([status, body]).toEqual([200, {}]);
  for (const { refresh_token: token } of [first, second]) expect((await google.refresh(token)).body).toEqual(DEAD);
  expect((await google.api(second.access_token, "/oauth2/v3/userinfo")).status).toBe(401);
  expect((await google.refresh(bo.refresh_token)).status).toBe(200);
  const again = await google.revoke(first[which]);
  expect([again.status, again.body["error"]]).toEqual([400, "invalid_token"]);
});

it("refuses to revoke what is unknown, expired or not sent", async () => {
  const google = openGoogle();
  const { access_token: access } = await google.signIn("ana");
  await google.control("/clock", { advance_ms: 3_599_000 });
  for (const token of ["never", access]) expect((await google.revoke(token)).body["error"]).toBe("invalid_token");
  expect((await google.post("/revoke", {})).body["error"]).toBe("invalid_request");
});

it("forgets the code of a grant that was revoked", async () => {
  const google = openGoogle();
  const { refresh_token: token } = await google.signIn("ana");
  const code = await google.code();
  await google.revoke(token);
  expect((await google.redeem(code)).body["error"]).toBe("invalid_grant");
});

it("does not bring tokens of a revoked grant back when the person consents again", async () => {
  const google = openGoogle();
  const { refresh_token: token, access_token: access } = await google.signIn("ana");
  await google.revoke(token);
  await google.signIn("ana");
  expect((await google.refresh(token)).body).toEqual(DEAD);
  expect((await google.api(access, "/oauth2/v3/userinfo")).status).toBe(401);
});

it("lists grants without their tokens", async () => {
  const google = openGoogle();
  await google.signIn("ana", { scope: scopeOf("calendar") });
  const { grants } = await google.control("/google/grants?of=ana");
  expect(grants).toMatchObject([{ person: "ana", scopes: [scopeOf("calendar")], refresh_tokens: 1 }]);
  expect(JSON.stringify(grants)).not.toContain("1//");
});

it("suffers the faults that are planned for it", async () => {
  const google = openGoogle();
  await google.control("/faults", { host: "oauth2.googleapis.com", path: "/token", status: 503 });
  const { refresh_token: token } = await google.signIn("ana").catch(() => google.signIn("ana"));
  await google.control("/faults", { path: "/token", grant_type: "refresh_token", drop: "after" });
  await expect(google.refresh(token)).rejects.toThrow("network error");
  expect(await google.control(`/requests?host=${new URL(REAL.oauth).host}`)).toMatchObject({
    requests: [{ status: 503 }, { status: 200 }, { status: 0 }],
  });
});
