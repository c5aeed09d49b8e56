import { expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/lib/config.ts";
import { limitFor } from "../../src/lib/limits.ts";

const SOUND = {
  PUBLIC_URL: "https://latchkey.example.com",
  JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
  MICROSOFT_CLIENT_ID: "app",
  MICROSOFT_CLIENT_SECRET: "app-secret",
};
const KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

const namesOf = ({ problems }: Config) => problems.map(({ variable }) => variable);

test.each([
  ["SECRET_KEY", "JWT_SECRET_KEY", "another-secret-of-at-least-32-bytes"],
  ["CREDENTIAL_ENCRYPTION_KEY", "TOKEN_ENCRYPTION_KEY", KEY],
  ["MSCLIENTID", "MICROSOFT_CLIENT_ID", "old-app"],
  ["MSCLIENTSECRET", "MICROSOFT_CLIENT_SECRET", "old-secret"],
  ["MSTENANTID", "MICROSOFT_TENANT_ID", "contoso.example"],
  ["REDIRECT_URI", "MICROSOFT_REDIRECT_URI", "https://old.example.com/cb"],
])("%s is read as %s, which wins where both are set", (alias, name, value) => {
  const { [name]: _gone, ...without } = SOUND as Record<string, string>;
  expect(parseConfig({ ...without, [alias]: value })).toEqual(parseConfig({ ...without, [name]: value }));
  expect(parseConfig({ ...SOUND, [alias]: "!", [name]: value })).toEqual(parseConfig({ ...SOUND, [name]: value }));
});

test("a wrong alias is reported under the name that this Worker uses", () => {
  expect(namesOf(parseConfig({ ...SOUND, MSTENANTID: "nowhere" }))).toEqual(["MICROSOFT_TENANT_ID"]);
});

test("nothing set at all is production, and names every variable that is missing", () => {
  const config = parseConfig({});
  expect(config.environment).toBe("production");
  expect(namesOf(config).toSorted()).toEqual([
    "JWT_SECRET_KEY",
    "MICROSOFT_CLIENT_ID",
    "MICROSOFT_CLIENT_SECRET",
    "PUBLIC_URL",
    "TOKEN_ENCRYPTION_KEY",
  ]);
  expect(config.microsoft).toBeUndefined();
  expect(config.callerKeys).toBeUndefined();
});

test("each missing variable comes with how to get one", () => {
  const messages = Object.fromEntries(parseConfig({}).problems.map(({ variable, message }) => [variable, message]));
  expect(messages["JWT_SECRET_KEY"]).toMatch(/openssl rand -base64 32.*JWT_JWKS_URL/);
  expect(messages["TOKEN_ENCRYPTION_KEY"]).toMatch(/openssl rand -base64 32/);
  expect(messages["PUBLIC_URL"]).toMatch(/such as https:/);
  expect(messages["MICROSOFT_CLIENT_ID"]).toMatch(/App registrations/);
});

test("what is not set has its documented default", () => {
  expect(parseConfig({ ...SOUND, ENVIRONMENT: "development" })).toMatchObject({
    cloud: "global",
    corsOrigins: [],
    returnToOrigins: [],
    limits: {},
    logLevel: "INFO",
    microsoft: { tenant: "common", redirectUri: undefined },
    problems: [],
  });
});

test.each(["PUBLIC_URL", "JWT_JWKS_URL", "MICROSOFT_LOGIN_URL", "MICROSOFT_GRAPH_URL", "MICROSOFT_REDIRECT_URI"])(
  "%s may be http in development alone",
  (variable) => {
    const env = { ...SOUND, [variable]: "http://localhost:8787" };
    expect(namesOf(parseConfig({ ...env, ENVIRONMENT: "development" }))).toEqual([]);
    expect(namesOf(parseConfig({ ...env, ENVIRONMENT: "production" }))).toEqual([variable]);
    expect(namesOf(parseConfig(env))).toEqual([variable]);
  },
);

test("development needs no PUBLIC_URL", () => {
  const { PUBLIC_URL: _gone, ...env } = SOUND;
  expect(parseConfig({ ...env, ENVIRONMENT: "development" })).toMatchObject({
    publicUrl: "http://localhost:8787",
    problems: [],
  });
});

test("a JWKS needs no secret, but then an encryption key of its own", () => {
  const { JWT_SECRET_KEY: _gone, ...rest } = SOUND;
  const env = { ...rest, JWT_JWKS_URL: "https://id.example.com/jwks" };
  expect(namesOf(parseConfig(env))).toEqual(["TOKEN_ENCRYPTION_KEY"]);
  expect(namesOf(parseConfig({ ...env, TOKEN_ENCRYPTION_KEY: KEY }))).toEqual([]);
});

test("with a JWKS and a secret callers are checked by the JWKS", () => {
  const config = parseConfig({ ...SOUND, JWT_JWKS_URL: "https://id.example.com/jwks" });
  expect(config.callerKeys).toEqual({ kind: "jwks", url: "https://id.example.com/jwks" });
});

test("an encryption key may be base64, base64url or several with names", () => {
  const bytes = (text: string) => parseConfig({ ...SOUND, TOKEN_ENCRYPTION_KEY: text }).ringKeys;
  const high = btoa(String.fromCharCode(...Array.from({ length: 32 }, () => 0xfb)));
  const url = high.replaceAll("+", "-").replaceAll("/", "_");
  expect(url).not.toBe(high);
  expect(bytes(url)).toEqual(bytes(high));
  expect(bytes(url.replace("=", ""))).toEqual(bytes(high));
  expect(bytes(`new:${KEY}, old:${high}`).map(({ id }) => id)).toEqual(["new", "old"]);
});

test("the mail registration is the main one until it has an id or a secret of its own", () => {
  const own = { MICROSOFT_OAUTH_CLIENT_ID: "mail", MICROSOFT_OAUTH_CLIENT_SECRET: "s" };
  const main = { MICROSOFT_TENANT_ID: "contoso.example", MICROSOFT_REDIRECT_URI: "https://a.example/main" };
  expect(parseConfig({ ...SOUND, ...main })).toMatchObject({
    mail: { clientId: "app", tenant: "contoso.example", redirectUri: undefined },
    mailIsOwn: false,
  });
  expect(parseConfig({ ...SOUND, ...main, ...own })).toMatchObject({
    mail: { clientId: "mail", clientSecrets: ["s"], tenant: "contoso.example", redirectUri: undefined },
    mailIsOwn: true,
    problems: [],
  });
  expect(parseConfig({ ...SOUND, ...own }).mail?.tenant).toBe("common");
  const elsewhere = { MICROSOFT_OAUTH_TENANT_ID: "consumers" };
  expect(parseConfig({ ...SOUND, ...main, ...own, ...elsewhere }).mail?.tenant).toBe("consumers");
});

test.each(["MICROSOFT_OAUTH_CLIENT_ID", "MICROSOFT_OAUTH_CLIENT_SECRET"])(
  "half a mail registration, %s alone, is none, and names its other half",
  (given) => {
    const { mail, microsoft, problems } = parseConfig({ ...SOUND, [given]: "x" });
    expect([mail, microsoft?.clientId]).toEqual([undefined, "app"]);
    expect(problems).toMatchObject([{ scope: "mail", message: expect.stringContaining(`belongs to ${given}`) }]);
  },
);

test("a problem says what cannot work because of it", () => {
  const scopes = (env: object) => parseConfig({ ...SOUND, ...env }).problems.map(({ scope }) => scope);
  expect(scopes({ JWT_SECRET_KEY: "short" })).toEqual(["core", "core"]);
  expect(scopes({ TOKEN_ENCRYPTION_KEY: "short" })).toEqual(["core"]);
  expect(scopes({ MICROSOFT_CLOUD: "mars" })).toEqual(["microsoft"]);
  expect(scopes({ CORS_ORIGINS: "mars" })).toEqual(["optional"]);
});

test("no secret of a broken environment stands in any message", () => {
  const env = {
    JWT_SECRET_KEY: "too-short-secret",
    TOKEN_ENCRYPTION_KEY: "not-a-key-at-all",
    CUSTOM_PROVIDERS: '[{"id":"x","client_secret":"hush-hush-hush"}]',
    RATE_LIMITS: "secret-looking-thing",
  };
  const messages = JSON.stringify(parseConfig(env).problems);
  for (const secret of ["too-short-secret", "not-a-key-at-all", "hush-hush-hush", "secret-looking-thing"])
    expect(messages).not.toContain(secret);
});

test("RATE_LIMITS replaces the limit that it names and no other", () => {
  const config = parseConfig({ ...SOUND, RATE_LIMITS: "profile=7/30" });
  expect(limitFor(config, "profile")).toEqual({ bucket: "profile", quota: 7, windowMs: 30_000 });
  expect(limitFor(config, "authorize")).toEqual({ bucket: "authorize", quota: 10, windowMs: 60_000 });
});

test("a binding that is not text is not a variable", () => {
  expect(namesOf(parseConfig({ ...SOUND, JWT_ISSUER: { fetch: () => undefined }, LOG_LEVEL: 3 }))).toEqual([]);
});

test.each(["CUSTOM_PROVIDERS", "WEBHOOKS"])("where %s is no JSON, that is what is said", (variable) => {
  const { problems } = parseConfig({ ...SOUND, [variable]: '[{"id":"acme",]' });
  expect(problems).toMatchObject([{ variable, message: expect.stringContaining("this is not JSON") as string }]);
});
