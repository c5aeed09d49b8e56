import { once } from "node:events";
import net, { type AddressInfo } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MailSecret } from "../../src/mail/verify/login.ts";
import { ANA, OTHER, PASSWORD, SHARED, startKnownServers, TOKENS } from "./people.ts";
import { type MailServersRunning, whyNoMailServers } from "./start.ts";
import { startVerifyingWorker, type VerifyingWorker } from "./worker.ts";
import { freePort } from "../runtime/free-port.ts";

const token = (name: keyof typeof TOKENS): MailSecret => ({ kind: "oauth", accessToken: TOKENS[name] });
const password = (text: string): MailSecret => ({ kind: "password", password: text });
const all = [
  { protocol: "imap", security: "tls" },
  { protocol: "imap", security: "starttls" },
  { protocol: "smtp", security: "tls" },
  { protocol: "smtp", security: "starttls" },
] as const;

describe.skipIf(whyNoMailServers())("from a Worker, at Dovecot and a submission server", () => {
  let servers: MailServersRunning;
  let google: MailServersRunning;
  let worker: VerifyingWorker;
  let distrustful: VerifyingWorker;

  beforeAll(async () => {
    servers = await startKnownServers();
    google = await startKnownServers({ style: "google" });
    worker = await startVerifyingWorker(servers.ca);
    distrustful = await startVerifyingWorker();
  });
  afterAll(async () => {
    for (const started of [worker, distrustful, servers, google]) await started?.stop();
  });

  /** Logs in at both, and says what came of each. */
  async function outcomes(secret: MailSecret, username: string = ANA): Promise<(string | undefined)[]> {
    const at = (protocol: "imap" | "smtp") =>
      ({ host: "localhost", port: servers[protocol].tls, security: "tls" }) as const;
    const { imap, smtp } = await worker.verify({ imap: at("imap"), smtp: at("smtp"), username, secret });
    return [imap, smtp].map((result) => (result?.ok ? "ok" : result?.cause));
  }

  test.each(all)("a token longer than a line and a password log in by $protocol with $security", async (how) => {
    const { protocol, security } = how;
    const server = { host: "localhost", port: servers[protocol][security], security };
    for (const secret of [token("good"), token("google"), password(PASSWORD)]) {
      const verified = await worker.verify({ [protocol]: server, username: ANA, secret });
      expect(verified).toMatchObject({ ok: true, [protocol]: { ok: true } });
      expect(verified[protocol]?.steps.includes("starttls")).toBe(security === "starttls");
    }
  });

  test("a shared mailbox is opened by the token of somebody who may, and no other", async () => {
    expect(await outcomes(token("good"), SHARED)).toEqual(["ok", "ok"]);
    expect(await outcomes(token("good"), OTHER)).toEqual(["token_refused", "token_refused"]);
  });

  test.each([
    ["an expired token", token("expired"), ["token_refused", "token_refused"]],
    ["a token for Graph", token("forGraph"), ["token_wrong_resource", "token_wrong_resource"]],
    ["a mailbox without IMAP", token("withoutImap"), ["imap_disabled", "ok"]],
    ["SMTP AUTH that is switched off", token("withoutSmtp"), ["ok", "smtp_auth_disabled"]],
    ["a policy that forbids it", token("blocked"), ["conditional_access", "conditional_access"]],
    ["a server that cannot ask about tokens", token("broken"), ["temporarily_refused", "temporarily_refused"]],
    ["a wrong password", password("wrong"), ["wrong_password", "wrong_password"]],
  ])("%s is named", async (_, secret, expected) => {
    expect(await outcomes(secret)).toEqual(expected);
  });

  test("a refusal in Google's way, by a challenge first, is heard to its end", async () => {
    const smtp = { host: "localhost", port: google.smtp.tls, security: "tls" } as const;
    const trusting = await startVerifyingWorker(google.ca);
    try {
      const refused = await trusting.verify({ smtp, username: ANA, secret: token("expired") });
      expect(refused.smtp).toMatchObject({ cause: "token_refused", server_said: expect.stringMatching(/^535 /) });
      const wrong = await trusting.verify({ smtp, username: ANA, secret: password("wrong") });
      expect(wrong.smtp).toMatchObject({ cause: "app_password_needed" });
    } finally {
      await trusting.stop();
    }
  });

  test.each(all)("a certificate of nobody we trust is refused by $protocol with $security", async (how) => {
    const { protocol, security } = how;
    const server = { host: "localhost", port: servers[protocol][security], security };
    const verified = await distrustful.verify({ [protocol]: server, username: ANA, secret: token("good") });
    expect(verified[protocol]).toMatchObject({ cause: "tls_failed", mend: "admin" });
  });

  test.each(["imap", "smtp"] as const)("TLS at %s's port for STARTTLS is found out", async (protocol) => {
    const server = { host: "localhost", port: servers[protocol].starttls, security: "tls" } as const;
    const verified = await worker.verify({ [protocol]: server, username: ANA, secret: token("good") });
    expect(verified[protocol]).toMatchObject({ cause: "not_tls", mend: "user" });
  });

  test("STARTTLS at a port that wants TLS from the beginning is found out", async () => {
    const server = { host: "localhost", port: servers.imap.tls, security: "starttls" } as const;
    const verified = await worker.verify({ imap: server, username: ANA, secret: token("good") });
    expect(verified.imap).toMatchObject({ cause: "tls_expected", mend: "user" });
  });

  test("one protocol at the other's port is no mail server of its kind", async () => {
    const smtp = { host: "localhost", port: servers.imap.tls, security: "tls" } as const;
    const verified = await worker.verify({ smtp, username: ANA, secret: token("good") });
    expect(verified.smtp).toMatchObject({ cause: "not_a_mail_server", mend: "user" });
  });

  test("a closed port and a name that is nobody's are told from a server", async () => {
    const port = await freePort();
    const at = (host: string, security: "tls" | "starttls") => ({ host, port, security });
    const secret = token("good");
    for (const security of ["tls", "starttls"] as const) {
      const closed = await worker.verify({ imap: at("localhost", security), username: ANA, secret });
      expect(closed.imap).toMatchObject({ cause: "connection_refused", mend: "user" });
      const nobody = await worker.verify({ imap: at("no-such-host.invalid", security), username: ANA, secret });
      expect(nobody.imap).toMatchObject({ cause: "unreachable", mend: "user" });
    }
  });

  test("a connection is closed when the login is over, good or not", async () => {
    const counting = net.createServer((socket) => {
      const upstream = net.connect(servers.smtp.starttls, "127.0.0.1");
      socket.on("error", () => upstream.destroy()).pipe(upstream);
      upstream.on("error", () => socket.destroy()).pipe(socket);
      ended.push(once(socket, "close"));
    });
    const ended: Promise<unknown>[] = [];
    counting.listen(0, "127.0.0.1");
    await once(counting, "listening");
    const smtp = { host: "localhost", port: (counting.address() as AddressInfo).port, security: "starttls" } as const;
    for (const secret of [token("good"), token("expired")]) await worker.verify({ smtp, username: ANA, secret });
    expect(ended.length).toBe(2);
    await Promise.all(ended);
    counting.close();
  });

  test("nothing secret was logged in all of this", () => {
    expect(worker.log()).toContain("mail_verify");
    expect(worker.log()).not.toContain(ANA);
    for (const secret of [PASSWORD, ...Object.values(TOKENS)]) expect(worker.log()).not.toContain(secret.slice(0, 60));
  });
});
