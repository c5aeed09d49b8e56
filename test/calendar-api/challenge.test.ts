import { expect, test } from "vitest";
import { call, connect, sandbox, signIn, type TokenClaims } from "../support.ts";
import { connected, EVENTS, forgetHeard, heard, listed, plan, read, refusal } from "./calendar.ts";

const CLAIMS = { access_token: { nbf: { essential: true, value: "1604106651" }, note: { value: "+/ü=&?" } } };

/** The authorization URL behind the path that a failure names. */
async function urlAt(path: string, who: TokenClaims): Promise<string> {
  const { status, body } = await read<{ authorization_url: string }>(call(path, who));
  expect(status).toBe(200);
  return body.authorization_url;
}

test.each([
  ["", (url: string) => url],
  ["of another alphabet ", (text: string) => text.replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")],
])("a claims challenge %sis answered by signing in with its claims", async (_, spell) => {
  const who = await connected();
  const json = JSON.stringify(CLAIMS);
  const encoded = spell(btoa(String.fromCharCode(...new TextEncoder().encode(json))));
  const header = `Bearer realm="", error="insufficient_claims", claims="${encoded}"`;
  await plan({ path: "/v1.0/me/events", status: 401, headers: { "WWW-Authenticate": header } });
  await forgetHeard();
  const refused = await refusal(call(EVENTS, who));
  expect(refused).toMatchObject({ status: 409, code: "reauth_required", reason: "claims_challenge" });
  expect(await heard("*/oauth2/v2.0/token")).toEqual([]);
  const claims = new URL(await urlAt(refused.authorize_path, who)).searchParams.get("claims");
  expect(JSON.parse(claims ?? "")).toEqual(CLAIMS);
});

test("signing in at that path satisfies the provider, and the calendar is there again", async () => {
  const who = await connected();
  const challenge = JSON.stringify({ access_token: { acrs: { essential: true, value: "c1" } } });
  await sandbox("PATCH", `users/${who.sub}`, { claims_challenge: challenge, challenge_everyone: true });
  const refused = await refusal(call(EVENTS, who));
  expect(refused).toMatchObject({ status: 409, reason: "claims_challenge" });
  expect((await connect(who, who.sub)).status).toBe(200);
  expect(await refusal(call(EVENTS, who))).toMatchObject({ reason: "claims_challenge" });
  const callback = await signIn(await urlAt(refused.authorize_path, who), who.sub);
  expect((await call(callback, undefined, { headers: { "CF-Connecting-IP": "192.0.2.77" } })).status).toBe(200);
  expect((await listed(who)).events).toEqual([]);
});

test("a challenge by 403 counts, and one whose claims cannot be read still asks for a sign-in", async () => {
  const who = await connected();
  const header = 'Bearer error="insufficient_claims", claims="%%%"';
  await plan({ path: "/v1.0/me/events", status: 403, headers: { "WWW-Authenticate": header } });
  expect(await refusal(call(EVENTS, who))).toMatchObject({
    status: 409,
    code: "reauth_required",
    reason: "claims_challenge",
    authorize_path: "/api/v1/auth/microsoft/",
  });
});

test("in beta the path to sign in again is beta's", async () => {
  const who = await connected(undefined, "/api/v1/beta");
  const header = `Bearer error="insufficient_claims", claims="${btoa(JSON.stringify({ access_token: {} }))}"`;
  await plan({ path: "/v1.0/me/events", status: 401, headers: { "WWW-Authenticate": header } });
  const refused = await refusal(call("/api/v1/beta/calendar/microsoft/events", who));
  expect(refused.authorize_path).toMatch(/^\/api\/v1\/beta\/auth\/microsoft\/\?claims=/);
  expect(await urlAt(refused.authorize_path, who)).toContain("claims=");
});
