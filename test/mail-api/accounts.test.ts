import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { problemOf } from "../routes/security.ts";
import { call, listen, send } from "../support.ts";
import { ask, resetSandbox, somebody, trailOf } from "../oauth/manager.ts";
import { account, closeMailbox, MAIL, openMailbox, putAccount } from "./mailboxes.ts";

afterEach(async () => {
  vi.restoreAllMocks();
  await resetSandbox();
});

const PASSWORD = "correct horse battery staple";
const OWN = {
  imap: { host: "imap.contoso.example" },
  smtp: { host: "smtp.contoso.example", port: 465, security: "tls" },
};

test("an account is written down with its servers, what is usual filled in, and its password is never shown", async () => {
  const who = somebody();
  const lines = listen();
  const saved = await putAccount(who, { address: "Ana@Contoso.Example", password: PASSWORD, ...OWN });
  expect(saved.status).toBe(200);
  const text = await saved.text();
  expect(JSON.parse(text)).toMatchObject({
    address: "ana@contoso.example",
    username: "ana@contoso.example",
    provider: null,
    auth_method: "password",
    connection: null,
    imap: { host: "imap.contoso.example", port: 993, security: "tls" },
    smtp: { host: "smtp.contoso.example", port: 465, security: "tls" },
    has_password: true,
  });
  const shown = await (await call(`${MAIL}/mail-account`, who)).text();
  const trail = JSON.stringify(await trailOf(who, "mail_account"));
  const stored = await env.DB.prepare("select * from mail_accounts where owner = ?").bind(who.sub).all();
  for (const place of [text, shown, trail, JSON.stringify(stored.results), lines.join("\n")])
    expect(place).not.toContain(PASSWORD);
  expect(trail).toContain('"password":"set"');
});

test.each([
  ["gmail.com", "imap.gmail.com", "smtp.gmail.com"],
  ["hotmail.co.uk", "outlook.office365.com", "smtp-mail.outlook.com"],
  ["icloud.com", "imap.mail.me.com", "smtp.mail.me.com"],
])("of an address at %s the servers are known", async (domain, imap, smtp) => {
  const who = somebody();
  await putAccount(who, { address: `ana@${domain}` });
  expect(await account(who)).toMatchObject({ imap: { host: imap }, smtp: { host: smtp } });
});

test("a password that is left out stays, and null takes it away", async () => {
  const who = somebody();
  const address = "ana@gmail.com";
  await putAccount(who, { address, password: PASSWORD });
  await putAccount(who, { address, username: "ana" });
  expect(await account(who)).toMatchObject({ username: "ana", has_password: true });
  await putAccount(who, { address, password: null });
  expect(await account(who)).toMatchObject({ username: address, has_password: false });
});

test("the account chosen last is the one that is meant where none is named", async () => {
  const who = somebody();
  await putAccount(who, { address: "first@gmail.com" });
  await putAccount(who, { address: "second@gmail.com" });
  expect((await account(who)).address).toBe("second@gmail.com");
  expect((await account(who, "?address=First%40gmail.com")).address).toBe("first@gmail.com");
  await putAccount(who, { address: "first@gmail.com" });
  expect((await account(who)).address).toBe("first@gmail.com");
});

test.each([
  [{}, ["address"]],
  [{ address: "nobody" }, ["address"]],
  [{ address: "ana@x.example\r\nA1 LOGOUT" }, ["address"]],
  [{ address: "ana@unknown.example" }, ["imap", "smtp"]],
  [{ address: "ana@gmail.com", username: "ana\u0001auth=Bearer x" }, ["username"]],
  [{ address: "ana@gmail.com", password: "" }, ["password"]],
  [{ address: "ana@gmail.com", password: "a\nb" }, ["password"]],
  [{ address: "ana@gmail.com", imap: { host: "127.0.0.1" } }, ["imap.host"]],
  [{ address: "ana@gmail.com", imap: { host: "localhost" } }, ["imap.host"]],
  [{ address: "ana@gmail.com", smtp: { host: "169.254.169.254" } }, ["smtp.host"]],
  [{ address: "ana@gmail.com", smtp: { host: "[::1]" } }, ["smtp.host"]],
  [{ address: "ana@gmail.com", smtp: { host: "smtp.example.com", port: 25 } }, ["smtp.port"]],
  [{ address: "ana@gmail.com", imap: { host: "imap.example.com", port: 22 } }, ["imap.port"]],
  [{ address: "ana@gmail.com", imap: { host: "imap.example.com", security: "none" } }, ["imap.security"]],
  [{ address: "ana@gmail.com", auth_method: "kerberos" }, ["auth_method"]],
  [{ address: "ana@gmail.com", auth_method: "password", connection: `con_${"a".repeat(24)}` }, ["connection"]],
  [{ address: "ana@gmail.com", colour: "blue" }, ["colour"]],
])("%j is refused by its field, and nothing is written", async (body, paths) => {
  const who = somebody();
  const refused = await problemOf(await putAccount(who, body));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
  expect((refused["errors"] as { path: string }[]).map(({ path }) => path)).toEqual(paths);
  expect(await problemOf(await call(`${MAIL}/mail-account`, who))).toMatchObject({ code: "not_found" });
});

