import { afterEach, expect, test } from "vitest";
import { problemOf } from "../routes/security.ts";
import { call, signIn } from "../support.ts";
import { connectWith, integration, resetSandbox, somebody, trailOf } from "../oauth/manager.ts";
import { account, closeMailbox, logins, MAIL, openMailbox, putAccount, readSasl, startMail } from "./mailboxes.ts";

// One person's earlier grants come along at Google.
afterEach(resetSandbox);

test("a sign-in at Google's door opens the mailbox, and a mail client gets what both servers take", async () => {
  const who = somebody();
  const opened = await openMailbox(who, "google");
  expect(opened.connection.provider).toBe("google");
  expect(opened.mail_account).toEqual({ address: opened.connection.account.address, auth_method: "oauth" });
  const { address } = opened.connection.account;
  const given = await logins(who, "google");
  expect(given).toMatchObject({ address, username: address, connection: opened.connection.id });
  expect(given.imap).toMatchObject({ host: "imap.gmail.com", port: 993, security: "tls", username: address });
  expect(given.smtp).toMatchObject({ host: "smtp.gmail.com", username: address });
  expect(readSasl(given.imap?.sasl ?? "")).toBe(`user=${address} auth=Bearer ${given.access_token}`);
  expect(readSasl(given.smtp?.oauthbearer ?? "")).toBe(
    `n,a=${address}, host=smtp.gmail.com port=${given.smtp?.port} auth=Bearer ${given.access_token}`,
  );
  expect(Date.parse(given.imap?.expires_at ?? "")).toBeGreaterThan(Date.now());
  expect(await account(who)).toMatchObject({ address, provider: "google", auth_method: "oauth", has_password: false });
});

test("the release is in the trail, with the mailbox and no token", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  const { access_token: token } = await logins(who, "google", "?user=team%40gmail.example");
  const [released] = await trailOf(who, "token_release");
  expect(released).toMatchObject({ connection: connection.id, detail: { mailbox: "team@gmail.example" } });
  expect(JSON.stringify(released)).not.toContain(token);
});

test("nobody gets a login without the permission to read tokens", async () => {
  const who = somebody();
  await openMailbox(who, "google");
  const refused = await problemOf(await call(`${MAIL}/google/xoauth2`, who));
  expect(refused).toMatchObject({ status: 403, code: "forbidden", missing_permission: "tokens:read" });
});

test("what is asked for is the mailbox, and what the body names besides", async () => {
  const asked = async (body: object) => {
    const url = await startMail(somebody(), "google", body);
    return (url.searchParams.get("scope") ?? "").split(" ");
  };
  expect(await asked({})).toEqual(["openid", "profile", "email", "https://mail.google.com/"]);
  expect(await asked({ features: ["calendar.read"] })).toContain("https://www.googleapis.com/auth/calendar.readonly");
});

test("disconnecting a mailbox that is all of a grant forgets it, and the account goes back to its password", async () => {
  const who = somebody();
  const { connection } = await openMailbox(who, "google");
  const { address } = connection.account;
  await putAccount(who, { address, password: "an app password" });
  expect(await account(who)).toMatchObject({ auth_method: "oauth", has_password: true });
  const closed = await (await closeMailbox(who, "google")).json();
  expect(closed).toMatchObject({
    connection: { id: connection.id, status: "revoked" },
    kept_for: [],
    mail_accounts: [{ address, auth_method: "password", connection: null, has_password: true }],
  });
  const after = await problemOf(await call(`${MAIL}/google/xoauth2`, { ...who, scope: "tokens:read" }));
  expect(after).toMatchObject({ code: "not_connected", authorize_path: "/api/oauth/google/authorize" });
  expect(await problemOf(await closeMailbox(who, "google"))).toMatchObject({ status: 404, code: "not_connected" });
});

test("a grant that serves more than mail goes on serving that", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google", features: ["calendar.read", "mail.imap"] });
  const { address } = await logins(who, "google");
  const closed = await (await closeMailbox(who, "google")).json();
  expect(closed).toMatchObject({ connection: { id, status: "active" }, kept_for: ["calendar.read"] });
  expect(await integration(who, id)).toMatchObject({ status: "active" });
  expect(await problemOf(await call(`${MAIL}/mail-account?address=${address}`, who))).toMatchObject({
    code: "not_found",
  });
  const after = await problemOf(await call(`${MAIL}/google/xoauth2`, { ...who, scope: "tokens:read" }));
  expect(after).toMatchObject({ code: "not_connected" });
  // Whoever signs in for mail again has it again.
  await openMailbox(who, "google");
  expect(await account(who)).toMatchObject({ auth_method: "oauth", connection: id });
});

test("a user who unticks the mailbox has an account at Google, and no mail account", async () => {
  const who = somebody();
  const url = await startMail(who, "google", { features: ["calendar.read"] });
  url.searchParams.set("deny_scopes", "https://mail.google.com/");
  const answer = await call(await signIn(url.toString(), "ana"));
  expect(await answer.json()).toMatchObject({ connection: { provider: "google" }, mail_account: null });
  expect(await problemOf(await call(`${MAIL}/mail-account`, who))).toMatchObject({ status: 404, code: "not_found" });
});

test.each([{}, { "Content-Type": "application/json" }, { "Content-Type": "text/plain" }])(
  "a POST without a body starts a sign-in, whatever type it names: %j",
  async (headers) => {
    const init = { method: "POST", headers: { ...headers, "Content-Length": "0" }, body: "" };
    expect((await call(`${MAIL}/google/authorize`, somebody(), init)).status).toBe(200);
  },
);
