import { expect, test } from "vitest";
import { CAUSES } from "../../src/mail/verify/causes.ts";
import {
  causeOf,
  imapRefusal,
  imapServer,
  logIn,
  OAUTH,
  PASSWORD,
  smtpRefusal,
  smtpServer,
  tokenFor,
} from "./logins.ts";
import type { Script } from "./scripted-server.ts";

const GRAPH = tokenFor("https://graph.microsoft.com");
const EXCHANGE = tokenFor("https://outlook.office.com");
const imap = "imap" as const;
const smtp = "smtp" as const;
const refusedAtSelect = (line: string): Script =>
  imapServer(
    "SASL-IR AUTH=XOAUTH2",
    { to: / AUTHENTICATE /, say: "$TAG OK in\r\n" },
    { to: / SELECT /, say: `$TAG ${line}\r\n` },
  );

/** What servers say, as far as it is known how they put it: protocol, words, cause, who mends it, and the secret. */
const SAID = [
  // Exchange Online.
  [
    smtp,
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Tenant. Visit https://aka.ms/smtp_auth_disabled for more information. [AM0PR01CA0001.eurprd01.prod.exchangelabs.com]",
    "smtp_auth_disabled",
    "admin",
    EXCHANGE,
  ],
  [
    smtp,
    "535 5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
    "smtp_auth_disabled",
    "admin",
    PASSWORD,
  ],
  [
    smtp,
    "535 5.7.139 Authentication unsuccessful, basic authentication is disabled. [X]",
    "basic_auth_blocked",
    "user",
    PASSWORD,
  ],
  [
    smtp,
    "535 5.7.139 Authentication unsuccessful, user is locked by your organization's security defaults policy. Contact your administrator.",
    "conditional_access",
    "admin",
    PASSWORD,
  ],
  [
    smtp,
    "535 5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully. Contact your administrator.",
    "conditional_access",
    "admin",
    EXCHANGE,
  ],
  [
    smtp,
    "535 5.7.139 Authentication unsuccessful, the user credentials were incorrect.",
    "wrong_password",
    "user",
    PASSWORD,
  ],
  [smtp, "535 5.7.139 Authentication unsuccessful, account is disabled.", "account_disabled", "admin", PASSWORD],
  [
    smtp,
    "535 5.7.3 Authentication unsuccessful [AM0PR01CA0001.eurprd01.prod.exchangelabs.com]",
    "token_wrong_resource",
    "operator",
    GRAPH,
  ],
  [
    smtp,
    "535 5.7.3 Authentication unsuccessful",
    "token_wrong_resource",
    "operator",
    tokenFor("00000003-0000-0000-c000-000000000000"),
  ],
  [smtp, "535 5.7.3 Authentication unsuccessful", "token_refused", "user", EXCHANGE],
  [smtp, "535 5.7.3 Authentication unsuccessful", "token_refused", "user", tokenFor("https://outlook.office365.com/")],
  [smtp, "535 5.7.3 Authentication unsuccessful", "token_refused", "user", tokenFor("https://anything.example")],
  [smtp, "535 5.7.3 Authentication unsuccessful", "wrong_password", "user", PASSWORD],
  [smtp, "504 5.7.4 Unrecognized authentication type", "mechanism_missing", "admin", EXCHANGE],
  [
    smtp,
    "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending",
    "too_many_connections",
    "nobody",
    EXCHANGE,
  ],
  [smtp, "454 4.7.0 Temporary authentication failure", "temporarily_refused", "nobody", EXCHANGE],
  [imap, "NO AUTHENTICATE failed.", "token_refused", "user", EXCHANGE],
  [imap, "NO AUTHENTICATE failed.", "token_wrong_resource", "operator", GRAPH],
  [imap, "NO LOGIN failed.", "wrong_password", "user", PASSWORD],
  [imap, "NO IMAP is disabled for this mailbox", "imap_disabled", "admin", EXCHANGE],
  [imap, "BAD User is authenticated but not connected.", "mailbox_not_permitted", "admin", EXCHANGE],
  // Google.
  [
    smtp,
    "534-5.7.9 Application-specific password required. For more information, go to\r\n534 5.7.9 https://support.google.com/mail/?p=InvalidSecondFactor - gsmtp",
    "app_password_needed",
    "user",
    PASSWORD,
  ],
  [
    smtp,
    "534-5.7.14 <https://accounts.google.com/signin/continue> Please log in via your web browser\r\n534 5.7.14 and then try again. - gsmtp",
    "web_login_needed",
    "user",
    PASSWORD,
  ],
  [
    smtp,
    "535-5.7.8 Username and Password not accepted. For more information, go to\r\n535 5.7.8 https://support.google.com/mail/?p=BadCredentials - gsmtp",
    "wrong_password",
    "user",
    PASSWORD,
  ],
  [smtp, "421 4.7.28 Our system has detected an unusual rate of mail", "too_many_connections", "nobody", PASSWORD],
  [
    imap,
    "NO [ALERT] Application-specific password required: https://support.google.com/accounts/answer/185833 (Failure)",
    "app_password_needed",
    "user",
    PASSWORD,
  ],
  [
    imap,
    "NO [ALERT] Your account is not enabled for IMAP use. Please visit your Gmail settings page and enable your account for IMAP access.",
    "imap_disabled",
    "user",
    OAUTH,
  ],
  [
    imap,
    "NO [ALERT] Please log in via your web browser: https://support.google.com/mail/accounts/answer/78754 (Failure)",
    "web_login_needed",
    "user",
    PASSWORD,
  ],
  [imap, "NO [ALERT] Too many simultaneous connections. (Failure)", "too_many_connections", "nobody", OAUTH],
  [imap, "NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)", "token_refused", "user", OAUTH],
  // Dovecot, Cyrus and RFC 5530.
  [imap, "NO [AUTHENTICATIONFAILED] Authentication failed.", "wrong_password", "user", PASSWORD],
  [imap, "NO [AUTHENTICATIONFAILED] Authentication failed.", "token_wrong_resource", "operator", GRAPH],
  [imap, "NO [UNAVAILABLE] Temporary authentication failure.", "temporarily_refused", "nobody", OAUTH],
  [
    imap,
    "NO [UNAVAILABLE] Maximum number of connections from user+IP exceeded (mail_max_userip_connections=10)",
    "too_many_connections",
    "nobody",
    OAUTH,
  ],
  [imap, "NO [LIMIT] Too many", "too_many_connections", "nobody", OAUTH],
  [imap, "NO [AUTHORIZATIONFAILED] You may not act for this user", "mailbox_not_permitted", "admin", OAUTH],
  [imap, "NO [NONEXISTENT] No such mailbox", "mailbox_not_found", "user", OAUTH],
  [smtp, "550 5.1.1 No such user", "mailbox_not_found", "user", OAUTH],
  [smtp, "451 4.7.1 Greylisting in action, please come back later", "temporarily_refused", "nobody", OAUTH],
] as const;

