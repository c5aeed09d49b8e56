import { afterEach, expect, test, vi } from "vitest";
import { call, connect, received, sandbox } from "../support.ts";
import { flow } from "../routes/flow.ts";
import { problemOf } from "../routes/security.ts";

const PROFILE = "/api/v1/auth/microsoft/user";
const AUTHORIZE = "/common/oauth2/v2.0/authorize";
const TOKEN = "/common/oauth2/v2.0/token";
const ADMIN_CONSENT = "https://login.microsoftonline.com/organizations/v2.0/adminconsent";
const CLAIMS = '{"access_token":{"capolids":{"essential":true,"values":["4d8b1a2c"]}}}';

afterEach(async () => {
  vi.useRealTimers();
  await sandbox("DELETE", "faults");
});

let subjects = 0;
const someone = () => ({ sub: `entra-${(subjects += 1)}` });

/** A connection whose token has died, so that the next use has to refresh it. */
async function stale(person = "ana"): Promise<{ sub: string }> {
  const claims = someone();
  await connect(claims, person);
  vi.useFakeTimers({ toFake: ["Date"] });
  vi.setSystemTime(Date.now() + 2 * 3_600_000);
  return claims;
}

const fault = (path: string, more: Record<string, unknown>) => sandbox("POST", "faults", { path, ...more });
const refreshes = async () => (await received(TOKEN)).filter((one) => one.grant_type === "refresh_token").length;

test.each([
  [{ error: "access_denied", code: 65004 }, 400, "consent_denied", "user"],
  [{ error: "access_denied", code: 50105 }, 400, "consent_denied", "admin"],
  [{ error: "interaction_required", code: 53000 }, 400, "consent_denied", "admin"],
  [{ error: "login_required", code: 50058 }, 400, "consent_denied", "user"],
  [{ error: "access_denied", code: 90094 }, 409, "admin_consent_required", "admin"],
  [{ error: "invalid_request", code: 9002325 }, 500, "provider_misconfigured", "operator"],
  [{ error: "unsupported_response_type", code: 700054 }, 500, "provider_misconfigured", "operator"],
  [{ error: "invalid_resource", code: 500011 }, 500, "provider_misconfigured", "operator"],
  [{ error: "server_error", code: 50000 }, 503, "provider_unavailable", "nobody"],
  [{ error: "temporarily_unavailable", code: 90055 }, 503, "provider_throttled", "nobody"],
  [{ error: "brand_new", code: 99999999 }, 502, "provider_error", "operator"],
])("a callback with %j is %i %s, for the %s to mend", async (refusal, status, code, mend) => {
  await fault(AUTHORIZE, { entra_error: refusal });
  const answer = await flow(someone(), "ana");
  const problem = await problemOf(answer);
  expect(problem).toMatchObject({ status, code, mend, provider_code: `AADSTS${refusal.code}` });
  expect(answer.headers.has("Retry-After")).toBe(status === 503);
});

test.each([
  [{ error: "invalid_grant", code: 54005 }, 400, "state_invalid", "user"],
  [{ error: "invalid_grant", code: 70008 }, 400, "state_invalid", "user"],
  [{ error: "invalid_grant", code: 501481 }, 400, "state_invalid", "user"],
  [{ error: "invalid_grant", code: 65001, suberror: "consent_required" }, 400, "consent_denied", "user"],
  [{ error: "invalid_grant", code: 53003, suberror: "message_only" }, 400, "consent_denied", "admin"],
  [{ error: "invalid_client", code: 7000222 }, 500, "provider_misconfigured", "operator"],
  [{ error: "invalid_client", code: 7000215 }, 500, "provider_misconfigured", "operator"],
  [{ error: "invalid_request", code: 28000 }, 500, "provider_misconfigured", "operator"],
  [{ error: "temporarily_unavailable", code: 90033 }, 503, "provider_unavailable", "nobody"],
  [{ error: "invalid_grant", code: 50196 }, 503, "provider_throttled", "operator"],
])("a code that is refused with %j is %i %s, for the %s to mend", async (refusal, status, code, mend) => {
  await fault(TOKEN, { entra_error: refusal, times: 3 });
  const claims = someone();
  const problem = await problemOf(await flow(claims, "ana"));
  expect(problem).toMatchObject({ status, code, mend, provider_code: `AADSTS${refusal.code}` });
  expect(await problemOf(await call(PROFILE, claims))).toMatchObject({ code: "not_connected" });
});

