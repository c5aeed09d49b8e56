import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { ConnectionId } from "../../src/lib/ids.ts";
import { callerToken, listen, ORIGIN, sandbox, signIn, workerWith } from "../support.ts";
import { connectionIn } from "./flow.ts";

const HOURS_MS = 3_600_000;
const SUB = "redaction";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** Keeps every value of a secret nature that crosses between us and the provider, by where it was seen. */
function watchProvider(): Map<string, string> {
  const secrets = new Map<string, string>();
  const real = globalThis.fetch;
  const keep = (fields: Iterable<[string, unknown]>, where: string) => {
    for (const [name, value] of fields)
      if (SECRET_FIELDS.has(name) && typeof value === "string") secrets.set(value, `${name} of the ${where}`);
  };
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    keep(new URL(request.url).searchParams, "authorization request");
    const bearer = request.headers.get("Authorization")?.replace("Bearer ", "");
    if (bearer) secrets.set(bearer, "bearer of a request");
    if (request.url.endsWith("/token")) keep(new URLSearchParams(await request.clone().text()), "token request");
    const answer = await real(request);
    if (request.url.endsWith("/token"))
      keep(
        Object.entries(
          await answer
            .clone()
            .json<object>()
            .catch(() => ({})),
        ),
        "token answer",
      );
    return answer;
  });
  return secrets;
}

const SECRET_FIELDS = new Set(
  "state nonce code code_verifier client_secret access_token refresh_token id_token".split(" "),
);

/** A Worker that says all it can, and a caller's requests to it. Keeps the tokens that it calls with. */
function talkative(secrets: Map<string, string>) {
  const worker = workerWith({ LOG_LEVEL: "DEBUG" });
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = {}) => {
    const jwt = await callerToken({ sub: SUB });
    secrets.set(jwt, "caller's token");
    const all = { Authorization: `Bearer ${jwt}`, "Content-Type": "application/json", ...headers };
    const init = { method, headers: all, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    return worker(new Request(new URL(path, ORIGIN), init));
  };
}

// The keepers read their variables from here when they wake.
env.LOG_LEVEL = "DEBUG";

test("nothing secret is written to any log in the whole life of a connection", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const lines = listen();
  const secrets = watchProvider();
  const send = talkative(secrets);
  secrets.set(env.JWT_SECRET_KEY, "JWT secret");
  secrets.set(env.TOKEN_ENCRYPTION_KEY.replace("k1:", ""), "encryption key");

  const started = await send("GET", "/api/v1/auth/microsoft/?mode=redirect&login_hint=ana");
  const cookie = /^[^;]+/.exec(started.headers.get("Set-Cookie") ?? "")?.[0] ?? "";
  secrets.set(cookie.split("=")[1] ?? "", "cookie");
  const callback = await signIn(started.headers.get("Location") ?? "", "ana");
  secrets.set(new URL(callback).searchParams.get("code") ?? "", "code of the callback");
  const finished = await send("GET", callback, undefined, { Cookie: cookie });
  const { id } = await connectionIn(finished);
  expect((await send("GET", callback, undefined, { Cookie: cookie })).status).toBe(400);

  expect((await send("GET", "/api/v1/auth/microsoft/user")).status).toBe(200);
  const moment = { date_time: "2026-12-01T09:00:00", time_zone: "Europe/Rome" };
  const event = { subject: "x", start: moment, end: { ...moment, date_time: "2026-12-01T10:00:00" } };
  expect((await send("POST", "/api/v1/calendar/microsoft/events", event)).status).toBe(201);

  vi.setSystemTime(Date.now() + 2 * HOURS_MS);
  expect((await send("GET", "/api/v1/auth/microsoft/user")).status).toBe(200);
  vi.setSystemTime(Date.now() + 2 * HOURS_MS);
  // The worst that a provider can do: it writes every secret into its refusals.
  const message = [...secrets.keys()].join(" ");
  await sandbox("POST", "faults", { grant_type: "refresh_token", status: 503, body: message });
  expect((await send("GET", "/api/v1/auth/microsoft/user")).status).toBe(503);
  vi.setSystemTime(Date.now() + HOURS_MS);
  const refusal = { error: "invalid_grant", code: 50173, message };
  await sandbox("POST", "faults", { grant_type: "refresh_token", entra_error: refusal });
  expect((await send("GET", "/api/v1/auth/microsoft/user")).status).toBe(409);
  const keeper = env.USER_KEEPER.get(env.USER_KEEPER.idFromName(`main:${SUB}`));
  const left = await keeper.disconnect({ id: ConnectionId.parse(id), actor: SUB });
  expect(left).toMatchObject({ result: { ok: true } });
  await keeper.flush();

  const seen = new Set([...secrets.values()].map((where) => where.split(" ")[0]));
  // An access token of an answer is the bearer of the next request.
  const wanted = [...SECRET_FIELDS, "JWT", "bearer", "caller's", "cookie", "encryption"];
  expect(wanted.filter((kind) => !seen.has(kind))).toEqual(["access_token"]);
  for (const secret of secrets.keys()) expect(secret.length).toBeGreaterThan(10);
  const events = lines.map((line) => (JSON.parse(line) as { event: string }).event);
  for (const name of ["outbound", "connect", "request", "refresh", "refresh failed", "failure", "disconnect"])
    expect(events).toContain(name);
  expect(lines.filter((line) => line.includes("microsoft token"))).not.toEqual([]);
  const output = lines.join("\n");
  const leaked = [...secrets].filter(([secret]) => output.includes(secret)).map(([, where]) => where);
  expect(leaked).toEqual([]);
});
