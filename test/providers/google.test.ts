import { expect, test } from "vitest";
import { FEATURES, type Feature } from "../../src/lib/features.ts";
import { equalScopes, isOpenidScope } from "../../src/providers/scopes.ts";
import { configured, identityFrom } from "./configured.ts";

const AUTH = "https://www.googleapis.com/auth/";

test.each(["google", "youtube"])("%s signs in, asks for tokens and revokes at Google's own addresses", (id) => {
  expect(configured(id)).toMatchObject({
    endpoints: {
      authorization: "https://accounts.google.com/o/oauth2/v2/auth",
      token: "https://oauth2.googleapis.com/token",
      revocation: "https://oauth2.googleapis.com/revoke",
      issuer: "https://accounts.google.com",
    },
    discovery: {
      urls: ["https://accounts.google.com/.well-known/openid-configuration"],
      issuer: "https://accounts.google.com",
      anywhere: false,
    },
    client: { id: "g-app", credentials: ["g-one", "g-two"].map((secret) => ({ method: "post", secret })) },
    authorization: {
      parameters: { access_type: "offline", include_granted_scopes: "true" },
      withoutRefreshToken: { prompt: "consent" },
      pkce: true,
    },
    tokenRequest: { body: "form", scope: false },
    openidScopes: ["openid", "profile", "email"],
    refreshTokens: { rotation: "keeps", idleMs: 180 * 86_400_000 },
    revocation: { reach: "account", shares: ["google", "youtube"] },
  });
});

test.each(["https://in.example/oauth2", "https://in.example/oauth2/", "https://in.example/oauth2/token"])(
  "GOOGLE_TOKEN_URL=%s, the base or the token endpoint itself, moves both endpoints there",
  (url) => {
    expect(configured("google", { GOOGLE_TOKEN_URL: url }).endpoints).toMatchObject({
      token: "https://in.example/oauth2/token",
      revocation: "https://in.example/oauth2/revoke",
    });
  },
);

test("other base URLs move the requests, and neither the scopes nor the issuer", () => {
  const moved = configured("youtube", {
    GOOGLE_ACCOUNTS_URL: "https://in.example/accounts",
    GOOGLE_API_URL: "https://in.example/api",
  });
  expect(moved).toMatchObject({
    endpoints: { authorization: "https://in.example/accounts/o/oauth2/v2/auth" },
    discovery: { urls: ["https://in.example/accounts/.well-known/openid-configuration"] },
    scopes: [`${AUTH}youtube.readonly`],
    account: { url: "https://in.example/api/youtube/v3/channels?part=snippet&mine=true" },
  });
  expect(moved.discovery?.issuer).toBe("https://accounts.google.com");
  expect(moved.resources["youtube"]).toMatchObject({ baseUrl: "https://in.example/api", hosts: {} });
});

test.each([
  ["google", ["gmail.googleapis.com", "people.googleapis.com", "tasks.googleapis.com"]],
  ["youtube", ["youtube.googleapis.com", "youtubeanalytics.googleapis.com"]],
])("%s is reached at www.googleapis.com and the hosts of its own products", (id, hosts) => {
  const resource = configured(id).resources[id];
  expect(resource?.baseUrl).toBe("https://www.googleapis.com");
  expect(resource?.hosts).toEqual(Object.fromEntries(hosts.map((host) => [host, `https://${host}`])));
});

test.each(["google", "youtube", "microsoft", "notion"])("what %s says of features and scopes fits together", (id) => {
  const provider = configured(id);
  const listed = provider.catalogue.map(({ scope }) => scope);
  expect(new Set(listed).size).toBe(listed.length);
  for (const [feature, any] of Object.entries(provider.features)) {
    expect(FEATURES).toHaveProperty([feature]);
    for (const scope of any) expect(listed).toContain(scope);
  }
  for (const scope of provider.scopes) expect(listed).toContain(scope);
  for (const scope of provider.openidScopes) expect(isOpenidScope(provider, scope)).toBe(true);
  expect(Object.keys(provider.resources)).toContain(provider.firstResource);
});

test.each<[Feature, string]>([
  ["calendar.read", "calendar.readonly"],
  ["calendar.write", "calendar.events"],
  ["mail.send", "gmail.send"],
  ["files.write", "drive.file"],
])("%s asks Google for %s, the least that unlocks it", (feature, scope) => {
  expect(configured("google").features[feature]?.[0]).toBe(AUTH + scope);
});

test("what Google calls userinfo.email and userinfo.profile is what was asked for as email and profile", () => {
  const google = configured("google");
  expect(equalScopes(google, `${AUTH}userinfo.email`, "email")).toBe(true);
  expect(equalScopes(google, `${AUTH}userinfo.profile`, "profile")).toBe(true);
  expect(isOpenidScope(google, `${AUTH}userinfo.email`)).toBe(true);
  expect(isOpenidScope(google, `${AUTH}calendar`)).toBe(false);
});

test("an account is its sub; a Workspace is its tenant; an address may change hands", () => {
  const google = configured("google");
  const claims = { sub: "10769150350006150715113082367", name: "Ana", email: "ana@a.example", hd: "a.example" };
  const known = { account: claims.sub, name: "Ana", address: "ana@a.example", tenant: "a.example", picture: null };
  expect(identityFrom(google, claims)).toEqual(known);
  expect(identityFrom(google, { ...claims, email: "new@a.example" })?.account).toBe(claims.sub);
  expect(identityFrom(google, { ...claims, hd: undefined })?.tenant).toBeNull();
  expect(identityFrom(google, { ...claims, sub: "" })).toBeUndefined();
  expect(identityFrom(google, { ...claims, sub: 7 })).toBeUndefined();
});

test("Google's issuer is accepted with and without its scheme, another is not", () => {
  const { identity } = configured("google");
  if (identity.kind !== "id_token") throw new Error("Google says it in the id_token");
  const expected = (iss: string) => identity.expectedIssuer("https://accounts.google.com", { iss });
  expect(expected("accounts.google.com")).toBe("accounts.google.com");
  expect(expected("https://accounts.google.com")).toBe("https://accounts.google.com");
  expect(expected("https://evil.example")).toBe("https://accounts.google.com");
});

test("grants of an application in testing die after seven days, and the operator can mend that", () => {
  expect(configured("google", { GOOGLE_PUBLISHING_STATUS: "testing" }).refreshTokens).toMatchObject({
    lifetimeMs: 7 * 86_400_000,
    lifetimeReason: { reason: "google_app_in_testing", mend: "operator" },
  });
  expect(configured("google", { GOOGLE_PUBLISHING_STATUS: "production" }).refreshTokens.lifetimeMs).toBeUndefined();
});

test("a channel gives its name and picture; an account without one keeps those of the id_token", () => {
  const read = configured("youtube").account?.read;
  const snippet = { title: "Ana cooks", thumbnails: { default: { url: "https://i.example/a.jpg" } } };
  expect(read?.({ items: [{ id: "UC1", snippet }] })).toEqual({
    name: "Ana cooks",
    picture: "https://i.example/a.jpg",
  });
  expect(read?.({ kind: "youtube#channelListResponse" })).toBeUndefined();
  expect(read?.({ items: [] })).toBeUndefined();
});