test("oauth is refused while no mailbox is connected, and another owner's grant is as unknown as none", async () => {
  const [who, other] = [somebody(), somebody()];
  const address = "ana@gmail.com";
  const refused = await problemOf(await putAccount(who, { address, auth_method: "oauth" }));
  expect(refused).toMatchObject({ status: 404, code: "not_connected" });
  const { connection } = await openMailbox(other, "google");
  const stolen = await problemOf(await putAccount(who, { address, auth_method: "oauth", connection: connection.id }));
  expect(stolen).toMatchObject({ status: 404, code: "not_found" });
});

test("nobody sees or removes another's account", async () => {
  const [who, other] = [somebody(), somebody()];
  await putAccount(who, { address: "ana@gmail.com", password: PASSWORD });
  const path = `${MAIL}/mail-account?address=ana%40gmail.com`;
  expect(await problemOf(await call(path, other))).toMatchObject({ code: "not_found" });
  expect(await problemOf(await call(path, other, { method: "DELETE" }))).toMatchObject({ code: "not_found" });
  expect((await call(`${MAIL}/mail-account`)).status).toBe(401);
  expect(await account(who)).toMatchObject({ has_password: true });
});

test("an account that is removed takes its password along and leaves the grant", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  const { address } = connection.account;
  await putAccount(who, { address, password: PASSWORD });
  expect((await call(`${MAIL}/mail-account?address=${address}`, who, { method: "DELETE" })).status).toBe(204);
  expect(await problemOf(await call(`${MAIL}/mail-account`, who))).toMatchObject({ code: "not_found" });
  const { results } = await env.DB.prepare("select * from mail_accounts where owner = ?").bind(who.sub).all();
  expect(results).toEqual([]);
  expect((await ask(who, "GET", `/integrations/${connection.id}`)).status).toBe(200);
});

test("a password of somebody else's row does not open", async () => {
  const [who, other] = [somebody(), somebody()];
  for (const one of [who, other]) await putAccount(one, { address: "ana@gmail.com", password: PASSWORD });
  await env.DB.prepare(
    "update mail_accounts set password = (select password from mail_accounts where owner = ?1) where owner = ?2",
  )
    .bind(who.sub, other.sub)
    .run();
  // Another keeper's memory would still hold what was there before.
  const refused = await problemOf(await send("POST", `${MAIL}/mail-account/verify?address=ana%40gmail.com`, other, {}));
  expect(refused).toMatchObject({ status: 500, code: "internal" });
});

test("a grant that ends by the manager takes the account back to its password", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  await putAccount(who, { address: connection.account.address, password: PASSWORD });
  await ask(who, "DELETE", `/integrations/${connection.id}`);
  expect(await account(who)).toMatchObject({ auth_method: "password", connection: null, has_password: true });
});

test("erasing everything erases mail accounts, and a later sign-in begins anew", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  await putAccount(who, { address: connection.account.address, password: PASSWORD });
  await ask(who, "DELETE", "/integrations");
  expect(await problemOf(await call(`${MAIL}/mail-account`, who))).toMatchObject({ code: "not_found" });
  await openMailbox(who, "google");
  expect(await account(who)).toMatchObject({ auth_method: "oauth", has_password: false });
});

test("an account may go back to its password and to its grant again by itself", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  const { address } = connection.account;
  await putAccount(who, { address, auth_method: "password", password: PASSWORD });
  expect(await account(who)).toMatchObject({ auth_method: "password", connection: null });
  await putAccount(who, { address, auth_method: "oauth" });
  expect(await account(who)).toMatchObject({ auth_method: "oauth", connection: connection.id, has_password: true });
  await putAccount(who, { address, auth_method: "password" });
  const closed = await (await closeMailbox(who, "google")).json();
  expect(closed).toMatchObject({ connection: { id: connection.id, status: "revoked" } });
});
