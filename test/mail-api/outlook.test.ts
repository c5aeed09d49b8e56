import { afterEach, expect, test, vi } from "vitest";
import { problemOf } from "../routes/security.ts";
import { call, sandbox } from "../support.ts";
import { ask, connectWith, forgetHeard, heard, integration, resetSandbox, somebody } from "../oauth/manager.ts";
import { account, closeMailbox, logins, MAIL, openMailbox, putAccount, readSasl, startMail } from "./mailboxes.ts";

afterEach(async () => {
  vi.useRealTimers();
  await resetSandbox();
});

const EXCHANGE = "https://outlook.office.com";
const LOGIN = "login.microsoftonline.com";

const claimsOf = (token: string) =>
  JSON.parse(atob((token.split(".")[1] ?? "").replaceAll("-", "+").replaceAll("_", "/"))) as Record<string, string>;
const tokenRequests = async () => (await heard(LOGIN)).filter(({ path }) => path.endsWith("/token"));

test("a sign-in at Microsoft's door opens the mailbox: its token is Exchange's, and both servers are named", async () => {
  const who = somebody();
  const opened = await openMailbox(who, "microsoft");
  expect(opened).toMatchObject({
    connection: { provider: "outlook" },
    mail_account: { address: "ana@contoso.example", auth_method: "oauth" },
  });
  const given = await logins(who, "microsoft");
  expect(given.imap).toMatchObject({ host: "outlook.office365.com", port: 993, security: "tls" });
  expect(given.smtp).toMatchObject({ host: "smtp.office365.com", port: 587, security: "starttls" });
  expect(claimsOf(given.access_token)["aud"]).toBe(EXCHANGE);
  expect(readSasl(given.imap?.sasl ?? "")).toBe(`user=ana@contoso.example auth=Bearer ${given.access_token}`);
  expect(await account(who)).toMatchObject({ provider: "outlook", connection_status: "active" });
});

test("what is asked for is OpenID and Exchange, and Graph alone where it was named", async () => {
  const scopes = async (body: object) =>
    ((await startMail(somebody(), "microsoft", body)).searchParams.get("scope") ?? "").split(" ");
  const openid = ["openid", "profile", "email", "offline_access"];
  const mail = [`${EXCHANGE}/IMAP.AccessAsUser.All`, `${EXCHANGE}/SMTP.Send`];
  expect(await scopes({})).toEqual([...openid, ...mail]);
  expect(await scopes({ features: ["profile"] })).toEqual([
    ...openid,
    ...mail,
    "https://graph.microsoft.com/User.Read",
  ]);
});

test("no token request ever names two resources, whatever the grant holds", async () => {
  const who = somebody();
  await forgetHeard();
  const { connection } = await openMailbox(who, "microsoft", { body: { features: ["profile"] } });
  await logins(who, "microsoft");
  await ask({ ...who, scope: "tokens:read" }, "GET", `/integrations/${connection.id}/token?resource=graph`);
  const asked = (await tokenRequests()).map(({ form }) => form?.["scope"] ?? "");
  expect(asked.length).toBeGreaterThan(1);
  for (const scope of asked) expect(new Set(scope.match(/https:\/\/[^/ ]+/g)).size, scope).toBe(1);
});

test("the address is Graph's where it may be asked, the user principal name where that has no mailbox's", async () => {
  const body = { features: ["profile"] };
  const pat = await openMailbox(somebody(), "microsoft", { person: "pat", body });
  expect(pat.mail_account?.address).toBe("pat@outlook.example");
});

test("one Microsoft grant with Graph's and Exchange's scopes serves the calendar and the mailbox, one token each", async () => {
  const who = somebody();
  const features = ["calendar.read", "mail.imap", "mail.smtp"];
  const id = await connectWith(who, { provider: "microsoft", features });
  const given = await logins(who, "microsoft");
  expect(given.connection).toBe(id);
  expect(claimsOf(given.access_token)["aud"]).toBe(EXCHANGE);
  expect((await call("/api/v1/calendar/microsoft/", who)).status).toBe(200);
  await forgetHeard();
  await logins(who, "microsoft");
  expect((await call("/api/v1/calendar/microsoft/", who)).status).toBe(200);
  expect(await tokenRequests()).toEqual([]);
  const { resources } = (await integration(who, id)) as unknown as { resources: Record<string, unknown> };
  expect(Object.keys(resources).toSorted()).toEqual(["graph", "outlook"]);
});

test("disconnecting mail leaves the calendar of the same grant, and nothing asks for Exchange again", async () => {
  const who = somebody();
  const features = ["calendar.read", "mail.imap", "mail.smtp"];
  const id = await connectWith(who, { provider: "microsoft", features });
  await logins(who, "microsoft");
  const closed = await (await closeMailbox(who, "microsoft")).json();
  expect(closed).toMatchObject({ connection: { id, status: "active" }, kept_for: ["calendar.read"] });
  expect((await call("/api/v1/calendar/microsoft/", who)).status).toBe(200);
  const after = await problemOf(await call(`${MAIL}/microsoft/xoauth2`, { ...who, scope: "tokens:read" }));
  expect(after).toMatchObject({ status: 404, code: "not_connected", authorize_path: "/api/oauth/microsoft/authorize" });
  const started = await call("/api/v1/auth/microsoft/", who);
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  expect(new URL(url).searchParams.get("scope")).not.toContain(EXCHANGE);
});

