import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { sleep } from "../connections/keeper.ts";
import { ask, connectWith, googleScope, integration, resetSandbox, somebody, trailOf } from "../oauth/manager.ts";
import { otherWorld } from "../oauth/other-world.ts";
import { problemOf } from "../routes/security.ts";
import { call, signIn } from "../support.ts";
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
