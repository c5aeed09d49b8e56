import { env } from "cloudflare:workers";
import { afterEach, expect, test } from "vitest";
import { BASES, problemOf } from "../routes/security.ts";
import { call, sandbox, signIn } from "../support.ts";
import {
  ask,
  authorize,
  connectWith,
  finishAs,
  forgetHeard,
  heard,
  integration,
  MANAGER,
  resetSandbox,
  somebody,
} from "./manager.ts";
import { otherWorld } from "./other-world.ts";

afterEach(resetSandbox);

const GRAPH = "https://graph.microsoft.com/";
const EXCHANGE = "https://outlook.office.com/";
const MAIL = [`${EXCHANGE}IMAP.AccessAsUser.All`, `${EXCHANGE}SMTP.Send`];
const CONTOSO = "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d";
const LOGIN = "login.microsoftonline.com";

/** What was asked of the token endpoint, each request by its scopes but for those of OpenID. */
async function tokenScopes(tenant = "common"): Promise<string[][]> {
  const sent = await heard(LOGIN, `/${tenant}/oauth2/v2.0/token`);
  return sent.map(({ form }) => (form?.["scope"] ?? "").split(" ").filter((scope) => scope.includes("://")));
}

test.each(BASES)(
  "below %s mail is asked for by Exchange's scopes alone, and the code is redeemed for them",
  async (base) => {
    const who = somebody({ scope: "tokens:read" });
    await forgetHeard();
    const url = await authorize(who, { provider: "outlook" }, `${base}/oauth`);
    expect(url.searchParams.get("scope")?.split(" ")).toEqual([
      "openid",
      "profile",
      "email",
      "offline_access",
      ...MAIL,
    ]);
    expect(url.searchParams.get("redirect_uri")).toBe(`https://latchkey.test${base}/oauth/callback/outlook`);
    expect((await finishAs(who, url, "ana")).status).toBe(200);
    expect(await tokenScopes()).toEqual([MAIL]);
    // Its token is none of Graph's: nobody asks there whose account it is.
    expect(await heard("graph.microsoft.com")).toEqual([]);
  },
);

test("the address is the id_token's; with User.Read it is Graph's, whose token comes first", async () => {
  const who = somebody();
  await sandbox("PATCH", "users/ana", { mail: "ana.rossi@contoso.example" });
  const plain = await connectWith(who, { provider: "outlook" });
  expect((await integration(who, plain)).account).toMatchObject({ address: "ana.rossi@contoso.example" });
  await forgetHeard();
  // A personal account has no `mail`: the name to sign in with is the mailbox.
  const other = somebody();
  const asked = await connectWith(other, { provider: "outlook", features: ["mail.imap", "profile"] }, "pat");
  expect(await tokenScopes()).toEqual([[`${GRAPH}User.Read`]]);
  expect(await heard("graph.microsoft.com", "/v1.0/me")).toHaveLength(1);
  expect(await integration(other, asked)).toMatchObject({
    account: { address: "pat@outlook.example" },
    features: ["profile", "mail.imap"],
    missing_scopes: [],
  });
});

test("a mailbox whose id_token names no address is known by what the user signs in with, if that is one", async () => {
  const who = somebody();
  await sandbox("POST", "settings", { extra_claims: { email: null, preferred_username: "+39021234567" } });
  const id = await connectWith(who, { provider: "outlook" });
  expect((await integration(who, id)).account["address"]).toBeNull();
  await sandbox("POST", "settings", { extra_claims: { email: null } });
  await connectWith(who, { provider: "outlook" });
  expect((await integration(who, id)).account["address"]).toBe("ana@contoso.example");
});

test.each([
  ["common", "ana", "pat"],
  ["organizations", "ana", undefined],
  ["consumers", "pat", undefined],
  [CONTOSO, "ana", undefined],
])("a mail registration of the tenant %s lets %s in by its own id and secret", async (tenant, person, other) => {
  const client = { client_id: MAIL_CLIENT, secrets: [{ value: "mail-secret" }], redirect_uris: [CALLBACK] };
  expect((await sandbox("POST", "clients", client)).status).toBeLessThan(300);
  const world = otherWorld({
    MICROSOFT_OAUTH_CLIENT_ID: MAIL_CLIENT,
    MICROSOFT_OAUTH_CLIENT_SECRET: "mail-secret",
    MICROSOFT_OAUTH_TENANT_ID: tenant,
  });
  for (const one of other === undefined ? [person] : [person, other]) {
    const who = somebody();
    await forgetHeard();
    const started = await world.send(who, "POST", `${MANAGER}/authorize`, { provider: "outlook" });
    const { authorization_url: url } = await started.json<{ authorization_url: string }>();
    expect(url).toContain(`/${tenant}/oauth2/v2.0/authorize?client_id=${MAIL_CLIENT}&`);
    const back = new URL(await signIn(url, one));
    const answer = await world.send(who, "GET", back.pathname + back.search);
    expect(await answer.json()).toMatchObject({ connection: { provider: "outlook", status: "active" } });
    const [redeemed] = await heard(LOGIN, `/${tenant}/oauth2/v2.0/token`);
    expect(redeemed).toMatchObject({ status: 200, form: { client_id: MAIL_CLIENT } });
  }
});

