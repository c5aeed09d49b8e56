import { afterEach, expect, test } from "vitest";
import { altered, comeBack } from "../routes/flow.ts";
import { problemOf } from "../routes/security.ts";
import { call, signIn } from "../support.ts";
import { authorize, finishAs, forgetHeard, googleScope, heard, integration, MANAGER } from "./manager.ts";
import { plan, resetSandbox, settings, somebody, trailOf } from "./manager.ts";

afterEach(resetSandbox);

const INVALID = { status: 400, code: "state_invalid" };
const PROVIDERS = ["microsoft", "google", "youtube", "notion"];
const TOKEN_HOSTS: Readonly<Record<string, string>> = {
  microsoft: "login.microsoftonline.com",
  google: "oauth2.googleapis.com",
  youtube: "oauth2.googleapis.com",
  notion: "api.notion.com",
};

/** The callback's URL after a sign-in, not yet called. */
async function callbackOf(who: { sub: string }, provider: string, person = "ana"): Promise<string> {
  return signIn((await authorize(who, { provider })).toString(), person);
}

async function countOf(who: { sub: string }): Promise<number> {
  const list = await call(`${MANAGER}/integrations`, who);
  return (await list.json<{ integrations: unknown[] }>()).integrations.length;
}

test.each(PROVIDERS)(
  "a state of %s is worth nothing at another provider's callback, nor in the other system",
  async (provider) => {
    const who = somebody();
    const back = new URL(await callbackOf(who, provider));
    await forgetHeard();
    const other = provider === "google" ? "notion" : "google";
    const elsewhere = back.toString().replace(`/callback/${provider}`, `/callback/${other}`);
    expect(await problemOf(await comeBack(elsewhere, who.sub))).toMatchObject(INVALID);
    const beta = back.toString().replace("/api/v1/oauth", "/api/v1/beta/oauth");
    expect(await problemOf(await comeBack(beta, who.sub))).toMatchObject(INVALID);
    // Nobody was shown the code, and the state is as good as before.
    expect(await heard(TOKEN_HOSTS[provider] ?? "")).toEqual([]);
    expect((await comeBack(back, who.sub)).status).toBe(200);
  },
);

test.each(PROVIDERS)("a state of %s works once", async (provider) => {
  const who = somebody();
  const back = await callbackOf(who, provider);
  expect((await comeBack(back, who.sub)).status).toBe(200);
  expect(await problemOf(await comeBack(back, who.sub))).toMatchObject(INVALID);
});

test.each(PROVIDERS)("whoever says no to %s is told so by name, and nothing is stored", async (provider) => {
  const who = somebody();
  const answer = await finishAs(who, await authorize(who, { provider }), "dora");
  expect(await problemOf(answer)).toMatchObject({ status: 400, code: "consent_denied", mend: "user" });
  expect(await countOf(who)).toBe(0);
  expect(await trailOf(who, "connect")).toMatchObject([
    { outcome: "failed", code: "consent_denied", provider, actor: who.sub },
  ]);
});

test.each(PROVIDERS)("a code that %s does not know means: start again", async (provider) => {
  const who = somebody();
  const back = altered(await callbackOf(who, provider), { code: "made-up" });
  const problem = await problemOf(await comeBack(back, who.sub));
  expect(problem).toMatchObject(INVALID);
  expect(await countOf(who)).toBe(0);
});

test("an answer of Google that names another issuer is refused before the code is shown to anybody", async () => {
  const who = somebody();
  const back = altered(await callbackOf(who, "google"), { iss: "https://evil.example" });
  await forgetHeard();
  const problem = await problemOf(await comeBack(back, who.sub));
  expect(problem).toMatchObject({ ...INVALID, reason: "issuer_mismatch" });
  expect(await heard("oauth2.googleapis.com")).toEqual([]);
});

test.each(["https://accounts.google.com", undefined])(
  "an answer of Google that names the issuer %s is Google's",
  async (iss) => {
    const who = somebody();
    expect((await comeBack(altered(await callbackOf(who, "google"), { iss }), who.sub)).status).toBe(200);
  },
);

