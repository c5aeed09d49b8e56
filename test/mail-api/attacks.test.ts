import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { keeperOf, sleep } from "../connections/keeper.ts";
import {
  ask,
  connectWith,
  googleScope,
  heard,
  integration,
  MANAGER,
  resetSandbox,
  somebody,
  trailOf,
} from "../oauth/manager.ts";
import { failingD1, otherWorld } from "../oauth/other-world.ts";
import { problemOf } from "../routes/security.ts";
import { call, listen, send, signIn } from "../support.ts";
import {
  account,
  closeMailbox,
  logins,
  MAIL,
  openMailbox,
  putAccount,
  readSasl,
  READER,
  startMail,
} from "./mailboxes.ts";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await resetSandbox();
});

const ANA = "ana@contoso.example";
const PASSWORD = "correct horse battery staple";
const ELSEWHERE = { imap: { host: "imap.attacker.example" }, smtp: { host: "smtp.attacker.example" } };
const refusedLogin = async (who: { sub: string }, door: string, query = "") =>
  problemOf(await call(`${MAIL}/${door}/xoauth2${query}`, { ...who, ...READER }));

test("an access token goes to its provider's own servers alone, whoever writes others down", async () => {
  const who = somebody();
  await openMailbox(who, "microsoft");
  const refused = await problemOf(await putAccount(who, { address: ANA, ...ELSEWHERE }));
  expect(refused).toMatchObject({ status: 422, errors: [{ path: "imap.host" }, { path: "smtp.host" }] });
  expect((await putAccount(who, { address: ANA, imap: { host: "outlook.office365.com" } })).status).toBe(200);
});

test("servers and a name that were written for a password wait while a grant is used", async () => {
  const who = somebody();
  await putAccount(who, { address: ANA, username: "ana", password: PASSWORD, ...ELSEWHERE });
  await openMailbox(who, "microsoft");
  const given = await logins(who, "microsoft");
  expect([given.imap?.host, given.smtp?.host]).toEqual(["outlook.office365.com", "smtp.office365.com"]);
  expect(readSasl(given.imap?.sasl ?? "")).toMatch(/^user=ana@contoso\.example /);
  expect(await account(who)).toMatchObject({ imap: { host: "outlook.office365.com" }, username: ANA });
  await closeMailbox(who, "microsoft");
  expect(await account(who)).toMatchObject({ imap: { host: "imap.attacker.example" }, username: "ana" });
});

test("a stored password is not for a server that somebody names later", async () => {
  const who = somebody();
  await putAccount(who, { address: "ana@gmail.com", password: PASSWORD });
  const refused = await problemOf(await putAccount(who, { address: "ana@gmail.com", ...ELSEWHERE }));
  expect(refused).toMatchObject({ status: 422, errors: [{ path: "password" }] });
  expect((await putAccount(who, { address: "ana@gmail.com", ...ELSEWHERE, password: PASSWORD })).status).toBe(200);
  expect((await putAccount(who, { address: "ana@gmail.com", password: null })).status).toBe(200);
});

test("what the policy keeps from a caller, verify does not use for them either", async () => {
  const who = somebody();
  await openMailbox(who, "google");
  await sleep(who.sub);
  const world = otherWorld({ SCOPE_POLICY: '{"user":{"google":["calendar.read"]}}' });
  const refused = await world.send(who, "POST", `${MAIL}/mail-account/verify`, {});
  expect(await problemOf(refused)).toMatchObject({ status: 403, code: "forbidden" });
});

test.each([
  ["microsoft", ["https://graph.microsoft.com/OnlineMeetings.ReadWrite"], ["mail.imap"], "OnlineMeetings.ReadWrite"],
  ["google", [googleScope("drive.file")], ["mail.imap"], "files.write"],
] as const)(
  "a grant of %s that holds %j besides mail is not ended with it",
  async (provider, scopes, features, kept) => {
    const who = somebody();
    const id = await connectWith(who, { provider, scopes, features });
    const closed = await (await closeMailbox(who, provider)).json<{ kept_for: string[] }>();
    expect(closed).toMatchObject({ connection: { id, status: "active" } });
    expect(closed.kept_for).toContain(kept);
    expect(await integration(who, id)).toMatchObject({
      status: "active",
      features: expect.not.arrayContaining(["mail.imap"]) as unknown,
    });
  },
);

