import { expect, test } from "vitest";
import { type Config, parseConfig } from "../../src/lib/config.ts";

const ISSUER = "https://id.acme.example";
const ACME = { id: "acme", name: "Acme", issuer: ISSUER, client_id: "c" };
const ENDPOINTS = { issuer: undefined, authorization_endpoint: `${ISSUER}/a`, token_endpoint: `${ISSUER}/t` };

function read(own: object | readonly object[], environment = "production"): Config {
  return parseConfig({
    ENVIRONMENT: environment,
    PUBLIC_URL: "https://latchkey.example.com",
    JWT_SECRET_KEY: "a-secret-of-thirty-two-bytes-or-so",
    MICROSOFT_CLIENT_ID: "app",
    MICROSOFT_CLIENT_SECRET: "app-secret",
    CUSTOM_PROVIDERS: JSON.stringify(Array.isArray(own) ? own : [own]),
  });
}

/** The one thing that is wrong. */
function troubleOf(own: object | readonly object[], environment?: string): string | undefined {
  const { problems } = read(own, environment);
  expect(problems.map(({ variable, scope }) => [variable, scope])).toEqual([["CUSTOM_PROVIDERS", "custom"]]);
  return problems[0]?.message;
}

test("what is left out has its usual value", () => {
  expect(read(ACME).custom).toEqual([
    {
      ...ACME,
      discover: true,
      client_secret: [],
      pkce: true,
      scopes: [],
      features: {},
      authorize_parameters: {},
      authorize_parameters_without_refresh_token: {},
      account_fields: { account: "sub", name: "name", address: "email", picture: "picture" },
      requests_per_minute: 300,
    },
  ]);
});

const GOOD: [what: string, own: object][] = [
  ["endpoints without an issuer", { ...ACME, ...ENDPOINTS }],
  [
    "an issuer that is not discovered, with its keys",
    { ...ACME, ...ENDPOINTS, issuer: ISSUER, discover: false, jwks_uri: `${ISSUER}/k`, scopes: ["openid"] },
  ],
  ["no secret, and none needed", { ...ACME, client_authentication: "none" }],
  ["a feature for every grant", { ...ACME, features: { profile: [] } }],
  [
    "a feature with a scope that is asked for on demand",
    {
      ...ACME,
      scopes: [{ scope: "cal", default: false }],
      features: { "calendar.read": ["cal"] },
    },
  ],
];

test.each(GOOD)("%s will do", (_, own) => {
  expect(read(own).problems).toEqual([]);
});

const KEY = { pem: "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----", alg: "RS256" };
const WRONG: [says: string, own: object][] = [
  ["0.scopes.0: expected a scope, or {scope", { ...ACME, scopes: [{ scope: "a", sensitivity: "high" }] }],
  ["0.client_secret: expected a secret, or a list of them", { ...ACME, client_secret: "" }],
  ["0.client_secret_expires_at: expected a time such as", { ...ACME, client_secret_expires_at: "soon" }],
  ["0.refresh_token_idle_days: ", { ...ACME, refresh_token_idle_days: 1e308 }],
  ["0: needs an issuer, or an authorization_endpoint and a token_endpoint", { ...ACME, issuer: undefined }],
  ["0: needs an issuer, or an authorization_endpoint and a token_endpoint", { ...ACME, discover: false }],
  ["0.scopes: openid needs an issuer", { ...ACME, ...ENDPOINTS, scopes: ["openid"] }],
  ["0.scopes: openid needs an issuer", { ...ACME, ...ENDPOINTS, issuer: ISSUER, discover: false, scopes: ["openid"] }],
  ["0.private_key: private_key_jwt needs a private_key", { ...ACME, client_authentication: "private_key_jwt" }],
  ["0.client_secret: client_authentication basic needs a client_secret", { ...ACME, client_authentication: "basic" }],
  ["0.features.calendar.raed: expected one of profile, calendar.read", { ...ACME, features: { "calendar.raed": [] } }],
  ["0.features.constructor: expected one of profile", { ...ACME, features: { constructor: [] } }],
  ["0.features.mail.read: expected scopes that are listed", { ...ACME, features: { "mail.read": ["mail"] } }],
  ["0.scopes.1: expected one scope per entry", { ...ACME, scopes: ["a", "b c"] }],
  ["0.id: expected 2 to 32 of a-z, 0-9 and -", { ...ACME, id: "Acme" }],
  ["0.issuer: expected an absolute http(s) URL", { ...ACME, issuer: "id.acme.example" }],
  ["0.issuer: expected an absolute http(s) URL", { ...ACME, issuer: "ftp://id.acme.example" }],
  ["0.issuer: expected a URL without a user name", { ...ACME, issuer: "https://me:pw@id.acme.example" }],
  ["0.token_endpoint: expected a URL without a user name or a fragment", { ...ACME, token_endpoint: `${ISSUER}/#t` }],
  ["0.private_key.pem: expected a PEM with PRIVATE KEY", { ...ACME, private_key: { ...KEY, pem: "AAAA" } }],
  ["0.authorize_parameters: client_id, response_type", { ...ACME, authorize_parameters: { state: "1" } }],
  ["0.requests_per_minute", { ...ACME, requests_per_minute: 0 }],
  ["0: Unrecognized key", { ...ACME, secret: "hush-hush" }],
];

test.each(WRONG)("%s", (says, own) => {
  expect(troubleOf(own)).toContain(`expected a JSON list of providers: ${says}`);
});

test("ids are there once, and not those of the providers that come with Latchkey", () => {
  expect(troubleOf([ACME, ACME])).toContain("every id must be there once");
  for (const id of ["microsoft", "outlook", "google", "youtube", "notion"])
    expect(troubleOf({ ...ACME, id })).toContain(`the id ${id} is taken`);
  expect(troubleOf([ACME, { ...ACME, id: "other", client_id: "" }])).toContain("1.client_id: ");
});

const URLS = [
  "issuer",
  "authorization_endpoint",
  "token_endpoint",
  "revocation_endpoint",
  "userinfo_endpoint",
  "jwks_uri",
  "api_base_url",
];
const ELSEWHERE = [
  "http://id.acme.example/x",
  "https://localhost/x",
  "https://10.1.2.3/x",
  "https://[::1]/x",
  "https://acme.internal/x",
];

test.each(URLS)("in production the %s must be https and public; in development it may be anywhere", (field) => {
  for (const url of ELSEWHERE) {
    const own = [
      { ...ACME, id: "first" },
      { ...ACME, [field]: url },
    ];
    expect(troubleOf(own)).toBe(
      `acme.${field}: expected a public https address; others are for ENVIRONMENT=development alone`,
    );
    expect(read(own, "development").problems).toEqual([]);
  }
});

test("no message repeats a secret", () => {
  const secrets = { client_secret: "hush-hush", private_key: { pem: "hush-hush", alg: "hush-hush" } };
  for (const own of [
    { ...ACME, ...secrets },
    { ...ACME, client_secret: { value: "hush-hush" } },
    { ...ACME, ...secrets, private_key: KEY, issuer: "https://hush-hush@id.acme.example" },
    { ...ACME, client_secret: "hush-hush", issuer: "https://10.1.2.3/hush-hush" },
  ])
    expect(troubleOf(own)).not.toContain("hush-hush");
});