test.each(SAID)(
  "a login by %s refused with %j means %s, for %s to mend",
  async (protocol, said, cause, mend, secret) => {
    const script = protocol === imap ? imapRefusal(said) : smtpRefusal(said);
    const { result, server } = await logIn({ protocol, script, secret });
    expect(result).toMatchObject({ ok: false, cause, mend, detail: CAUSES[cause][1] });
    expect(server.open()).toBe(0);
  },
);

test.each([
  ["BAD User is authenticated but not connected.", "mailbox_not_permitted"],
  ["NO [NONEXISTENT] Unknown Mailbox: INBOX", "mailbox_not_found"],
  ["NO Permission denied", "mailbox_not_permitted"],
  ["NO [SERVERBUG] Internal error", "temporarily_refused"],
] as const)("INBOX that is refused with %j after a good login means %s", async (said, cause) => {
  for (const secret of [OAUTH, GRAPH])
    expect(causeOf((await logIn({ protocol: imap, script: refusedAtSelect(said), secret })).result)).toBe(cause);
});

test("at a host of Exchange any token for something else is for another resource", async () => {
  const script = imapRefusal("NO AUTHENTICATE failed.");
  const secret = tokenFor("api://11111111-aaaa-4bbb-8ccc-000000000001");
  const at = async (host: string) => causeOf((await logIn({ protocol: imap, script, secret, host })).result);
  expect(await at("outlook.office365.com")).toBe("token_wrong_resource");
  expect(await at("imap.example.com")).toBe("token_refused");
});

