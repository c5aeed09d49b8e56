import { expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/lib/config.ts";

/** An environment that nothing is wrong with. */
const SOUND = {
  ENVIRONMENT: "production",
  PUBLIC_URL: "https://latchkey.example.com",
  JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
  MICROSOFT_CLIENT_ID: "app",
  MICROSOFT_CLIENT_SECRET: "app-secret",
};

const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

/** A variable, a good value and what it is read as; values that are refused, and how the message helps. */
interface Row {
  readonly variable: string;
  readonly good: string;
  readonly read?: (config: Config) => unknown;
  readonly expected?: unknown;
  readonly bad?: readonly string[];
  readonly says?: RegExp;
}

const ABSOLUTE = /absolute URL such as https:/;
const NO_URLS = [
  "login.contoso",
  "ftp://login.example.com",
  "https://user@login.example.com",
  "https://:pw@example.com",
];

const TABLE: readonly Row[] = [
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
  { variable: "MICROSOFT_CLIENT_ID", good: "app-2", read: (config) => config.microsoft?.clientId, expected: "app-2" },
  {
    variable: "MICROSOFT_CLIENT_SECRET",
    good: "old-one, new-one",
    read: (config) => config.microsoft?.clientSecrets,
    expected: ["old-one", "new-one"],
    bad: [" , ,"],
    says: /expected .*secret/,
  },
  {
    variable: "MICROSOFT_TENANT_ID",
    good: "contoso.example",
    read: (config) => config.microsoft?.tenant,
    expected: "contoso.example",
    bad: ["contoso", "a/../b.example", "7d1f0c2e-5b9a-4a1e-9b7e"],
    says: /common, organizations, consumers, a tenant's GUID or its domain/,
  },
  {
    variable: "MICROSOFT_REDIRECT_URI",
    good: "https://old.example.com/callback",
    read: (config) => config.microsoft?.redirectUri,
    expected: "https://old.example.com/callback",
    bad: ["/callback"],
    says: ABSOLUTE,
  },
  { variable: "MICROSOFT_OAUTH_CLIENT_ID", good: "mail-app" },
  { variable: "MICROSOFT_OAUTH_CLIENT_SECRET", good: "mail-secret", bad: [",,,,,,"], says: /expected .*secret/ },
  { variable: "MICROSOFT_OAUTH_TENANT_ID", good: "consumers", bad: ["every-one"], says: /a tenant's GUID/ },
  { variable: "MICROSOFT_OAUTH_REDIRECT_URI", good: "https://a.example/cb", bad: ["callback"], says: ABSOLUTE },
  {
    variable: "MICROSOFT_CLOUD",
    good: "usgov",
    read: (config) => config.cloud,
    expected: "usgov",
    bad: ["germany"],
    says: /global, usgov, dod or china/,
  },
  {
    variable: "MICROSOFT_LOGIN_URL",
    good: "https://login.example.com//",
    read: (config) => config.loginUrl,
    expected: "https://login.example.com",
    bad: NO_URLS,
    says: ABSOLUTE,
  },
  {
    variable: "MICROSOFT_GRAPH_URL",
    good: "https://graph.example.com",
    read: (config) => config.graphUrl,
    expected: "https://graph.example.com",
    bad: NO_URLS,
    says: ABSOLUTE,
  },
  { variable: "GOOGLE_ACCOUNTS_URL", good: "https://accounts.example.com", bad: ["accounts"], says: ABSOLUTE },
  { variable: "GOOGLE_TOKEN_URL", good: "https://oauth2.example.com", bad: ["oauth2.example"], says: ABSOLUTE },
  { variable: "GOOGLE_API_URL", good: "https://www.example.com", bad: ["//www.example.com"], says: ABSOLUTE },
  { variable: "NOTION_API_URL", good: "https://notion.example.com", bad: ["notion.example"], says: ABSOLUTE },
  { variable: "GOOGLE_CLIENT_ID", good: "g" },
  { variable: "GOOGLE_CLIENT_SECRET", good: "g" },
  { variable: "NOTION_CLIENT_ID", good: "n" },
  { variable: "NOTION_CLIENT_SECRET", good: "n" },
  {
    variable: "CUSTOM_PROVIDERS",
    good: '[{"id":"acme","name":"Acme","issuer":"https://id.acme.example","client_id":"c"}]',
    bad: ["acme-provider", '[{"id":"acme","name":"Acme","client_id":"c"}]', '[{"id":"Acme!","name":"A"}]'],
    says: /JSON list of providers/,
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

test.each(TABLE)("$variable takes a good value", ({ variable, good, read = () => undefined, expected }) => {
  const config = parseConfig({ ...SOUND, [variable]: good });
  expect(config.problems).toEqual([]);
  expect(read(config)).toEqual(expected);
});

test.each(BAD)("$title is refused by name, with help, without the value", ({ variable, value, says }) => {
  const problem = parseConfig({ ...SOUND, [variable]: value }).problems.find((one) => one.variable === variable);
  expect(problem?.message).toMatch(says);
  expect(problem?.message.split(/[ ;,]+/)).not.toContain(value);
});

test.each(TABLE.map(({ variable }) => variable))("a blank %s counts as absent", (variable) => {
  const { [variable]: _unset, ...without } = SOUND as Record<string, string>;
  expect(parseConfig({ ...SOUND, [variable]: "  " }).problems).toEqual(parseConfig(without).problems);
});