test("disconnecting a mailbox forgets its grant and its tokens; the password that was kept is used again", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "microsoft");
  await putAccount(who, { address: "ana@contoso.example", password: "kept all the while" });
  expect(await account(who)).toMatchObject({ auth_method: "oauth", has_password: true });
  expect(await (await closeMailbox(who, "microsoft")).json()).toMatchObject({
    connection: { id: connection.id, status: "revoked" },
    mail_accounts: [{ auth_method: "password", has_password: true, imap: { host: "outlook.office365.com" } }],
  });
});

test("a token lives at least as long as is asked for", async () => {
  const who = somebody();
  await openMailbox(who, "microsoft");
  await forgetHeard();
  const first = await logins(who, "microsoft", "?min_ttl=60");
  expect(await tokenRequests()).toEqual([]);
  vi.useFakeTimers({ now: Date.parse(first.expires_at) - 20 * 60_000, toFake: ["Date"] });
  const renewed = await logins(who, "microsoft", "?min_ttl=1800");
  expect(Date.parse(renewed.expires_at) - Date.now()).toBeGreaterThan(30 * 60_000);
});

test("with two mailboxes the one named is meant, else the one connected last; a disconnect must name it", async () => {
  const who = somebody();
  await openMailbox(who, "microsoft");
  await openMailbox(who, "microsoft", { person: "bo" });
  expect((await logins(who, "microsoft")).address).toBe("bo@contoso.example");
  expect((await logins(who, "microsoft", "?address=Ana@contoso.example")).address).toBe("ana@contoso.example");
  const refused = await problemOf(await closeMailbox(who, "microsoft"));
  expect(refused).toMatchObject({ status: 422, errors: [{ path: "address" }] });
  await closeMailbox(who, "microsoft", { address: "bo@contoso.example" });
  expect((await logins(who, "microsoft")).address).toBe("ana@contoso.example");
});

test("a shared mailbox is opened with the token of whoever may, by user= or by an account of its own", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "microsoft");
  const shared = "sales@contoso.example";
  const by = await logins(who, "microsoft", `?user=${shared}`);
  expect(readSasl(by.imap?.sasl ?? "")).toMatch(/^user=sales@contoso\.example auth=Bearer /);
  expect(by.address).toBe("ana@contoso.example");
  await putAccount(who, { address: shared, auth_method: "oauth" });
  expect(await account(who, `?address=${shared}`)).toMatchObject({ connection: connection.id, provider: "outlook" });
  expect((await logins(who, "microsoft", `?address=${shared}`)).username).toBe(shared);
});

test.each(["user=a%01b%40c.example", "user=", "min_ttl=-1", "min_ttl=soon", "address=nobody", "resource=graph"])(
  "a login with %s is refused by its name",
  async (query) => {
    const who = somebody();
    await openMailbox(who, "microsoft");
    const refused = await problemOf(await call(`${MAIL}/microsoft/xoauth2?${query}`, { ...who, scope: "tokens:read" }));
    expect(refused).toMatchObject({ status: 422, errors: [{ path: query.split("=")[0] }] });
  },
);

test("a grant that must be given anew says so, and keeps the account on OAuth until somebody decides", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "microsoft");
  await ask(who, "POST", `/integrations/${connection.id}/refresh`);
  // Entra tells moments apart by seconds: what was granted in the same one survives.
  vi.useFakeTimers({ now: Date.now() + 2_000, toFake: ["Date"] });
  await sandbox("POST", "users/ana/revoke", {});
  vi.useFakeTimers({ now: Date.now() + 2 * 3_600_000, toFake: ["Date"] });
  const refused = await problemOf(await call(`${MAIL}/microsoft/xoauth2`, { ...who, scope: "tokens:read" }));
  expect(refused).toMatchObject({ status: 409, code: "reauth_required" });
  expect(refused["authorize_path"]).toBe(`/api/oauth/microsoft/authorize?connection=${connection.id}`);
  expect(await account(who)).toMatchObject({ auth_method: "oauth", connection_status: "reauth_required" });
});

test("doors that are none are not found", async () => {
  for (const [method, path] of [
    ["POST", "notion/authorize"],
    ["GET", "youtube/xoauth2"],
    ["POST", "outlook/disconnect"],
  ] as const)
    expect((await call(`${MAIL}/${path}`, { ...somebody(), scope: "tokens:read" }, { method })).status).toBe(404);
});

test("an administrator who consented comes back to the same door", async () => {
  const headers = { "CF-Connecting-IP": "10.9.9.9" };
  const answer = await call(`${MAIL}/microsoft/callback?admin_consent=True&tenant=x`, undefined, { headers });
  expect(await answer.json()).toEqual({ admin_consent: true });
  const refused = `${MAIL}/microsoft/callback?admin_consent=True&error=access_denied`;
  expect(await problemOf(await call(refused, undefined, { headers }))).toMatchObject({ code: "consent_denied" });
});