const MAIL_CLIENT = "22222222-aaaa-4bbb-8ccc-000000000002";
const CALLBACK = "https://latchkey.test/api/v1/oauth/callback/outlook";

test.each(["organizations", "consumers"])("the tenant %s keeps the other kind of account out", async (tenant) => {
  const world = otherWorld({ MICROSOFT_OAUTH_TENANT_ID: tenant });
  const who = somebody();
  const started = await world.send(who, "POST", `${MANAGER}/authorize`, { provider: "outlook" });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  const back = new URL(await signIn(url, tenant === "consumers" ? "ana" : "pat"));
  const refused = await problemOf(await world.send(who, "GET", back.pathname + back.search));
  expect(refused).toMatchObject({ code: "consent_denied", reason: "other_account_needed" });
});

test("without a registration of its own mail uses the main one, in that one's tenant", async () => {
  const world = otherWorld({ MICROSOFT_TENANT_ID: CONTOSO, MICROSOFT_REDIRECT_URI: "https://elsewhere.example/cb" });
  const started = await world.send(somebody(), "POST", `${MANAGER}/authorize`, { provider: "outlook" });
  const { authorization_url: text } = await started.json<{ authorization_url: string }>();
  const url = new URL(text);
  expect(url.pathname).toBe(`/${CONTOSO}/oauth2/v2.0/authorize`);
  expect(url.searchParams.get("client_id")).toBe(env.MICROSOFT_CLIENT_ID);
  expect(url.searchParams.get("redirect_uri")).toBe(CALLBACK);
});

test("half a mail registration stops mail, by the name of the other half, and nothing else", async () => {
  const world = otherWorld({ MICROSOFT_OAUTH_CLIENT_ID: MAIL_CLIENT });
  const start = (provider: string) => world.send(somebody(), "POST", `${MANAGER}/authorize`, { provider });
  expect(await problemOf(await start("outlook"))).toMatchObject({
    status: 500,
    code: "provider_misconfigured",
    variable: "MICROSOFT_OAUTH_CLIENT_SECRET",
  });
  expect((await start("microsoft")).status).toBe(200);
});

test("a call cannot be passed on to mail, and is to Graph where the grant has it", async () => {
  const who = somebody({ scope: "proxy" });
  const id = await connectWith(who, { provider: "outlook", features: ["mail.imap", "profile"] });
  const path = `/integrations/${id}/proxy/v1.0/me`;
  expect(await problemOf(await ask(who, "GET", path))).toMatchObject({ code: "validation_failed" });
  expect((await ask(who, "GET", path, { "X-Latchkey-Resource": "graph" })).status).toBe(200);
});

test("a sync refreshes a mailbox without asking Graph, for which it has no token", async () => {
  const who = somebody();
  await connectWith(who, { provider: "outlook" });
  await forgetHeard();
  const { results } = await (
    await call(`${MANAGER}/integrations/sync`, who, { method: "POST" })
  ).json<{
    results: unknown[];
  }>();
  expect(results).toMatchObject([{ outcome: "ok", changed: [] }]);
  expect(await tokenScopes()).toEqual([MAIL]);
  expect(await heard("graph.microsoft.com")).toEqual([]);
});

test("Gmail is asked for by the same features, by Google's one scope for it", async () => {
  const who = somebody({ scope: "tokens:read" });
  const id = await connectWith(who, { provider: "google", features: ["mail.imap", "mail.smtp"] });
  expect(await integration(who, id)).toMatchObject({
    scopes: expect.arrayContaining(["https://mail.google.com/"]) as unknown,
    missing_scopes: [],
    features: expect.arrayContaining(["mail.imap", "mail.smtp"]) as unknown,
  });
});
