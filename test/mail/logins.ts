/** Logins at scripted servers, as tests ask for them. */
import type { MailProtocol } from "../../src/mail/servers.ts";
import type { MailSecret } from "../../src/mail/verify/login.ts";
import { type MailVerification, verifyMail, type VerifyResult } from "../../src/mail/verify/verify-mail.ts";
import { keptLog, type Rule, type Script, scriptedServer, type ScriptedServer, stillClock } from "./scripted-server.ts";

/** The user of every login. */
export const USER = "ana@contoso.example";
/** What an access token looks like, longer than a line of a command may be. */
export const TOKEN = `opaque-${"t0k3n".repeat(300)}`;
/** With it. */
export const OAUTH: MailSecret = { kind: "oauth", accessToken: TOKEN };
/** With a password. */
export const PASSWORD: MailSecret = { kind: "password", password: 'pass"word\\1' };

/** A token of Microsoft's shape for an audience. Signed by nobody. */
export function tokenFor(aud: string): MailSecret {
  const payload = btoa(JSON.stringify({ aud, tid: "t", oid: "o" }))
    .replaceAll("+", "-")
    .replaceAll("/", "_");
  return { kind: "oauth", accessToken: `eyJhbGciOiJub25lIn0.${payload.replaceAll("=", "")}.c2ln` };
}

/** How a login is asked for. */
export interface Ask {
  readonly protocol: MailProtocol;
  readonly script: Script;
  readonly secret?: MailSecret;
  readonly security?: "tls" | "starttls";
  readonly host?: string;
  readonly username?: string;
  readonly resolves?: boolean | undefined;
}

/** Logs in at a scripted server; `all` is everything that could show outside. */
export async function logIn(ask: Ask): Promise<{ result: VerifyResult; server: ScriptedServer; all: string }> {
  const { protocol, script, secret = OAUTH, security = "tls", host = "mail.example.com", username = USER } = ask;
  const server = scriptedServer(script);
  const log = keptLog();
  const port = { imap: { tls: 993, starttls: 143 }, smtp: { tls: 465, starttls: 587 } }[protocol][security];
  const answer: MailVerification = await verifyMail(
    { connect: server.connect, clock: stillClock, development: false, log, resolves: async () => ask.resolves },
    { [protocol]: { host, port, security }, username, secret },
  );
  const result = answer[protocol];
  if (!result) throw new Error("no result");
  return { result, server, all: `${JSON.stringify(answer)}\n${log.text()}` };
}

/** The cause of a result; "ok" where it is good. */
export function causeOf(result: VerifyResult): string {
  return result.ok ? "ok" : result.cause;
}

/** An IMAP server that offers `capabilities` and answers AUTHENTICATE or LOGIN by `auth`. */
export function imapServer(capabilities: string, ...auth: readonly Rule[]): Script {
  return {
    greeting: "* OK ready\r\n",
    rules: [
      ...auth,
      { to: / CAPABILITY$/, say: `* CAPABILITY IMAP4rev1 ${capabilities}\r\n$TAG OK done\r\n` },
      { to: / STARTTLS$/, say: "$TAG OK begin\r\n" },
      { to: / CAPABILITY$/, say: `* CAPABILITY IMAP4rev1 ${capabilities}\r\n$TAG OK done\r\n` },
      { to: / SELECT INBOX$/, say: "* 3 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n$TAG OK [READ-WRITE] selected\r\n" },
      { to: / LOGOUT$/, say: "* BYE bye\r\n$TAG OK done\r\n", close: true },
    ],
  };
}

/** A submission server that offers `mechanisms` and answers AUTH by `auth`. */
export function smtpServer(mechanisms: string, ...auth: readonly Rule[]): Script {
  const ehlo = `250-smtp.example.com\r\n250-PIPELINING\r\n250-STARTTLS\r\n250-AUTH ${mechanisms}\r\n250 8BITMIME\r\n`;
  return {
    greeting: "220-smtp.example.com\r\n220 ESMTP ready\r\n",
    rules: [
      ...auth,
      { to: /^EHLO /, say: ehlo },
      { to: /^STARTTLS$/, say: "220 2.0.0 begin\r\n" },
      { to: /^EHLO /, say: ehlo },
      { to: /^QUIT$/, say: "221 2.0.0 bye\r\n", close: true },
    ],
  };
}

/** An IMAP server that refuses an XOAUTH2 login by a line without its tag. */
export const imapRefusal = (line: string): Script =>
  imapServer("AUTH=XOAUTH2 AUTH=PLAIN SASL-IR", { to: / AUTHENTICATE /, say: `$TAG ${line}\r\n` });

/** A submission server that refuses any login by these lines. */
export const smtpRefusal = (...lines: readonly string[]): Script =>
  smtpServer(
    "LOGIN PLAIN XOAUTH2",
    { to: /^AUTH /, say: "334 \r\n" },
    { to: /^[\w+/]{12,}=*$/, say: `${lines.join("\r\n")}\r\n` },
  );