test("mail that was taken from Google's grant stays taken, whatever is refreshed, written or removed, until a sign-in for it", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google", features: ["calendar.read", "mail.imap"] });
  const { address } = await logins(who, "google");
  await closeMailbox(who, "google");
  await ask(who, "POST", `/integrations/${id}/refresh`);
  expect(await refusedLogin(who, "google")).toMatchObject({ code: "not_connected" });
  expect(await problemOf(await putAccount(who, { address, auth_method: "oauth" }))).toMatchObject({
    code: "not_connected",
  });
  await connectWith(who, { provider: "google", features: ["calendar.write"] });
  expect(await refusedLogin(who, "google")).toMatchObject({ code: "not_connected" });
  await openMailbox(who, "google");
  expect((await logins(who, "google")).connection).toBe(id);
});

test("a door disconnects its own grant, also where another door's is used for the address", async () => {
  const who = somebody();
  const google = await connectWith(who, { provider: "google", features: ["calendar.read", "mail.imap"] });
  await openMailbox(who, "microsoft");
  expect(await (await closeMailbox(who, "google")).json()).toMatchObject({ connection: { id: google } });
  expect(await refusedLogin(who, "google")).toMatchObject({ code: "not_connected" });
  expect(await account(who)).toMatchObject({ provider: "outlook", auth_method: "oauth" });
});

test("an account that its owner set to its password is opened by no door", async () => {
  const who = somebody();
  await openMailbox(who, "microsoft");
  await putAccount(who, { address: ANA, auth_method: "password", password: PASSWORD });
  expect(await refusedLogin(who, "microsoft")).toMatchObject({ code: "not_connected" });
});

test("a sign-in without the mailbox takes the account off a grant that no longer covers it", async () => {
  const who = somebody();
  // Nobody else's grant keeps Google from ending this one.
  const person = `m-${who.sub}`;
  const { connection } = await openMailbox(who, "google", { person, body: { features: ["calendar.read"] } });
  await ask(who, "DELETE", `/integrations/${connection.id}`);
  const url = await startMail(who, "google", { features: ["calendar.read"] });
  url.searchParams.set("deny_scopes", "https://mail.google.com/");
  expect(await (await call(await signIn(url.toString(), person))).json()).toMatchObject({ mail_account: null });
  expect(await account(who)).toMatchObject({ auth_method: "password" });
  expect(await refusedLogin(who, "google")).toMatchObject({ code: "not_connected" });
  expect(await trailOf(who, "token_release")).toEqual([]);
});

test("a mail grant of Google's that needs its user is mended at the door that it came through", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  await env.DB.prepare(
    "update connections set status = 'reauth_required', status_reason = 'grant_revoked', version = version + 1 where id = ?1",
  )
    .bind(connection.id)
    .run();
  await sleep(who.sub);
  const path = `/api/oauth/google/authorize?connection=${connection.id}`;
  expect(await refusedLogin(who, "google")).toMatchObject({ code: "reauth_required", authorize_path: path });
  const started = await call(path, who, { method: "POST" });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  expect(new URL(url).searchParams.get("scope")).not.toContain("calendar");
  await call(await signIn(url, "ana"));
  expect((await logins(who, "google")).connection).toBe(connection.id);
});

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
  const put = await world.send(who, "PUT", `${MAIL}/mail-account`, body);
  if (put.status === 200) {
    vi.useFakeTimers({ now: Date.now() + 60_000, toFake: ["Date"] });
    await world.keeper(who.sub, "alarm");
    const after = await world.send(who, "GET", `${MAIL}/mail-account`);
    expect(await after.json()).toMatchObject({ auth_method: "password", has_password: true });
  }
  expect([200, 409]).toContain(put.status);
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
