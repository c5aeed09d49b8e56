import { expect, test } from "vitest";
import { call, sandbox, send } from "../support.ts";
import { connected, created, EVENTS, forgetHeard, heard, listed, newEvent, plan, read, refusal } from "./calendar.ts";

const REFUSED_TOKEN = { path: "/v1.0/me/events", status: 401 };

/** How often tokens were asked for since the stand-in last forgot. */
async function refreshes(): Promise<number> {
  return (await heard("*/oauth2/v2.0/token")).length;
}

/** The tokens that Graph was shown, hashed. */
async function bearers(): Promise<string[]> {
  return (await heard()).map(({ headers }) => headers["authorization"] ?? "");
}

test("a token that Graph refuses is refreshed once, and the request goes again with the new one", async () => {
  const who = await connected();
  await plan(REFUSED_TOKEN);
  await forgetHeard();
  expect((await listed(who)).events).toEqual([]);
  expect(await refreshes()).toBe(1);
  const [first, second, ...more] = await bearers();
  expect(more).toEqual([]);
  expect(first).not.toBe(second);
});

test("a create that Graph refused for its token is sent again and makes one event", async () => {
  const who = await connected();
  await plan({ ...REFUSED_TOKEN, method: "POST" });
  await forgetHeard();
  const { id } = await created(who);
  expect(await refreshes()).toBe(1);
  expect((await listed(who)).events.map((event) => event.id)).toEqual([id]);
});

test("a token that Graph refuses even when it is fresh is the user's to mend", async () => {
  const who = await connected();
  await plan({ ...REFUSED_TOKEN, times: 2 });
  await forgetHeard();
  const refused = await refusal(call(EVENTS, who));
  expect(refused).toMatchObject({
    status: 409,
    code: "reauth_required",
    reason: "token_rejected",
    provider_code: "InvalidAuthenticationToken",
    authorize_path: "/api/v1/auth/microsoft/",
  });
  expect(await refreshes()).toBe(1);
  expect(await bearers()).toHaveLength(2);
});

test("requests that Graph refuses at the same time share one refresh", async () => {
  const who = await connected();
  await plan({ ...REFUSED_TOKEN, times: 4, delay_ms: 150 });
  await plan({ path: "*/oauth2/v2.0/token", delay_ms: 300 });
  await forgetHeard();
  const answers = await Promise.all([1, 2, 3, 4].map(() => read(call(EVENTS, who))));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(await refreshes()).toBe(1);
  expect(new Set(await bearers()).size).toBe(2);
});

test("sessions that were ended at the provider are the user's to mend, and stay so until the next connect", async () => {
  const who = await connected();
  await sandbox("POST", `users/${who.sub}/revoke`, { access_tokens: true });
  await forgetHeard();
  for (let attempt = 1; attempt <= 2; attempt += 1) {
    const refused = await refusal(call(EVENTS, who));
    expect(refused).toMatchObject({ status: 409, code: "reauth_required", provider_code: "AADSTS50173" });
  }
  expect(await refreshes()).toBe(1);
  expect(await bearers()).toHaveLength(1);
});

test.each([
  ["a list", () => ({ method: "GET" }), 200],
  ["a create", () => ({ method: "POST", body: JSON.stringify(newEvent()) }), 201],
])("%s waits as long as Graph asks and then succeeds", async (_, init, status) => {
  const who = await connected();
  await plan({ path: "/v1.0/me/events", status: 429, retry_after: 1 });
  await forgetHeard();
  const started = Date.now();
  const answer = await call(EVENTS, who, { ...init(), headers: { "Content-Type": "application/json" } });
  await answer.body?.cancel();
  expect(answer.status).toBe(status);
  expect(Date.now() - started).toBeGreaterThanOrEqual(1_000);
  expect((await heard()).map((one) => one.status)).toEqual([429, status]);
});

test("a wait that nobody can be asked to sit through is passed on", async () => {
  const who = await connected();
  await plan({ path: "/v1.0/me/events", status: 429, retry_after: 120 });
  await forgetHeard();
  const answer = await read<{ code: string }>(call(EVENTS, who));
  expect(answer).toMatchObject({ status: 503, body: { code: "provider_throttled", provider_code: "TooManyRequests" } });
  expect(answer.headers.get("Retry-After")).toBe("120");
  expect(await heard()).toHaveLength(1);
});

test.each([
  [{ status: 503 }, 503, "provider_unavailable"],
  [{ status: 504, body: "<html>gateway</html>" }, 503, "provider_unavailable"],
  [{ status: 502, body: "" }, 503, "provider_unavailable"],
  [{ drop: "before" }, 503, "provider_unavailable"],
  [{ status: 200, body: "<html>captive portal</html>" }, 502, "provider_error"],
  [{ status: 403, body: { error: { code: "ErrorAccessDenied", message: "" } } }, 502, "provider_error"],
  [{ status: 418, body: { error: { code: "", message: "" } } }, 502, "provider_error"],
])("a provider that answers %j gives %i %s", async (fault, status, code) => {
  const who = await connected();
  await plan({ path: "/v1.0/me/events", times: 3, ...fault });
  const answer = await read<{ code: string; detail: string }>(call(EVENTS, who));
  await sandbox("DELETE", "faults");
  expect(answer).toMatchObject({ status, body: { code } });
  expect(answer.headers.get("Retry-After")).toBe(status === 503 ? "5" : null);
  expect(answer.body.detail).not.toContain("<");
});

test.each(["PATCH", "DELETE"])("a %s whose answer is lost is not sent a second time", async (method) => {
  const who = await connected();
  const { id } = await created(who);
  await plan({ method, path: "/v1.0/me/events/*", drop: "after" });
  await forgetHeard();
  const sent = method === "PATCH" ? send("PATCH", `${EVENTS}/${id}`, who, { subject: "x" }) : undefined;
  const refused = await refusal(sent ?? call(`${EVENTS}/${id}`, who, { method }));
  expect(refused).toMatchObject({ status: 503, code: "provider_unavailable" });
  expect((await heard()).map((one) => one.method)).toEqual([method]);
});

test("an account without a mailbox is told so", async () => {
  const who = await connected("gus");
  const refused = await refusal(call(EVENTS, who));
  expect(refused).toMatchObject({
    status: 502,
    code: "provider_error",
    detail: "The account has no mailbox, so it has no calendar either.",
    provider_code: "MailboxNotEnabledForRESTAPI",
  });
  expect(refused).toHaveProperty("provider_request_id");
});

test("a grant without the calendar's permission names what is missing, before Graph hears of it", async () => {
  await sandbox("POST", "settings", { extra_token_fields: { scope: "https://graph.microsoft.com/Calendars.Read" } });
  const who = await connected();
  await sandbox("POST", "settings", { extra_token_fields: {} });
  expect((await listed(who)).events).toEqual([]);
  await forgetHeard();
  const refused = await refusal(send("POST", EVENTS, who, newEvent()));
  expect(refused).toMatchObject({
    status: 403,
    code: "scope_insufficient",
    missing_scopes: ["Calendars.ReadWrite"],
    authorize_path: "/api/v1/auth/microsoft/",
  });
  expect(await heard()).toEqual([]);
});

test("a permission that was taken away at the provider alone is named too", async () => {
  const who = await connected();
  const error = { code: "Authorization_RequestDenied", message: "Insufficient privileges" };
  await plan({ path: "/v1.0/me/events", status: 403, body: { error } });
  expect(await refusal(call(EVENTS, who))).toMatchObject({
    status: 403,
    code: "scope_insufficient",
    authorize_path: "/api/v1/auth/microsoft/",
  });
});
