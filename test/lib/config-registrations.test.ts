import { expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/lib/config.ts";

const SOUND = {
  PUBLIC_URL: "https://latchkey.example.com",
  JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
};
const MICROSOFT = { MICROSOFT_CLIENT_ID: "app", MICROSOFT_CLIENT_SECRET: "app-secret" };
const CERTIFICATE = [
  "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----",
  "-----BEGIN CERTIFICATE-----\nBBBB\n-----END CERTIFICATE-----",
].join("\n");

const problemsOf = ({ problems }: Config) => problems.map(({ variable, scope }) => `${variable} ${scope}`);

test("Microsoft may be proved by a certificate instead of a secret, or beside it", () => {
  const alone = parseConfig({ ...SOUND, MICROSOFT_CLIENT_ID: "app", MICROSOFT_CLIENT_CERTIFICATE: CERTIFICATE });
  expect(alone.problems).toEqual([]);
  expect(alone.microsoft).toMatchObject({ clientSecrets: [], certificate: { der: "BBBB" } });
  const both = parseConfig({ ...SOUND, ...MICROSOFT, MICROSOFT_CLIENT_CERTIFICATE: CERTIFICATE });
  expect(both.microsoft).toMatchObject({ clientSecrets: ["app-secret"], certificate: { der: "BBBB" } });
});

test("a mail registration of its own has neither the main one's certificate nor its date", () => {
  const { mail } = parseConfig({
    ...SOUND,
    ...MICROSOFT,
    MICROSOFT_CLIENT_CERTIFICATE: CERTIFICATE,
    MICROSOFT_CLIENT_SECRET_EXPIRES_AT: "2027-03-01",
    MICROSOFT_OAUTH_CLIENT_ID: "mail",
    MICROSOFT_OAUTH_CLIENT_SECRET: "mail-secret",
  });
  expect(mail).toMatchObject({ clientId: "mail", certificate: undefined, secretExpiresAt: undefined });
});

test("Google and Notion may be left out; where one is begun, what is missing is named", () => {
  const untouched = parseConfig({ ...SOUND, ...MICROSOFT });
  expect([untouched.google, untouched.notion, untouched.problems]).toEqual([undefined, undefined, []]);
  for (const name of ["GOOGLE", "NOTION"]) {
    const scope = name.toLowerCase();
    const without = (part: object) => problemsOf(parseConfig({ ...SOUND, ...MICROSOFT, ...part }));
    expect(without({ [`${name}_CLIENT_ID`]: "x" })).toEqual([`${name}_CLIENT_SECRET ${scope}`]);
    expect(without({ [`${name}_CLIENT_SECRET`]: "x" })).toEqual([`${name}_CLIENT_ID ${scope}`]);
  }
});

test.each([
  ["GOOGLE_API_URL", "mars", "google"],
  ["GOOGLE_TOKEN_URL", "http://plain.example", "google"],
  ["GOOGLE_CLIENT_SECRET_EXPIRES_AT", "soon", "google"],
  ["NOTION_API_URL", "http://plain.example", "notion"],
  ["MICROSOFT_CLIENT_CERTIFICATE", "mars", "microsoft"],
  ["MICROSOFT_CLIENT_SECRET_EXPIRES_AT", "soon", "microsoft"],
  ["MICROSOFT_OAUTH_TENANT_ID", "mars", "mail"],
  ["MICROSOFT_OAUTH_REDIRECT_URI", "http://plain.example", "mail"],
  ["CUSTOM_PROVIDERS", "mars", "custom"],
  ["SCOPE_POLICY", "mars", "core"],
  ["AUDIT_RETENTION_DAYS", "mars", "optional"],
  ["AUDIT_PROXY_SAMPLE", "mars", "optional"],
  ["WEBHOOKS", "mars", "optional"],
])("a wrong %s stops what it is for: %s, %s", (variable, value, scope) => {
  const config = parseConfig({ ...SOUND, ...MICROSOFT, [variable]: value });
  expect(problemsOf(config)).toEqual([`${variable} ${scope}`]);
});

test("what is not said has its default", () => {
  expect(parseConfig({ ...SOUND, ...MICROSOFT })).toMatchObject({
    googleTesting: false,
    custom: [],
    scopePolicy: {},
    scopePolicyVersion: "1",
    auditRetentionDays: 400,
    auditProxySample: 1,
    webhooks: [],
  });
});

test("a provider without variables of its own is registered by its id", () => {
  const read = (env: object) => parseConfig({ ...SOUND, ...MICROSOFT, ...env });
  const both = { MADE_UP_CLIENT_ID: "m", MADE_UP_CLIENT_SECRET: "s1, s2" };
  const dated = read({ ...both, MADE_UP_CLIENT_SECRET_EXPIRES_AT: "2027-03-01" });
  expect([dated.registrations, dated.problems]).toEqual([
    {
      "made-up": { clientId: "m", clientSecrets: ["s1", "s2"], secretExpiresAt: Date.parse("2027-03-01T00:00:00Z") },
    },
    [],
  ]);
  expect(read({ ...MICROSOFT, GOOGLE_CLIENT_ID: "g", GOOGLE_CLIENT_SECRET: "s" }).registrations).toEqual({});
  expect(read({ MADE_UP_CLIENT_ID: " ", OTHER_CLIENT: "x", x_CLIENT_ID: "x" })).toMatchObject({
    registrations: {},
    problems: [],
  });
  for (const missing of ["MADE_UP_CLIENT_ID", "MADE_UP_CLIENT_SECRET"]) {
    const half = read({ ...both, [missing]: "" });
    expect(half.registrations).toEqual({});
    expect(problemsOf(half)).toEqual([`${missing} client:made-up`]);
  }
  expect(problemsOf(read({ ...both, MADE_UP_CLIENT_SECRET_EXPIRES_AT: "soon" }))).toEqual([
    "MADE_UP_CLIENT_SECRET_EXPIRES_AT client:made-up",
  ]);
});
