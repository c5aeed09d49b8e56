import { readFileSync } from "node:fs";
import tls from "node:tls";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { oauthbearer, xoauth2 } from "../../src/mail/sasl.ts";
import { ANA, OTHER, PASSWORD, SHARED, startKnownServers, TOKENS } from "./people.ts";
import { type MailServersRunning, whyNoMailServers } from "./start.ts";

describe.skipIf(whyNoMailServers())("what mail clients do with tokens and SASL strings", () => {
  let servers: MailServersRunning;
  beforeAll(async () => {
    servers = await startKnownServers();
  });
  afterAll(() => servers?.stop());

  const trust = () => ({ ca: readFileSync(servers.ca, "utf8") });
  const imapClient = (security: "tls" | "starttls", auth: { user: string; accessToken?: string; pass?: string }) =>
    new ImapFlow({
      host: "localhost",
      port: servers.imap[security],
      secure: security === "tls",
      auth,
      tls: trust(),
      logger: false,
    });
  const smtpClient = (security: "tls" | "starttls", auth: object) =>
    createTransport({
      host: "localhost",
      port: servers.smtp[security],
      secure: security === "tls",
      requireTLS: true,
      auth,
      tls: trust(),
    });

  test.each(["tls", "starttls"] as const)(
    "imapflow opens the INBOX with a token and with a password, by %s",
    async (how) => {
      for (const auth of [{ accessToken: TOKENS.good }, { pass: PASSWORD }]) {
        const client = imapClient(how, { user: ANA, ...auth });
        await client.connect();
        expect(await client.mailboxOpen("INBOX")).toMatchObject({ path: "INBOX", exists: 0 });
        await client.logout();
      }
    },
  );

  test("imapflow opens a shared mailbox, and not somebody else's, nor with an expired token", async () => {
    const shared = imapClient("tls", { user: SHARED, accessToken: TOKENS.good });
    await shared.connect();
    await shared.logout();
    for (const auth of [
      { user: OTHER, accessToken: TOKENS.good },
      { user: ANA, accessToken: TOKENS.expired },
    ])
      await expect(imapClient("tls", auth).connect()).rejects.toMatchObject({ authenticationFailed: true });
  });

  test.each(["tls", "starttls"] as const)(
    "nodemailer hands mail in with a token and with a password, by %s",
    async (how) => {
      for (const auth of [
        { type: "OAuth2", user: ANA, accessToken: TOKENS.good },
        { user: ANA, pass: PASSWORD },
      ]) {
        const sent = await smtpClient(how, auth).sendMail({ from: ANA, to: OTHER, subject: "hello", text: "hello" });
        expect(sent.accepted).toEqual([OTHER]);
      }
      const refused = smtpClient(how, { type: "OAuth2", user: ANA, accessToken: TOKENS.withoutSmtp }).verify();
      await expect(refused).rejects.toMatchObject({ code: "EAUTH", responseCode: 535 });
    },
  );

  test.each([
    ["XOAUTH2", (user: string, accessToken: string) => xoauth2(user, accessToken)],
    [
      "OAUTHBEARER",
      (user: string, accessToken: string) =>
        oauthbearer({ user, host: "localhost", port: servers.imap.tls, accessToken }),
    ],
  ])("Dovecot takes our %s string, and for the right user and token alone", async (name, make) => {
    const says = (user: string, accessToken: string) => authenticate(servers, `${name} ${make(user, accessToken)}`);
    expect(await says(ANA, TOKENS.good)).toMatch(/^A OK /);
    expect(await says(ANA, TOKENS.google)).toMatch(/^A OK /);
    expect(await says(SHARED, TOKENS.good)).toMatch(/^A OK /);
    expect(await says("a=b,c@contoso.example", TOKENS.good)).toMatch(/^A NO \[AUTHENTICATIONFAILED\]/);
    expect(await says(ANA, TOKENS.expired)).toMatch(/^A NO \[AUTHENTICATIONFAILED\]/);
    expect(await says(ANA, TOKENS.forGraph)).toMatch(/^A NO \[AUTHENTICATIONFAILED\]/);
  });

  test("nodemailer logs in with our XOAUTH2 string as it is", async () => {
    const sasl = xoauth2(ANA, TOKENS.good);
    const transport = createTransport({
      host: "localhost",
      port: servers.smtp.tls,
      secure: true,
      tls: trust(),
      // Under its own name nodemailer would make the string itself.
      auth: { type: "custom", method: "OURS", user: ANA, pass: sasl },
      customAuth: {
        OURS: async ({ auth, sendCommand }) => {
          await sendCommand("AUTH XOAUTH2");
          const { status, response } = await sendCommand(auth.credentials.pass);
          if (status !== 235) throw new Error(response);
        },
      },
    });
    expect(await transport.verify()).toBe(true);
  });
});

/** What Dovecot says to AUTHENTICATE, its error challenge answered. */
async function authenticate(servers: MailServersRunning, mechanism: string): Promise<string> {
  const socket = tls.connect({ host: "localhost", port: servers.imap.tls, ca: readFileSync(servers.ca) });
  try {
    let text = "";
    for await (const chunk of socket.setEncoding("utf8")) {
      text += String(chunk);
      if (!text.endsWith("\r\n")) continue;
      const line = text.trimEnd().split("\r\n").at(-1) ?? "";
      text = "";
      if (line.startsWith("A ")) return line;
      socket.write(line.startsWith("+") ? "AQ==\r\n" : `A AUTHENTICATE ${mechanism}\r\n`);
    }
    return "nothing";
  } finally {
    socket.destroy();
  }
}
