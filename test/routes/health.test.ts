import { env } from "cloudflare:workers";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { call, callerToken, listen, ORIGIN, received, sandbox, workerWith } from "../support.ts";
import { problemOf } from "./security.ts";

const HEALTH = "/api/v1/health/microsoft/";
const DISCOVERY = "/common/v2.0/.well-known/openid-configuration";
const STARTS = ["/api/v1/auth/microsoft/", "/api/v1/beta/auth/microsoft/"];
const CALLER_ROUTES = [
  ...STARTS,
  "/api/v1/auth/microsoft/user",
  "/api/v1/calendar/microsoft/",
  "/api/v1/beta/calendar/microsoft/events",
];

interface Report {
  readonly status: string;
  readonly configured: boolean;
  readonly checks: Record<string, { ok: boolean; detail: string }>;
  readonly problems: { variable: string; message: string }[];
}

beforeEach(() => {
  listen();
});

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The health that a Worker with these variables reports. */
async function healthWith(variables: Record<string, unknown>): Promise<Report> {
  const answer = await workerWith(variables)(new Request(ORIGIN + HEALTH));
  expect(answer.status).toBe(200);
  return answer.json();
}

/** What a route of a Worker with these variables answers to a good caller. */
async function problemWith(variables: Record<string, unknown>, path: string): Promise<Record<string, unknown>> {
  const headers = { Authorization: `Bearer ${await callerToken({ sub: "health" })}` };
  return problemOf(await workerWith(variables)(new Request(ORIGIN + path, { headers })));
}

test("an installation that is well says so, to anybody", async () => {
  const answer = await call(HEALTH);
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(await answer.json()).toEqual({
    status: "healthy",
    service: "microsoft_graph",
    configured: true,
    last_check: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
    checks: {
      d1: { ok: true, detail: "reads" },
      key_ring: { ok: true, detail: "seals and opens" },
      provider: { ok: true, detail: "reachable" },
    },
    problems: [],
  });
});

test.each([
  ["PUBLIC_URL", ""],
  ["PUBLIC_URL", "http://latchkey.test"],
  ["JWT_SECRET_KEY", ""],
  ["JWT_SECRET_KEY", "too-short-a-secret"],
  ["JWT_JWKS_URL", "not-a-url-at-all"],
  ["TOKEN_ENCRYPTION_KEY", "not-a-key-at-all"],
  ["ENVIRONMENT", "staging-or-so"],
])("with %s=%j health names it, and every other route stands still", async (variable, value) => {
  const variables = { [variable]: value };
  const report = await healthWith(variables);
  expect(report).toMatchObject({ status: "unhealthy", configured: false });
  expect(report.problems.map((one) => one.variable)).toContain(variable);
  expect(JSON.stringify(report)).not.toContain(value || "\n");
  for (const path of CALLER_ROUTES)
    expect(await problemWith(variables, path)).toMatchObject({ status: 500, code: "internal", mend: "operator" });
  expect(await problemWith(variables, "/api/v1/auth/microsoft/callback?state=x")).toMatchObject({ code: "internal" });
  expect(await problemWith(variables, "/api/v1/health/microsoft/tokens")).toMatchObject({ code: "internal" });
});

test.each([
  ["MICROSOFT_CLIENT_ID", ""],
  ["MICROSOFT_CLIENT_SECRET", ""],
  ["MICROSOFT_CLIENT_SECRET", ",,,,"],
  ["MICROSOFT_TENANT_ID", "nowhere-to-be-found"],
  ["MICROSOFT_CLOUD", "germany-cloud"],
  ["MICROSOFT_LOGIN_URL", "http://login.example.com"],
  ["MICROSOFT_GRAPH_URL", "graph-example-com"],
  ["MICROSOFT_REDIRECT_URI", "callback-somewhere"],
])("with %s=%j health names it, and whatever needs Microsoft says so too", async (variable, value) => {
  const variables = { [variable]: value };
  const report = await healthWith(variables);
  expect(report).toMatchObject({ status: "degraded", configured: false, problems: [{ variable }] });
  for (const path of CALLER_ROUTES) {
    const wanted = { status: 500, code: "provider_misconfigured", mend: "operator", variable };
    expect(await problemWith(variables, path)).toMatchObject(wanted);
  }
});

test("a wrong variable that nothing here depends on is named, and that is all", async () => {
  const variables = { GOOGLE_API_URL: "nonsense" };
  expect(await healthWith(variables)).toMatchObject({ status: "healthy", problems: [{ variable: "GOOGLE_API_URL" }] });
  expect(await problemWith(variables, STARTS[0] ?? "")).toEqual({});
});

test("what is wrong is also in the log, once, with what was expected", async () => {
  const lines = listen();
  const worker = workerWith({ MICROSOFT_CLIENT_ID: "" });
  for (let index = 0; index < 3; index += 1) await worker(new Request(`${ORIGIN}/nowhere`));
  const said = lines.filter((line) => line.includes('"configuration"'));
  expect(said).toHaveLength(1);
  expect(said[0]).toMatch(/"event":"configuration","variable":"MICROSOFT_CLIENT_ID","expected":".+"/);
});

test("a database that fails is unhealthy, and the reason is for the log alone", async () => {
  const lines = listen();
  const broken = () => {
    throw new Error("D1_ERROR: no such table: connections");
  };
  const report = await healthWith({ DB: { prepare: broken, batch: broken } });
  expect(report).toMatchObject({
    status: "unhealthy",
    checks: { d1: { ok: false, detail: "failed: the log says why" } },
  });
  expect(lines.join()).toContain("no such table");
});

test("a Microsoft that cannot be reached makes the installation degraded, not unhealthy", async () => {
  await sandbox("POST", "faults", { path: DISCOVERY, status: 503 });
  expect(await healthWith({})).toMatchObject({
    status: "degraded",
    configured: true,
    checks: { provider: { ok: false } },
  });
});

test("Microsoft is asked once in half a minute, however often health is", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const worker = workerWith({});
  const asked = async () => (await received(DISCOVERY)).length;
  const before = await asked();
  await Promise.all(Array.from({ length: 5 }, () => worker(new Request(ORIGIN + HEALTH))));
  vi.setSystemTime(Date.now() + 29_000);
  await worker(new Request(ORIGIN + HEALTH));
  expect(await asked()).toBe(before + 1);
  vi.setSystemTime(Date.now() + 2_000);
  await worker(new Request(ORIGIN + HEALTH));
  expect(await asked()).toBe(before + 2);
});

test("a table that lacks a column of this version is not called healthy", async () => {
  await env.DB.prepare("alter table beta_connections rename column status_mend to status_other").run();
  const report = await healthWith({});
  await env.DB.prepare("alter table beta_connections rename column status_other to status_mend").run();
  expect(report).toMatchObject({ status: "unhealthy", checks: { d1: { ok: false } } });
});
