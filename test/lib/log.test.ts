import { afterEach, expect, test, vi } from "vitest";
import { createLogger, describeError, LOG_LEVELS, redact, redactText } from "../../src/lib/log.ts";

const JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ.c2lnbmF0dXJl";
const SEALED = "v1.k1.oKGio6Slpqeoqaqr.1jY9dS6KL95CF-K1dR-ztg";
const REFRESH = `1.AXkA${"aB3-_".repeat(20)}`;

afterEach(() => {
  vi.restoreAllMocks();
});

/** Everything that is written to the console from now on. */
function listen(): { line: Record<string, unknown>; method: string }[] {
  const heard: { line: Record<string, unknown>; method: string }[] = [];
  for (const method of ["debug", "info", "warn", "error", "log"] as const) {
    vi.spyOn(console, method).mockImplementation((line: unknown) => {
      heard.push({ method, line: JSON.parse(String(line)) as Record<string, unknown> });
    });
  }
  return heard;
}

test("a line is one JSON object with level, time and event, then its fields", () => {
  const heard = listen();
  createLogger("INFO", { request_id: "r1" }).with({ system: "main" }).info("connect", { outcome: "ok", took_ms: 3 });
  expect(heard).toEqual([
    {
      method: "info",
      line: {
        level: "INFO",
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/) as string,
        event: "connect",
        request_id: "r1",
        system: "main",
        outcome: "ok",
        took_ms: 3,
      },
    },
  ]);
});

test.each(LOG_LEVELS.map((level, index) => [level, LOG_LEVELS.slice(index)] as const))(
  "at %s the levels %j are written, each by its own console method",
  (level, written) => {
    const heard = listen();
    const log = createLogger(level);
    log.debug("e");
    log.info("e");
    log.warn("e");
    log.error("e");
    expect(heard.map(({ line }) => line["level"])).toEqual(written);
    expect(heard.map(({ method }) => method.toUpperCase())).toEqual(written);
  },
);

test.each([
  "access_token",
  "refreshToken",
  "client_secret",
  "Authorization",
  "set-cookie",
  "password",
  "code",
  "state",
  "nonce",
  "code_verifier",
  "client_assertion",
  "sealed",
  "sasl",
])("the field %s is never written, however short its value", (name) => {
  expect(redact({ [name]: "hush" })).toEqual({ [name]: "[redacted]" });
  expect(redact({ deep: { [name]: ["hush"] } })).toEqual({ deep: { [name]: "[redacted]" } });
});

test.each(["provider_code", "status", "failure", "reason", "owner", "connection", "statuses"])(
  "the field %s is written",
  (name) => {
    expect(redact({ [name]: "plain words" })).toEqual({ [name]: "plain words" });
  },
);

test("a count under a secret-sounding name says nothing secret", () => {
  expect(redact({ token_count: 3, has_secret: true, token: null })).toEqual({
    token_count: 3,
    has_secret: true,
    token: null,
  });
});

test.each([
  ["a JWT", JWT],
  ["an unfinished JWT", JWT.split(".").slice(0, 2).join(".")],
  ["a sealed value", SEALED],
  ["a refresh token", REFRESH],
  ["an authorization code", `0.${"Ab9~".repeat(20)}`],
  ["a key in base64", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCU="],
])("%s is cut out of any text, and the words around it stay", (_what, secret) => {
  const text = redactText(`before ${secret} after`);
  expect(text).toMatch(/^before (\d\.)?\[redacted\] after$/);
  expect(JSON.stringify(redact({ note: { list: [secret, `x=${secret}`] } }))).not.toContain(secret.slice(3));
});

test("ids, times and addresses are short enough to stay readable", () => {
  const text =
    "con_000000000000000000000001 8f14e45f-ceea-467f-a8d0-6d1f1d3d8a11 2026-11-20T10:00:00.000Z ana@contoso.example AADSTS50173";
  expect(redactText(text)).toBe(text);
});

test("an error is written with its causes and without secrets", () => {
  const error = new TypeError("outer", { cause: new Error(`inner ${JWT}`) });
  expect(describeError(error)).toMatch(/^TypeError: outer <- Error: inner eyJ/);
  expect(redact({ cause: error })).toEqual({ cause: "TypeError: outer <- Error: inner [redacted]" });
});

test("what is nested deeper than anybody reads cannot smuggle a secret out", () => {
  const deep = { a: { b: { c: { d: { e: { f: JWT, token: "hush" } } } } } };
  expect(JSON.stringify(redact(deep))).not.toMatch(/eyJ|hush/);
});