test.each([
  [imap, "* BYE Too many connections\r\n", "too_many_connections"],
  [imap, "* BYE [UNAVAILABLE] try again later\r\n", "temporarily_refused"],
  [imap, "* BYE Blocked\r\n", "client_blocked"],
  [smtp, "421 4.3.2 Service not available\r\n", "temporarily_refused"],
  [smtp, "421 4.7.0 Too many concurrent SMTP connections\r\n", "too_many_connections"],
  [smtp, "450 4.7.1 Client host rejected: greylisted\r\n", "temporarily_refused"],
  [smtp, "554-5.7.1 Service unavailable;\r\n554 5.7.1 Client host blocked using a list\r\n", "client_blocked"],
  [imap, "220 smtp.example.com ESMTP\r\n", "not_a_mail_server"],
  [smtp, "* OK IMAP ready\r\n", "not_a_mail_server"],
  [imap, "+OK POP3 ready\r\n", "not_a_mail_server"],
  [smtp, "SSH-2.0-OpenSSH_9.2\r\n", "not_a_mail_server"],
  [imap, "HTTP/1.1 400 Bad Request\r\n", "not_a_mail_server"],
] as const)("%s greeted with %j means %s", async (protocol, greeting, cause) => {
  const { result, server } = await logIn({ protocol, script: { greeting, closesAfterGreeting: true } });
  expect(causeOf(result)).toBe(cause);
  expect(server.seen).toEqual([]);
});

test.each([
  ["another tag", imapServer("AUTH=XOAUTH2", { to: / AUTHENTICATE /, say: "A9 OK in\r\n" })],
  ["an unknown status", imapServer("AUTH=XOAUTH2", { to: / AUTHENTICATE /, say: "$TAG YES in\r\n" })],
  ["a literal", imapServer("AUTH=XOAUTH2", { to: / AUTHENTICATE /, say: "* X {7}\r\n$TAG OK\r\n" })],
  ["no capabilities", { greeting: "* OK hi\r\n", rules: [{ to: /CAPABILITY/, say: "$TAG OK done\r\n" }] }],
  [
    "challenge after challenge",
    imapServer("SASL-IR AUTH=XOAUTH2", { to: / AUTHENTICATE /, say: "+ YQ==\r\n+ YQ==\r\n" }),
  ],
])("IMAP that answers with %s is a protocol error", async (_, script) => {
  expect((await logIn({ protocol: imap, script })).result).toMatchObject({ cause: "protocol_error" });
});

test.each([
  ["no reply", smtpServer("XOAUTH2", { to: /^AUTH /, say: "what?\r\n" })],
  ["two codes in one reply", smtpServer("XOAUTH2", { to: /^AUTH /, say: "535-5.7.8 no\r\n235 2.7.0 yes\r\n" })],
  ["a success of another kind", smtpServer("XOAUTH2", { to: /^AUTH /, say: "250 fine\r\n" })],
  ["no EHLO", { greeting: "220 hi\r\n", rules: [{ to: /^EHLO/, say: "502 what\r\n" }] }],
])("SMTP that answers with %s is a protocol error", async (_, script) => {
  expect((await logIn({ protocol: smtp, script })).result).toMatchObject({ cause: "protocol_error" });
});

test.each([imap, smtp])("%s that hangs up in the middle is a lost connection", async (protocol) => {
  const script =
    protocol === imap
      ? imapServer("AUTH=XOAUTH2", { to: / AUTHENTICATE /, close: true })
      : smtpServer("XOAUTH2", { to: /^AUTH /, close: true });
  const { result } = await logIn({ protocol, script });
  expect(result).toMatchObject({ cause: "connection_lost", mend: "nobody" });
});
