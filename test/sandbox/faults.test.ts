import { expect, it } from "vitest";
import { CLIENT_SECRET } from "./defaults.ts";
import { DroppedAnswer } from "./dropped.ts";
import { errorOf, GRAPH, LOGIN, locationOf, openSandbox, REDEEM, type Driver, type Json } from "./driver.ts";

const REFRESH = { path: "/common/oauth2/v2.0/token", grant_type: "refresh_token" };

async function refresh(sandbox: Driver, token: string) {
  return sandbox.token({ grant_type: "refresh_token", refresh_token: token, scope: `${GRAPH}/User.Read` });
}

async function requests(sandbox: Driver, query = ""): Promise<Json[]> {
  return (await sandbox.control(`/requests${query}`))["requests"] as Json[];
}

it("makes the next matching requests fail, so many times, and no others", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token, access_token: accessToken } = await sandbox.signIn("ana");
  await sandbox.control("/faults", {
    ...REFRESH,
    method: "POST",
    host: "login.microsoftonline.com",
    status: 503,
    retry_after: 3,
    times: 2,
  });
  expect((await sandbox.graph(accessToken, "/me")).status).toBe(200);
  expect((await sandbox.control("/faults"))["faults"]).toHaveLength(1);
  for (let i = 0; i < 2; i++) {
    const { status, headers, body } = await refresh(sandbox, token);
    expect([status, headers.get("Retry-After")]).toEqual([503, "3"]);
    expect(body["text"]).toContain("<html>");
  }
  expect((await refresh(sandbox, token)).status).toBe(200);
  expect((await sandbox.control("/faults"))["faults"]).toEqual([]);
});

it.each([
  { host: "graph.microsoft.com" },
  { method: "GET" },
  { grant_type: "authorization_code" },
  { path: "/organizations" },
])("leaves a request alone that a fault for %o does not meet", async (target) => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/faults", { ...target, status: 500 });
  expect((await refresh(sandbox, token)).status).toBe(200);
  expect((await sandbox.control("/faults"))["faults"]).toHaveLength(1);
});

it("answers with a planned body and headers, and in Graph's envelope when none is planned", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/faults", {
    path: "/v1.0/*/events",
    status: 418,
    body: { tea: true },
    headers: { "X-Pot": "1" },
  });
  const planned = await sandbox.graph(token, "/me/events");
  expect([planned.status, planned.body["tea"], planned.headers.get("X-Pot")]).toEqual([418, true, "1"]);
  await sandbox.control("/faults", { path: "/v1.0/me", status: 429, retry_after: "Sat, 21 Nov 2026 09:00:00 GMT" });
  const throttled = await sandbox.graph(token, "/me");
  expect(errorOf(throttled.body)["code"]).toBe("TooManyRequests");
  expect(throttled.headers.get("Retry-After")).toContain("GMT");
});

it("lets the first requests pass when told to, and forgets faults when told to", async () => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/faults", { ...REFRESH, status: 500, skip: 1, times: 5 });
  expect((await refresh(sandbox, token)).status).toBe(200);
  expect((await refresh(sandbox, token)).status).toBe(500);
  await sandbox.control("/faults", undefined, "DELETE");
  expect((await refresh(sandbox, token)).status).toBe(200);
});

it.each<[number, string, string | undefined]>([
  [50076, "interaction_required", "basic_action"],
  [50196, "invalid_grant", undefined],
  [53003, "invalid_grant", "message_only"],
  [7000222, "invalid_client", undefined],
  [90033, "temporarily_unavailable", undefined],
])("plans AADSTS%i in the provider's envelope", async (code, error, suberror) => {
  const sandbox = openSandbox();
  const { refresh_token: token } = await sandbox.signIn("ana");
  const claims = `{"access_token":{"capolids":{"essential":true}}}`;
  await sandbox.control("/faults", { ...REFRESH, entra_error: { error, code, claims, ...(suberror && { suberror }) } });
  const { status, body } = await refresh(sandbox, token);
  expect(status).toBe(code === 7000222 ? 401 : 400);
  expect(body).toMatchObject({ error, error_codes: [code], claims, ...(suberror && { suberror }) });
  expect(body["error_description"]).toMatch(new RegExp(`^AADSTS${code}: .*\r\nTrace ID: `));
});

it("sends a planned error of authorize to the redirect URI, unless that is not registered", async () => {
  const sandbox = openSandbox();
  const fault = {
    path: "/common/oauth2/v2.0/authorize",
    entra_error: { error: "server_error", code: 50000 },
    times: 2,
  };
  await sandbox.control("/faults", fault);
  const query = locationOf(await sandbox.authorize()).searchParams;
  expect([query.get("error"), query.get("state")]).toEqual(["server_error", "state-1"]);
  expect((await sandbox.authorize({ redirect_uri: "https://evil.test/" })).headers.get("Location")).toBeNull();
});

it("drops the answer before the work: nothing was done", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "rotate" });
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/faults", { ...REFRESH, drop: "before" });
  await expect(refresh(sandbox, token)).rejects.toThrow(TypeError);
  expect((await refresh(sandbox, token)).status).toBe(200);
});

it("drops the answer after the work: the old refresh token is gone", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "rotate" });
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/faults", { ...REFRESH, drop: "after" });
  await expect(refresh(sandbox, token)).rejects.toThrow(TypeError);
  expect((await refresh(sandbox, token)).status).toBe(400);
  expect((await requests(sandbox, "?grant_type=refresh_token")).map(({ status }) => status)).toEqual([0, 400]);
});

it("throws DroppedAnswer out of the app itself", async () => {
  const { app, control } = openSandbox();
  await control("/faults", { drop: "after" });
  await expect((async () => app.request(`${LOGIN}/common/discovery/v2.0/keys`))()).rejects.toThrow(DroppedAnswer);
});

it("delays, before or after the work, and lets an aborted caller go while the work is done", async () => {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { refresh_rotation: "rotate" });
  const { refresh_token: token } = await sandbox.signIn("ana");
  await sandbox.control("/faults", { ...REFRESH, delay_ms: 60, delay_at: "after" });
  const fields = {
    ...REDEEM,
    grant_type: "refresh_token",
    refresh_token: token,
    client_id: "11111111-aaaa-4bbb-8ccc-000000000001",
    client_secret: CLIENT_SECRET,
  };
  const init = { method: "POST", body: new URLSearchParams(fields), signal: AbortSignal.timeout(20) };
  await expect(sandbox.fetch(`${LOGIN}/common/oauth2/v2.0/token`, init)).rejects.toMatchObject({
    name: "TimeoutError",
  });
  expect((await refresh(sandbox, token)).status).toBe(400);
});