test("a provider that nobody knows has no callback", async () => {
  for (const name of ["nobody", "constructor", "..%2f"])
    expect(await problemOf(await comeBack(`${MANAGER}/callback/${name}?code=x&state=y`, "x"))).toMatchObject({
      status: 404,
    });
});

test("scopes that were unticked are missing, with the features that are left and where to ask for the rest", async () => {
  const who = somebody();
  const url = await authorize(who, { provider: "google", features: ["calendar.read", "tasks.read"] });
  url.searchParams.set("deny_scopes", googleScope("tasks.readonly"));
  const answer = await finishAs(who, url, "ana");
  const { connection } = await answer.json<{ connection: { id: string; scopes: string[] } }>();
  expect(connection.scopes).toEqual([googleScope("calendar.readonly")]);
  const shown = await integration(who, connection.id);
  expect(shown).toMatchObject({
    status: "active",
    trouble: null,
    asked_scopes: [googleScope("calendar.readonly"), googleScope("tasks.readonly")],
    missing_scopes: [googleScope("tasks.readonly")],
    features: ["profile", "calendar.read"],
  });
  const path = new URL(shown.authorize_path ?? "", "https://latchkey.test");
  expect(path.pathname).toBe("/api/v1/oauth/authorize");
  // The path is ready as it is, without a body.
  const again = await call(path.pathname + path.search, who, { method: "POST" });
  const { authorization_url: next } = await again.json<{ authorization_url: string }>();
  await finishAs(who, new URL(next), "ana");
  expect(await integration(who, connection.id)).toMatchObject({
    missing_scopes: [],
    features: expect.arrayContaining(["tasks.read"]) as string[],
  });
});

test("everything unticked but the name is a connection that holds nothing yet", async () => {
  const who = somebody();
  await settings({ google_denied_scopes: ["calendar.readonly", "calendar.events"] });
  const answer = await finishAs(who, await authorize(who, { provider: "google" }), "bo");
  const { connection } = await answer.json<{ connection: { id: string } }>();
  const shown = await integration(who, connection.id);
  expect(shown).toMatchObject({ scopes: [], features: ["profile"] });
  expect(shown.missing_scopes).toHaveLength(2);
});

test("Notion says no lifetime: the token counts as good until it is refused", async () => {
  const who = somebody();
  const answer = await finishAs(who, await authorize(who, { provider: "notion" }), "ana");
  const { connection } = await answer.json<{ connection: { id: string; token_expires_at: unknown } }>();
  expect(connection.token_expires_at).toBeNull();
  const shown = await integration(who, connection.id);
  expect(shown).toMatchObject({
    features: ["profile", "pages.read", "pages.write"],
    missing_scopes: [],
    refreshable: true,
  });
  expect(shown.forecast).toEqual({ dies_at: null, reason: null, causes: [] });
});

test.each(["user", "partial_user", "workspace"])(
  "a connection of Notion that belongs to a %s is the same one the next time",
  async (owner) => {
    const who = somebody();
    await settings({ notion_owner: owner });
    const ids = [];
    for (let round = 0; round < 2; round += 1) {
      const answer = await finishAs(who, await authorize(who, { provider: "notion" }), "ana");
      ids.push((await answer.json<{ connection: { id: string } }>()).connection.id);
    }
    expect(ids[0]).toBe(ids[1]);
  },
);

test("Google gives no second refresh token: what is held is kept, and an account of which none is held says so", async () => {
  const [first, second] = [somebody(), somebody()];
  await finishAs(first, await authorize(first, { provider: "google" }), "gus");
  // The same account consented elsewhere before, and this sign-in does not ask for consent again.
  const url = await authorize(second, { provider: "google" });
  url.searchParams.delete("prompt");
  const answer = await finishAs(second, url, "gus");
  const { connection } = await answer.json<{ connection: { id: string } }>();
  const shown = await integration(second, connection.id);
  expect(shown.refreshable).toBe(false);
  expect(shown.forecast).toMatchObject({ reason: "no_refresh_token", dies_at: shown.token_expires_at });
  expect((await authorize(second, { provider: "google" })).searchParams.get("prompt")).toBe("consent");
  const again = await finishAs(second, await authorize(second, { provider: "google" }), "gus");
  expect((await again.json<{ connection: { id: string } }>()).connection.id).toBe(connection.id);
  expect(await integration(second, connection.id)).toMatchObject({ refreshable: true });
});

