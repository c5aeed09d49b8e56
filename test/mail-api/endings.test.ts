import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { keeperOf, sleep } from "../connections/keeper.ts";
import { ask, connectWith, heard, MANAGER, resetSandbox, somebody } from "../oauth/manager.ts";
import { failingD1, otherWorld } from "../oauth/other-world.ts";
import { problemOf } from "../routes/security.ts";
import { call, listen, send, signIn } from "../support.ts";
import { account, closeMailbox, logins, MAIL, openMailbox, putAccount, READER } from "./mailboxes.ts";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await resetSandbox();
});

const ANA = "ana@contoso.example";
const PASSWORD = "correct horse battery staple";

test("a PUT that meets the end of its grant links nobody to it", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "microsoft");
  const put = putAccount(who, { address: "other@contoso.example", auth_method: "oauth", connection: connection.id });
  const [answer] = await Promise.all([put, ask(who, "DELETE", `/integrations/${connection.id}`)]);
  expect([200, 404, 409]).toContain(answer.status);
  const { results } = await env.DB.prepare("select * from mail_accounts where owner = ? and auth_method = 'oauth'")
    .bind(who.sub)
    .all();
  expect(results).toEqual([]);
});

test("a sign-in that waited for D1 does not undo what its owner has decided since", async () => {
  listen();
  const who = somebody({ ...READER });
  let down = false;
  const world = otherWorld({ DB: failingD1((sql) => down && !/^\s*select/i.test(sql)) });
  const started = await world.send(who, "POST", `${MAIL}/microsoft/authorize`, {});
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  const back = new URL(await signIn(url, "ana"));
  down = true;
  await world.send(who, "GET", back.pathname + back.search);
  // It counts at once, written or not.
  const shown = await world.send(who, "GET", `${MAIL}/mail-account`);
  expect(await shown.json()).toMatchObject({ address: ANA, auth_method: "oauth" });
  down = false;
  vi.useFakeTimers({ now: Date.now() + 1_000, toFake: ["Date"] });
  const body = { address: ANA, auth_method: "password", password: PASSWORD };
  const put = () => world.send(who, "PUT", `${MAIL}/mail-account`, body);
  expect((await put()).status).toBe(409);
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
  await world.keeper(who.sub, "alarm");
  expect((await put()).status).toBe(200);
  vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
  await world.keeper(who.sub, "alarm");
  const after = await world.send(who, "GET", `${MAIL}/mail-account`);
  expect(await after.json()).toMatchObject({ auth_method: "password", has_password: true });
});

test("a disconnect counts at once although D1 does not take it", async () => {
  listen();
  const who = somebody({ ...READER });
  await connectWith(who, { provider: "google", features: ["calendar.read", "mail.imap"] });
  await openMailbox(who, "google", { body: { features: ["calendar.read"] } });
  await sleep(who.sub);
  const world = otherWorld({ DB: failingD1((sql) => !/^\s*select/i.test(sql)) });
  const closed = await world.send(who, "POST", `${MAIL}/google/disconnect`, {});
  expect(await closed.json()).toMatchObject({ mail_accounts: [{ auth_method: "password", connection: null }] });
  const after = await world.send(who, "GET", `${MAIL}/google/xoauth2`);
  expect(await problemOf(after)).toMatchObject({ code: "not_connected" });
});

test("a later sign-in keeps nothing of what an erasure was to erase", async () => {
  listen();
  const who = somebody();
  await openMailbox(who, "microsoft");
  await putAccount(who, { address: ANA, password: PASSWORD });
  await sleep(who.sub);
  const world = otherWorld({ DB: failingD1((sql) => /^\s*delete/i.test(sql)) });
  await world.send(who, "DELETE", `${MANAGER}/integrations`);
  await openMailbox(who, "microsoft");
  vi.useFakeTimers({ now: Date.now() + 10 * 60_000, toFake: ["Date"] });
  await keeperOf(who.sub).deliver();
  const later = otherWorld({});
  await later.keeper(who.sub, "alarm");
  vi.useRealTimers();
  const { results } = await env.DB.prepare("select password from mail_accounts where owner = ?").bind(who.sub).all();
  expect(results.every(({ password }) => password === null)).toBe(true);
});

test.each(["{", "", "[]", '"x"'])("a body that is no JSON object is named as that: %j", async (body) => {
  const init = { method: "PUT", body, headers: { "Content-Type": "application/json" } };
  const refused = await problemOf(await call(`${MAIL}/mail-account`, somebody(), init));
  expect(refused).toMatchObject({ status: 400, code: "malformed_json" });
});

test("what cannot be taken back is not guessed: with several accounts a removal names one", async () => {
  const who = somebody();
  for (const address of ["one@gmail.com", "two@gmail.com"]) await putAccount(who, { address });
  const refused = await problemOf(await call(`${MAIL}/mail-account`, who, { method: "DELETE" }));
  expect(refused).toMatchObject({ status: 422, errors: [{ path: "address" }] });
  expect((await call(`${MAIL}/mail-account?address=one@gmail.com`, who, { method: "DELETE" })).status).toBe(204);
  expect((await call(`${MAIL}/mail-account`, who, { method: "DELETE" })).status).toBe(204);
});

test("a shared mailbox's account goes back alone, and the grant's own mailbox stays open", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "microsoft");
  await putAccount(who, { address: "sales@contoso.example", auth_method: "oauth" });
  const closed = await (await closeMailbox(who, "microsoft", { address: "sales@contoso.example" })).json();
  expect(closed).toMatchObject({ connection: { id: connection.id, status: "active" } });
  expect(await account(who, "?address=sales@contoso.example")).toMatchObject({ auth_method: "password" });
  expect((await logins(who, "microsoft")).address).toBe(ANA);
});

test("writes at once never make more accounts than an owner may have", async () => {
  const who = somebody();
  const answers = await Promise.all(
    Array.from({ length: 25 }, (_, count) => putAccount(who, { address: `a${count}@gmail.com` })),
  );
  const statuses = answers.map(({ status }) => status);
  expect(statuses.filter((status) => status === 200)).toHaveLength(20);
  expect(new Set(statuses)).toEqual(new Set([200, 409]));
});

test("Google's page is not sent a prompt that it does not know", async () => {
  const refused = await problemOf(await send("POST", `${MAIL}/google/authorize`, somebody(), { prompt: "login" }));
  expect(refused).toMatchObject({ status: 422, errors: [{ path: "prompt" }] });
  expect(await heard("accounts.google.com")).toEqual([]);
});

test("in beta a mailbox is a connection like any other, and no account is written", async () => {
  const who = somebody();
  await connectWith(who, { provider: "outlook" }, "ana", "/api/v1/beta/oauth");
  const { results } = await env.DB.prepare("select * from beta_mail_accounts").all();
  expect(results).toEqual([]);
});
