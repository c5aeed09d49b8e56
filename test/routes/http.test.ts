import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { call, callerToken, connect, listen, ORIGIN, sandbox, workerWith } from "../support.ts";
import { begin, comeBack } from "./flow.ts";
import { problemOf } from "./security.ts";

const START = "/api/v1/auth/microsoft/";
const APP = "https://app.test";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** The lines of the log as objects. */
function parsed(lines: readonly string[]): Record<string, unknown>[] {
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}

function preflight(origin: string, worker = workerWith({})): Promise<Response> {
  const headers = {
    Origin: origin,
    "Access-Control-Request-Method": "PATCH",
    "Access-Control-Request-Headers": "authorization,if-match",
  };
  return worker(new Request(`${ORIGIN}/api/v1/calendar/microsoft/events/1`, { method: "OPTIONS", headers }));
}

test("a script of an allowed origin may call and read what it needs", async () => {
  const asked = await preflight(APP);
  expect(asked.status).toBe(204);
  expect(asked.headers.get("Access-Control-Allow-Origin")).toBe(APP);
  expect(asked.headers.get("Access-Control-Allow-Methods")).toContain("PATCH");
  expect(asked.headers.get("Access-Control-Allow-Headers")).toMatch(/Authorization.*If-Match/);
  expect(asked.headers.get("Access-Control-Allow-Credentials")).toBeNull();
  const answer = await call(START, { sub: "cors" }, { headers: { Origin: APP } });
  expect(answer.headers.get("Access-Control-Allow-Origin")).toBe(APP);
  expect(answer.headers.get("Access-Control-Expose-Headers")).toMatch(/ETag.*RateLimit.*Retry-After.*X-Request-Id/);
  expect(answer.headers.get("Vary")).toMatch(/Origin/i);
});

test("a script of an allowed origin can read failures too", async () => {
  const answer = await call(START, undefined, { headers: { Origin: APP } });
  expect([answer.status, answer.headers.get("Access-Control-Allow-Origin")]).toEqual([401, APP]);
});

test("a script of any other origin may not", async () => {
  for (const origin of ["https://evil.test", "https://app.test.evil.test", "http://app.test", "null"])
    expect((await preflight(origin)).headers.get("Access-Control-Allow-Origin")).toBeNull();
});

test("CORS_ORIGINS decides: any origin, or none at all", async () => {
  const any = await preflight("https://any.test", workerWith({ CORS_ORIGINS: "*" }));
  expect(any.headers.get("Access-Control-Allow-Origin")).toBe("*");
  const none = await preflight(APP, workerWith({ CORS_ORIGINS: "" }));
  expect([none.status, none.headers.get("Access-Control-Allow-Origin")]).toEqual([404, null]);
});

test.each([START, "/nowhere", "/api/v1/health/microsoft/"])("%s is answered with secure headers", async (path) => {
  expect(Object.fromEntries((await call(path)).headers)).toMatchObject({
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
    "strict-transport-security": expect.stringMatching(/max-age=\d{7,}/) as string,
  });
});

test("a request id goes in and comes out; a strange one is replaced", async () => {
  const id = async (given?: string) => {
    const answer = await call("/nowhere", undefined, given ? { headers: { "X-Request-Id": given } } : {});
    const problem = await problemOf(answer);
    return [answer.headers.get("X-Request-Id"), problem["request_id"]];
  };
  expect(await id("trace-12345678")).toEqual(["trace-12345678", "trace-12345678"]);
  const [fresh, inBody] = await id("<script>");
  // The log would hide it, so nobody could find it there.
  expect((await id("a".repeat(64)))[0]).toMatch(/^[\da-f-]{36}$/);
  expect(fresh).toMatch(/^[\da-f-]{36}$/);
  expect(inBody).toBe(fresh);
  expect(await id()).not.toEqual(await id());
});

test.each(["Basic YW5hOnB3", "Digest x", "Bearers x"])(
  "%s is no token, so it is no wrong one either",
  async (given) => {
    const answer = await call(START, undefined, { headers: { Authorization: given } });
    expect([answer.status, answer.headers.get("WWW-Authenticate")]).toEqual([401, 'Bearer realm="latchkey"']);
  },
);

test.each([
  ["GET", "/"],
  ["GET", "/api/v1/auth/microsoft/nothing"],
  ["POST", "/api/v1/auth/microsoft/"],
  ["DELETE", "/api/v1/calendar/microsoft/"],
  ["GET", "/api/v1/gamma/auth/microsoft/"],
  ["GET", "/api/v1/beta/health/microsoft/"],
])("%s %s is no route: a problem like all others", async (method, path) => {
  const answer = await call(path, { sub: "nowhere" }, { method });
  expect(answer.headers.get("Content-Type")).toBe("application/problem+json");
  expect(answer.headers.get("Cache-Control")).toBe("no-store");
  expect(await answer.json()).toEqual({
    type: "urn:latchkey:problem:not_found",
    title: "Not found",
    status: 404,
    detail: "There is no such route.",
    code: "not_found",
    mend: "caller",
    request_id: answer.headers.get("X-Request-Id"),
  });
});

test.each([
  ["/api/v1/auth/microsoft/callback", 400],
  ["/api/v1/beta/auth/microsoft/callback", 400],
  ["/api/v1/health/microsoft", 200],
])("%s answers %i without a caller, with and without a trailing slash", async (path, status) => {
  const headers = { "CF-Connecting-IP": "198.51.100.7" };
  const answers = [await call(path, undefined, { headers }), await call(`${path}/`, undefined, { headers })];
  expect(answers.map((answer) => answer.status)).toEqual([status, status]);
});