test.each([
  ["another nonce", { nonce: "another" }],
  ["another audience", { aud: "another-client" }],
  ["another issuer", { iss: "https://evil.example" }],
  ["an end in the past", { exp: 1_000_000_000 }],
  ["no subject", { sub: null }],
])("an id_token of Google with %s ties nobody's account", async (_what, claims) => {
  const who = somebody();
  const back = await callbackOf(who, "google");
  await settings({ extra_claims: claims });
  expect(await problemOf(await comeBack(back, who.sub))).toMatchObject({ status: 502, code: "provider_error" });
  expect(await countOf(who)).toBe(0);
});

test("an id_token that somebody altered ties nobody's account, and one of a bare issuer does", async () => {
  const who = somebody();
  await settings({ google_issuer: "bare" });
  expect((await comeBack(await callbackOf(who, "google"), who.sub)).status).toBe(200);
  const other = somebody();
  await settings({ extra_token_fields: { id_token: forged() } });
  const problem = await problemOf(await comeBack(await callbackOf(other, "google"), other.sub));
  expect(problem).toMatchObject({ status: 502, code: "provider_error" });
});

function forged(): string {
  const part = (value: object) => btoa(JSON.stringify(value)).replaceAll("=", "");
  const now = Math.floor(Date.now() / 1000);
  const claims = {
    iss: "https://accounts.google.com",
    aud: "sandbox-google-client.apps.googleusercontent.com",
    sub: "1",
    iat: now,
    exp: now + 600,
  };
  return `${part({ alg: "none" })}.${part(claims)}.`;
}

test("while a provider is down, the sign-in fails as that, and the grant that stood before stands", async () => {
  const who = somebody();
  const first = await comeBack(await callbackOf(who, "notion"), who.sub);
  const { connection } = await first.json<{ connection: { id: string } }>();
  const back = await callbackOf(who, "notion");
  await plan({ host: "api.notion.com", path: "/v1/oauth/token", status: 503, body: "down", times: 3 });
  expect(await problemOf(await comeBack(back, who.sub))).toMatchObject({ status: 503, code: "provider_unavailable" });
  expect(await integration(who, connection.id)).toMatchObject({ status: "active" });
});

test("each sign-in leaves a record of the consent, its network shortened, and a disconnect keeps it", async () => {
  const who = somebody();
  const url = await authorize(who, { provider: "google", features: ["calendar.read", "tasks.read"] });
  url.searchParams.set("deny_scopes", googleScope("tasks.readonly"));
  const back = await signIn(url.toString(), "ana");
  const answer = await call(back, undefined, {
    headers: { "CF-Connecting-IP": "198.51.100.77", "X-Request-Id": "consent-request" },
  });
  const { connection } = await answer.json<{ connection: { id: string } }>();
  const consents = async () => (await call(`${MANAGER}/consents`, who)).json<{ consents: Record<string, unknown>[] }>();
  const [consent] = (await consents()).consents;
  expect(consent).toMatchObject({
    provider: "google",
    connection: connection.id,
    asked: [googleScope("calendar.readonly"), googleScope("tasks.readonly")],
    granted: [googleScope("calendar.readonly")],
    network: "198.51.100.0/24",
    policy_version: "1",
    actor: who.sub,
  });
  await call(`${MANAGER}/integrations/${connection.id}`, who, { method: "DELETE" });
  expect((await consents()).consents).toHaveLength(1);
  await finishAs(who, await authorize(who, { provider: "google" }), "ana");
  expect((await consents()).consents).toHaveLength(2);
});