test.each([
  [{ error: "invalid_grant", code: 50173, suberror: "bad_token" }, "grant_revoked", "user"],
  [{ error: "invalid_grant", code: 700082 }, "grant_unused_too_long", "user"],
  [{ error: "invalid_grant", code: 70043 }, "sign_in_frequency", "user"],
  [{ error: "invalid_grant", code: 50057 }, "account_disabled", "admin"],
  [{ error: "invalid_grant", code: 53003, suberror: "message_only" }, "blocked_by_policy", "admin"],
  [{ error: "interaction_required", code: 50097 }, "device_not_accepted", "admin"],
  [{ error: "unauthorized_client", code: 7000112 }, "application_disabled", "admin"],
  [{ error: "invalid_grant", code: 99999999 }, "grant_invalid", "user"],
])(
  "a refresh that is refused with %j asks for a new sign-in: %s, for the %s to mend",
  async (refusal, reason, mend) => {
    const claims = await stale();
    await fault(TOKEN, { entra_error: refusal });
    const wanted = {
      status: 409,
      code: "reauth_required",
      reason,
      provider_code: `AADSTS${refusal.code}`,
      authorize_path: "/api/v1/auth/microsoft/",
    };
    expect(await problemOf(await call(PROFILE, claims))).toMatchObject({ ...wanted, mend });
    const before = await refreshes();
    expect(await problemOf(await call(PROFILE, claims))).toMatchObject(wanted);
    expect(await refreshes()).toBe(before);
  },
);

test("a refresh that needs more from the user hands the provider's claims on to the sign-in", async () => {
  const claims = await stale();
  const refusal = { error: "invalid_grant", code: 50079, suberror: "basic_action", claims: CLAIMS };
  await fault(TOKEN, { entra_error: refusal });
  const problem = await problemOf(await call(PROFILE, claims));
  expect(problem).toMatchObject({ code: "reauth_required", reason: "mfa_required", mend: "user" });
  const started = await call(String(problem["authorize_path"]), claims);
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  expect(new URL(url).searchParams.get("claims")).toBe(CLAIMS);
});

test("a refresh that needs an administrator says where consent is given, with a redirect that is registered", async () => {
  const claims = await stale();
  await fault(TOKEN, { entra_error: { error: "invalid_grant", code: 90094 } });
  const problem = await problemOf(await call(PROFILE, claims));
  expect(problem).toMatchObject({ status: 409, code: "admin_consent_required", mend: "admin" });
  const url = new URL(String(problem["admin_consent_url"]));
  expect(url.origin + url.pathname).toBe(ADMIN_CONSENT);
  url.searchParams.set("auto", "cancel");
  expect((await fetch(url, { redirect: "manual" })).status).toBe(302);
});

test.each([
  [{ error: "invalid_client", code: 7000222 }, 500, "provider_misconfigured", "operator"],
  [{ error: "invalid_scope", code: 70011 }, 500, "provider_misconfigured", "operator"],
  [{ error: "temporarily_unavailable", code: 50033 }, 503, "provider_unavailable", "nobody"],
  [{ error: "server_error", code: 90036 }, 502, "provider_error", "operator"],
  // Trouble at the provider that happens to name a revoked grant.
  [{ error: "temporarily_unavailable", code: 50173 }, 503, "provider_unavailable", "nobody"],
])("a refresh that is refused with %j is %i %s, and the connection stays", async (refusal, status, code, mend) => {
  const claims = await stale();
  await fault(TOKEN, { entra_error: refusal });
  expect(await problemOf(await call(PROFILE, claims))).toMatchObject({ status, code, mend });
  vi.setSystemTime(Date.now() + 10 * 60_000);
  expect((await call(PROFILE, claims)).status).toBe(200);
});

test("a request loop is not fed: for minutes nothing goes out, whoever asks", async () => {
  const claims = await stale();
  await fault(TOKEN, { entra_error: { error: "invalid_grant", code: 50196 } });
  const first = await call(PROFILE, claims);
  expect(await problemOf(first)).toMatchObject({ status: 503, code: "provider_throttled", reason: "request_loop" });
  expect(Number(first.headers.get("Retry-After"))).toBeGreaterThanOrEqual(120);
  const before = await refreshes();
  vi.setSystemTime(Date.now() + 119_000);
  expect((await call(PROFILE, claims)).status).toBe(503);
  expect(await refreshes()).toBe(before);
  vi.setSystemTime(Date.now() + 300_000);
  expect((await call(PROFILE, claims)).status).toBe(200);
});

test("a gateway's HTML page at a refresh passes by itself", async () => {
  const claims = await stale();
  await fault(TOKEN, { status: 502 });
  const answer = await call(PROFILE, claims);
  expect(await problemOf(answer)).toMatchObject({ status: 503, code: "provider_unavailable", mend: "nobody" });
  expect(answer.headers.get("Retry-After")).toMatch(/^\d+$/);
  vi.setSystemTime(Date.now() + 60_000);
  expect((await call(PROFILE, claims)).status).toBe(200);
});

test("a throttled refresh waits as long as it was told, and says so", async () => {
  const claims = await stale();
  await fault(TOKEN, { status: 429, retry_after: 90 });
  const answer = await call(PROFILE, claims);
  expect(await problemOf(answer)).toMatchObject({ status: 503, code: "provider_throttled", mend: "nobody" });
  expect(answer.headers.get("Retry-After")).toBe("90");
  vi.setSystemTime(Date.now() + 60_000);
  const again = await call(PROFILE, claims);
  expect([again.status, again.headers.get("Retry-After")]).toEqual([503, "30"]);
  vi.setSystemTime(Date.now() + 31_000);
  expect((await call(PROFILE, claims)).status).toBe(200);
});