test("each request is one line, by its route and never by its URL", async () => {
  const lines = listen();
  const { state } = await begin({ sub: "log-line" });
  await comeBack(`/api/v1/auth/microsoft/callback?state=${state}&code=hush-hush`, "log-line", {
    "X-Request-Id": "trace-12345678",
  });
  const requests = parsed(lines).filter(({ event }) => event === "request");
  expect(requests.map(({ route, status, method }) => [method, route, status])).toEqual([
    ["GET", "/api/v1/auth/microsoft", 200],
    ["GET", "/api/v1/auth/microsoft/callback", expect.any(Number)],
  ]);
  expect(requests[1]).toMatchObject({
    level: "INFO",
    request_id: "trace-12345678",
    took_ms: expect.any(Number) as number,
  });
  expect(lines.join("\n")).not.toMatch(/hush-hush|\?/);
});

test("the lines of a request say whose it is, so that they can be joined with those of the keeper", async () => {
  const claims = { sub: "log-join" };
  const { connection } = await (await connect(claims)).json<{ connection: { id: string } }>();
  const linesOf = async (path: string) => {
    const lines = listen();
    await call(path, claims, { headers: { "X-Request-Id": "trace-join-1" } });
    vi.restoreAllMocks();
    return new Map(parsed(lines).map((line) => [line["event"], line]));
  };
  const whose = { request_id: "trace-join-1", system: "main", owner: "log-join" };
  const good = await linesOf("/api/v1/auth/microsoft/user");
  expect(good.get("request")).toMatchObject({ ...whose, connection: connection.id });
  expect((await linesOf("/api/v1/auth/microsoft/?mode=popup")).get("failure")).toMatchObject(whose);
  vi.useFakeTimers({ now: Date.now() + 2 * 3_600_000, toFake: ["Date"] });
  await sandbox("POST", "faults", { path: "/common/oauth2/v2.0/token", grant_type: "refresh_token", status: 503 });
  const bad = await linesOf("/api/v1/auth/microsoft/user");
  for (const event of ["refresh failed", "failure", "request"]) expect(bad.get(event)).toMatchObject(whose);
});

test("a callback's line says whose sign-in it ended, and which connection came of it", async () => {
  const lines = listen();
  const { connection } = await (await connect({ sub: "log-callback" })).json<{ connection: { id: string } }>();
  expect(parsed(lines).filter(({ event }) => event === "request")[1]).toMatchObject({
    system: "main",
    owner: "log-callback",
    connection: connection.id,
  });
});

test("what is recorded is logged with who did it, at which provider, for which request", async () => {
  const lines = listen();
  const { connection } = await (await connect({ sub: "log-trail" })).json<{ connection: { id: string } }>();
  const line = parsed(lines).find(({ event }) => event === "connect");
  expect(line).toMatchObject({ actor: "log-trail", provider: "microsoft", connection: connection.id, outcome: "ok" });
  expect(line?.["request_id"]).toEqual(expect.any(String));
});

test("a failure that somebody else can mend is no error line; one that the operator must mend is", async () => {
  const levels = async (act: () => Promise<Response>) => {
    const lines = listen();
    await act();
    const found = parsed(lines).filter(({ event }) => event === "failure");
    vi.restoreAllMocks();
    return found.map(({ level, failure, reason }) => [level, failure, reason]);
  };
  expect(await levels(() => call("/api/v1/auth/microsoft/user", { sub: "log-levels" }))).toEqual([
    ["INFO", "not_connected", undefined],
  ]);
  const broken = workerWith({ PUBLIC_URL: "" });
  expect(await levels(() => broken(new Request(ORIGIN + START)))).toEqual([
    ["ERROR", "internal", "config: PUBLIC_URL"],
  ]);
});

test("a body that is not JSON is the caller's mistake, and no error line", async () => {
  const lines = listen();
  const claims = { sub: "log-malformed" };
  const init = { method: "POST", body: "{", headers: { "Content-Type": "application/json" } };
  expect((await call("/api/v1/calendar/microsoft/events", claims, init)).status).toBe(400);
  const failures = parsed(lines).filter(({ event }) => event === "failure");
  expect(failures).toMatchObject([{ level: "INFO", failure: "malformed_json" }]);
});

test("a defect is logged whole and told to nobody", async () => {
  const lines = listen();
  const USER_KEEPER = {
    idFromName: () => {
      throw new TypeError("a defect with details");
    },
  };
  const headers = { Authorization: `Bearer ${await callerToken({ sub: "defect" })}` };
  const answer = await workerWith({ USER_KEEPER })(new Request(ORIGIN + START, { headers }));
  const problem = await problemOf(answer);
  expect(problem).toMatchObject({ status: 500, code: "internal" });
  expect(JSON.stringify(problem)).not.toContain("details");
  expect(lines.join("\n")).toContain("TypeError: a defect with details");
});

test("a database that cannot be read costs the user nothing but time", async () => {
  const claims = { sub: "db-down" };
  await connect(claims);
  await sandbox("DELETE", "faults");
  await env.DB.prepare("alter table connections rename to connections_away").run();
  const fresh = await call(START, { sub: "db-down-2" });
  const used = await call("/api/v1/auth/microsoft/user", claims);
  await env.DB.prepare("alter table connections_away rename to connections").run();
  expect([fresh.status, used.status]).toEqual([200, 200]);
});
