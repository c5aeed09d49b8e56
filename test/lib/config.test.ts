import { expect, test } from "vitest";
import { parseConfig } from "../../src/lib/config.ts";
import { VARIABLES } from "../../src/lib/config-variables.ts";
import { ABSOLUTE, NO_URLS, PROVIDER_ROWS, type Row } from "./config-rows.ts";

/** An environment that nothing is wrong with. */
const SOUND: Readonly<Record<string, string>> = {
  ENVIRONMENT: "production",
  PUBLIC_URL: "https://latchkey.example.com",
  JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
  MICROSOFT_CLIENT_ID: "app",
  MICROSOFT_CLIENT_SECRET: "app-secret",
};

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const TABLE: readonly Row[] = [
  ...PROVIDER_ROWS,
  {
    variable: "ENVIRONMENT",
    good: "development",
    read: (config) => config.environment,
    expected: "development",
    bad: ["staging", "Production"],
    says: /development or production/,
  },
  {
    variable: "PUBLIC_URL",
    good: "https://keys.example.com/",
    read: (config) => config.publicUrl,
    expected: "https://keys.example.com",
    bad: [...NO_URLS, "https://keys.example.com/#top"],
    says: ABSOLUTE,
  },
  {
    variable: "JWT_SECRET_KEY",
    good: "x".repeat(32),
    read: (config) => config.callerKeys,
    expected: { kind: "secret", secret: new TextEncoder().encode("x".repeat(32)) },
    bad: ["y".repeat(31)],
    says: /32 bytes or more; make one with: openssl rand -base64 32/,
  },
  {
    variable: "JWT_JWKS_URL",
    good: "https://id.example.com/jwks",
    read: (config) => config.callerKeys,
    expected: { kind: "jwks", url: "https://id.example.com/jwks" },
    bad: NO_URLS,
    says: ABSOLUTE,
  },
  { variable: "JWT_ISSUER", good: "https://id/", read: (config) => config.jwt.issuer, expected: "https://id/" },
  { variable: "JWT_AUDIENCE", good: " latchkey ", read: (config) => config.jwt.audience, expected: "latchkey" },
  {
    variable: "TOKEN_ENCRYPTION_KEY",
    good: KEY,
    read: (config) => config.ringKeys.map(({ id, bytes }) => [id, bytes[31]]),
    expected: [[undefined, 31]],
    bad: ["c2hvcnQ=", KEY.slice(1), `derived:${KEY}`, `k1:${KEY},k1:${KEY}`, `k1:${KEY},nonsense-value`, ","],
    says: /(make one with: openssl rand -base64 32|every key id once)$/,
  },
  {
    variable: "SCOPE_POLICY",
    good: '{"user":{"google":["calendar.read"],"*":[]}}',
    read: (config) => config.scopePolicy,
    expected: { user: { google: ["calendar.read"], "*": [] } },
    bad: [
      '{"users":{"google":[]}}',
      '{"constructor":{}}',
      "calendar.read",
      '["user"]',
      '{"user":["google"]}',
      '{"user":{"google":"calendar.read"}}',
    ],
    says: /JSON such as .*role, provider, scopes or features/,
  },
  {
    variable: "SCOPE_POLICY_VERSION",
    good: " 2026-11 ",
    read: (config) => config.scopePolicyVersion,
    expected: "2026-11",
  },
  {
    variable: "AUDIT_RETENTION_DAYS",
    good: "30",
    read: (config) => config.auditRetentionDays,
    expected: 30,
    bad: ["0", "1.5", "forever", "-1"],
    says: /days|a day or more/,
  },
  {
    variable: "AUDIT_PROXY_SAMPLE",
    good: "0.25",
    read: (config) => config.auditProxySample,
    expected: 0.25,
    bad: ["2", "-0.1", "half"],
    says: /from 0 to 1|0 or more|1 or less/,
  },
  {
    variable: "WEBHOOKS",
    good: `[{"url":"https://app.example.com/hooks","secrets":["whsec_${KEY}"]}]`,
    read: (config) => config.webhooks.map(({ id }) => id),
    expected: ["app.example.com/hooks"],
    bad: ["https://app.example.com/hooks", '[{"url":"https://app.example.com/hooks"}]'],
    says: /JSON list of \{url, secrets\}/,
  },
  {
    variable: "RETURN_TO_ORIGINS",
    good: "https://app.example.com, http://localhost:3000",
    read: (config) => config.returnToOrigins,
    expected: ["https://app.example.com", "http://localhost:3000"],
    bad: ["https://app.example.com/", "*", "app.contoso.example", "https://APP.example.com"],
    says: /origins such as https:\/\/app.example.com/,
  },
  {
    variable: "RATE_LIMITS",
    good: "events_read=500/60, callback=5/3600",
    read: (config) => config.limits,
    expected: { events_read: { quota: 500, windowS: 60 }, callback: { quota: 5, windowS: 3_600 } },
    bad: ["events_read:500", "events_read=0/60", "events_read=5/0", "a=1/1;b=2/2"],
    says: /bucket=quota\/seconds/,
  },
  {
    variable: "CORS_ORIGINS",
    good: "*",
    read: (config) => config.corsOrigins,
    expected: "*",
    bad: ["https://app.example.com/path", "*.example.com"],
  },
  {
    variable: "LOG_LEVEL",
    good: "DEBUG",
    read: (config) => config.logLevel,
    expected: "DEBUG",
    bad: ["debug", "TRACE"],
    says: /DEBUG, INFO, WARN, ERROR/,
  },
];

const BAD = TABLE.flatMap(({ bad = [], says = /expected/, variable }) =>
  bad.map((value) => ({ variable, value, says, title: `${variable}=${value}` })),
);

test.each(TABLE)("$variable takes a good value", ({ variable, good, beside, read = () => undefined, expected }) => {
  const config = parseConfig({ ...SOUND, ...beside, [variable]: good });
  expect(config.problems).toEqual([]);
  expect(read(config)).toEqual(expected);
});

test.each(BAD)("$title is refused by name, with help, without the value", ({ variable, value, says }) => {
  const problem = parseConfig({ ...SOUND, [variable]: value }).problems.find((one) => one.variable === variable);
  expect(problem?.message).toMatch(says);
  expect(problem?.message.split(/[ ;,]+/)).not.toContain(value);
});

test.each(TABLE.map(({ variable }) => variable))("a blank %s counts as absent", (variable) => {
  const { [variable]: _unset, ...without } = SOUND;
  expect(parseConfig({ ...SOUND, [variable]: "  " }).problems).toEqual(parseConfig(without).problems);
});

test("every variable that is read stands in this table", () => {
  expect(TABLE.map(({ variable }) => variable).toSorted()).toEqual(Object.keys(VARIABLES).toSorted());
});
