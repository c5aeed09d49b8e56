import { expect, test } from "vitest";
import type { Provider } from "../../src/providers/provider.ts";
import { customProvider, identityFrom } from "./configured.ts";

const ISSUER = "https://id.acme.example";
const ENDPOINTS = {
  authorization_endpoint: `${ISSUER}/authorize`,
  token_endpoint: `${ISSUER}/token`,
};
const KEY = "-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----";

test("by its issuer alone: both addresses of its metadata, Basic or post as it says, PKCE, rotation", () => {
  expect(customProvider({ issuer: ISSUER, scopes: ["openid", "offline_access", "cal"] })).toMatchObject({
    id: "acme",
    name: "Acme",
    endpoints: {},
    discovery: {
      urls: [`${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/.well-known/oauth-authorization-server`],
      issuer: ISSUER,
      anywhere: false,
    },
    client: { id: "a-app", credentials: [{ method: "discovered", secret: "a-one" }] },
    authorization: { parameters: { prompt: "consent" }, pkce: true, scope: true },
    openidScopes: ["openid", "offline_access"],
    scopes: ["cal"],
    refreshTokens: { rotation: "rotates" },
    revocation: { reach: "token" },
    identity: { kind: "id_token" },
  });
});

test.each([
  [`${ISSUER}/`, `${ISSUER}/.well-known/openid-configuration`, `${ISSUER}/.well-known/oauth-authorization-server`],
  [
    `${ISSUER}/realms/a`,
    `${ISSUER}/realms/a/.well-known/openid-configuration`,
    `${ISSUER}/.well-known/oauth-authorization-server/realms/a`,
  ],
  [
    `${ISSUER}/realms/a/`,
    `${ISSUER}/realms/a/.well-known/openid-configuration`,
    `${ISSUER}/.well-known/oauth-authorization-server/realms/a`,
  ],
])("the metadata of %s is appended by OpenID and inserted by RFC 8414", (issuer, appended, inserted) => {
  expect(customProvider({ issuer }).discovery).toMatchObject({ urls: [appended, inserted], issuer });
});

test("by endpoints: nothing is discovered", () => {
  const { discovery, endpoints } = customProvider({ ...ENDPOINTS, issuer: ISSUER, discover: false });
  expect(discovery).toBeUndefined();
  expect(endpoints).toEqual({ authorization: `${ISSUER}/authorize`, token: `${ISSUER}/token`, issuer: ISSUER });
});

test("in development it may be anywhere", () => {
  const { discovery } = customProvider({ issuer: "http://localhost:9000" }, "development");
  expect(discovery?.anywhere).toBe(true);
});

test.each<[string, object, Provider["client"]["credentials"]]>([
  ["a secret, and nothing said", {}, [{ method: "discovered", secret: "a-one" }]],
  ["post", { client_authentication: "post" }, [{ method: "post", secret: "a-one" }]],
  [
    "two secrets in a list, which may hold commas",
    { client_authentication: "basic", client_secret: ["a,b", "c"] },
    [
      { method: "basic", secret: "a,b" },
      { method: "basic", secret: "c" },
    ],
  ],
  [
    "two secrets in a text",
    { client_secret: "a, b" },
    [
      { method: "discovered", secret: "a" },
      { method: "discovered", secret: "b" },
    ],
  ],
  ["none, although there is a secret", { client_authentication: "none" }, [{ method: "none" }]],
  ["no secret", { client_secret: undefined }, [{ method: "none" }]],
  [
    "a key",
    {
      client_secret: undefined,
      client_authentication: "private_key_jwt",
      private_key: { pem: KEY, alg: "ES256", kid: "k" },
    },
    [{ method: "private_key_jwt", key: KEY, alg: "ES256", kid: "k", certificate: undefined }],
  ],
  [
    "a key, and nothing said",
    { client_secret: undefined, private_key: { pem: KEY, alg: "RS256" } },
    [{ method: "private_key_jwt", key: KEY, alg: "RS256", kid: undefined, certificate: undefined }],
  ],
])("client authentication: %s", (_, own, credentials) => {
  expect(customProvider({ issuer: ISSUER, ...own }).client.credentials).toEqual(credentials);
});

test("with openid an account is its sub, whatever userinfo calls its fields", () => {
  const acme = customProvider({
    issuer: ISSUER,
    scopes: ["openid"],
    account_fields: { account: "uid", name: "displayName" },
  });
  expect(identityFrom(acme, { sub: "s1", name: "Ana", email: "ana@a.example" })).toMatchObject({
    account: "s1",
    name: "Ana",
    address: "ana@a.example",
  });
  expect(identityFrom(acme, { sub: "s1", preferred_username: "ana" })?.name).toBe("ana");
  expect(identityFrom(acme, { name: "Ana" })).toBeUndefined();
  expect(acme.account).toMatchObject({ url: "userinfo", atConnect: true });
  expect(acme.account?.read({ sub: "s1", uid: "u1", displayName: "Ana R." })).toMatchObject({
    account: "s1",
    name: "Ana R.",
  });
});

test("without openid it is what userinfo calls it, a number too; without userinfo an owner has one connection", () => {
  const plain = customProvider({
    ...ENDPOINTS,
    userinfo_endpoint: `${ISSUER}/me`,
    account_fields: { account: "id", name: "login", picture: "avatar" },
  });
  expect(plain.identity).toEqual({ kind: "account" });
  expect(plain.account?.read({ id: 7, login: "ana", avatar: "https://i.example/a" })).toEqual({
    account: "7",
    name: "ana",
    address: null,
    picture: "https://i.example/a",
  });
  expect(plain.account?.read({ login: "ana" })).not.toHaveProperty("account");
  expect(customProvider(ENDPOINTS)).toMatchObject({ identity: { kind: "none" }, account: undefined });
});

test("scopes are listed with what they are called and how sensitive they are", () => {
  const rows = ["openid", "cal", { scope: "admin", name: "Everything", sensitivity: "admin" }];
  expect(customProvider({ issuer: ISSUER, scopes: rows }).catalogue).toEqual([
    { scope: "cal", name: "cal", sensitivity: "sensitive" },
    { scope: "admin", name: "Everything", sensitivity: "admin" },
  ]);
});

test("lifetimes, limits, parameters and the API are as described", () => {
  const acme = customProvider({
    issuer: ISSUER,
    scopes: ["offline_access"],
    client_secret_expires_at: "2027-03-01T00:00:00Z",
    refresh_token_idle_days: 30,
    refresh_token_lifetime_days: 90,
    requests_per_minute: 10,
    api_base_url: "https://api.acme.example/v1/",
    authorize_parameters: { audience: "api", prompt: "login" },
    authorize_parameters_without_refresh_token: { access_type: "offline" },
    pkce: false,
  });
  expect(acme).toMatchObject({
    client: { expiresAt: Date.parse("2027-03-01T00:00:00Z") },
    refreshTokens: { idleMs: 30 * 86_400_000, keepAliveMs: 15 * 86_400_000, lifetimeMs: 90 * 86_400_000 },
    proxyLimit: { quota: 10, windowMs: 60_000 },
    resources: { api: { baseUrl: "https://api.acme.example/v1" } },
    authorization: {
      parameters: { audience: "api", prompt: "login" },
      withoutRefreshToken: { access_type: "offline" },
      pkce: false,
    },
  });
});
