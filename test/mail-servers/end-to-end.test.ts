/** From the sign-in to a mail client's INBOX: the Worker, the stand-in, Dovecot and a submission server, each of its own. */
import { readFileSync } from "node:fs";
import { ImapFlow } from "imapflow";
import { createTransport } from "nodemailer";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { SANDBOX_CLIENTS } from "../../scripts/local-environment.mjs";
import { Caller, type Reply } from "../openid/driver.ts";
import { type RunningWorker, startWorker } from "../openid/worker.ts";
import { type MailServersRunning, startMailServers, whyNoMailServers } from "./start.ts";
import { freePort } from "../runtime/free-port.ts";

const ANA = "ana@contoso.example";
const PASSWORD = "kept while the grant is used";

interface Login {
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls";
  readonly username: string;
}
type Logins = Readonly<Record<"imap" | "smtp", Login>> & { readonly access_token: string };
interface Tried {
  readonly ok: boolean;
  readonly steps: readonly string[];
  readonly cause?: string;
  readonly mend?: string;
}
type Verified = Readonly<Record<"imap" | "smtp", Tried>> & { readonly ok: boolean; readonly auth_method: string };

describe.skipIf(whyNoMailServers())("a mailbox, from its sign-in to a mail client", () => {
  let servers: MailServersRunning;
  let worker: RunningWorker;
  let sandbox: string;

  beforeAll(async () => {
    const port = await freePort();
    sandbox = `http://localhost:${port}`;
    servers = await startMailServers({
      introspectionUrl: `${sandbox}/_sandbox/introspect`,
      passwords: { [ANA]: PASSWORD },
    });
    const variables = {
      ENVIRONMENT: "development",
      ...SANDBOX_CLIENTS.microsoft(sandbox),
      ...SANDBOX_CLIENTS.google(sandbox),
    };
    worker = await startWorker({ variables, sandboxPort: port, trust: servers.ca });
  });
  afterAll(async () => {
    await worker?.stop();
    await servers?.stop();
  });

  const control = async (method: string, path: string, body: object) => {
    const headers = { "Content-Type": "application/json" };
    const answer = await fetch(`${sandbox}/_sandbox/${path}`, { method, headers, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
  };

  /** Opens a mailbox at a door, and writes down that its servers are those of this test. */
  async function opened(door: string, security: "tls" | "starttls" = "tls"): Promise<Caller> {
    const caller = new Caller(worker, `${door}-${security}-${Math.random()}`);
    const started = await caller.send("POST", `/api/oauth/${door}/authorize`);
    const back = await signIn(started);
    const { body } = must(await caller.callBack(back));
    expect(body["mail_account"]).toEqual({ address: ANA, auth_method: "oauth" });
    const at = (protocol: "imap" | "smtp") => ({ host: "localhost", port: servers[protocol][security], security });
    must(await caller.send("PUT", "/api/oauth/mail-account", { address: ANA, imap: at("imap"), smtp: at("smtp") }));
    return caller;
  }

  const logins = async (caller: Caller, door: string, query = "") =>
    must(await caller.send("GET", `/api/oauth/${door}/xoauth2${query}`)).body as unknown as Logins;
  const verified = async (caller: Caller, body: object = {}) =>
    must(await caller.send("POST", "/api/oauth/mail-account/verify", body)).body as unknown as Verified;

  const trust = () => ({ ca: readFileSync(servers.ca, "utf8") });
  const imap = ({ imap: at, access_token: accessToken }: Logins) =>
    new ImapFlow({
      host: at.host,
      port: at.port,
      secure: at.security === "tls",
      auth: { user: at.username, accessToken },
      tls: trust(),
      logger: false,
    });
  const smtp = ({ smtp: at, access_token: accessToken }: Logins) =>
    createTransport({
      host: at.host,
      port: at.port,
      secure: at.security === "tls",
      requireTLS: true,
      auth: { type: "OAuth2", user: at.username, accessToken },
      tls: trust(),
    });

  describe.each(["microsoft", "google"])("at the door %s", (door) => {
    test.each(["tls", "starttls"] as const)(
      "imapflow and nodemailer log in with what was handed out, by %s",
      async (how) => {
        const handed = await logins(await opened(door, how), door);
        const client = imap(handed);
        await client.connect();
        expect(await client.mailboxOpen("INBOX")).toMatchObject({ path: "INBOX" });
        await client.logout();
        const sent = await smtp(handed).sendMail({ from: ANA, to: "bo@contoso.example", subject: "Hello", text: "…" });
        expect(sent.accepted).toEqual(["bo@contoso.example"]);
      },
    );

    test.each(["tls", "starttls"] as const)("the Worker itself logs in, by %s", async (how) => {
      const { ok, auth_method, imap: read, smtp: send } = await verified(await opened(door, how));
      expect({ ok, auth_method, read, send }).toMatchObject({
        ok: true,
        auth_method: "oauth",
        read: { ok: true },
        send: { ok: true },
      });
    });
  });

  test("a disconnect takes the client's token away, and the password that was kept logs in again", async () => {
    const caller = await opened("microsoft");
    const at = { host: "localhost", port: servers.imap.tls, security: "tls" };
    const kept = { address: ANA, imap: at, smtp: { ...at, port: servers.smtp.tls }, password: PASSWORD };
    must(await caller.send("PUT", "/api/oauth/mail-account", kept));
    expect(await verified(caller)).toMatchObject({ ok: true, auth_method: "oauth" });
    must(await caller.send("POST", "/api/oauth/microsoft/disconnect"));
    expect((await caller.send("GET", "/api/oauth/microsoft/xoauth2")).body).toMatchObject({ code: "not_connected" });
    expect(await verified(caller)).toMatchObject({ ok: true, auth_method: "password" });
    must(await caller.send("PUT", "/api/oauth/mail-account", { ...kept, password: "another" }));
    expect(await verified(caller)).toMatchObject({
      ok: false,
      imap: { cause: "wrong_password", mend: "user" },
      smtp: { cause: "wrong_password", mend: "user" },
    });
  });

  test.each([
    [{ smtp_auth_enabled: false }, undefined, "smtp_auth_disabled"],
    [{ imap_enabled: false }, "imap_disabled", undefined],
    [{ conditional_access: "block" }, "conditional_access", "conditional_access"],
  ])("what %j does is named, and an administrator mends it", async (mailbox, reading, sending) => {
    const caller = await opened("microsoft");
    await control("PATCH", "users/ana/mailbox", mailbox);
    try {
      const answer = await verified(caller);
      expect([answer.imap.cause, answer.smtp.cause]).toEqual([reading, sending]);
      const menders = [answer.imap, answer.smtp].filter(({ ok }) => !ok).map(({ mend }) => mend);
      expect(new Set(menders)).toEqual(new Set(["admin"]));
    } finally {
      await control("PATCH", "users/ana/mailbox", {
        smtp_auth_enabled: true,
        imap_enabled: true,
        conditional_access: "allow",
      });
    }
  });

  test("a shared mailbox opens for whoever may open it, and for nobody else", async () => {
    const caller = await opened("microsoft");
    await control("PATCH", "users/ana/mailbox", { shared: ["sales@contoso.example"] });
    expect(await verified(caller, { user: "sales@contoso.example", protocols: ["imap"] })).toMatchObject({ ok: true });
    const other = await verified(caller, { user: "bo@contoso.example", protocols: ["imap"] });
    expect(other).toMatchObject({ ok: false });
    const client = imap(await logins(caller, "microsoft", "?user=sales@contoso.example"));
    await client.connect();
    await client.logout();
    await control("PATCH", "users/ana/mailbox", { shared: [] });
  });

  test("a token that was taken back is renewed once before the answer says so", async () => {
    const caller = await opened("microsoft");
    const first = await logins(caller, "microsoft");
    await control("POST", "users/ana/revoke", { access_tokens: true });
    const answer = await caller.send("POST", "/api/oauth/mail-account/verify", { protocols: ["imap"] });
    // Entra has ended the sessions as well: the refresh finds out, and says who mends it.
    expect(answer).toMatchObject({ status: 409, body: { code: "reauth_required", mend: "user" } });
    await expect(imap(first).connect()).rejects.toMatchObject({ authenticationFailed: true });
  });

  test("a Graph token opens no mailbox", async () => {
    const caller = new Caller(worker, "graph-token");
    const started = await caller.send("POST", "/authorize", { provider: "microsoft" });
    const { body } = must(await caller.callBack(await signIn(started)));
    const { id } = body["connection"] as { id: string };
    const { access_token: token } = must(await caller.send("GET", `/integrations/${id}/token?resource=graph`)).body;
    const at = { host: "localhost", port: servers.imap.tls, security: "tls", username: ANA } as const;
    const client = imap({ imap: at, smtp: at, access_token: String(token) });
    await expect(client.connect()).rejects.toMatchObject({ authenticationFailed: true });
  });
});

/** Signs Ana in by the stand-in's page. */
async function signIn(started: Reply): Promise<URL> {
  const url = new URL(String(must(started).body["authorization_url"]));
  url.searchParams.set("auto", "ana");
  const answer = await fetch(url, { redirect: "manual" });
  const location = answer.headers.get("Location");
  if (location === null) throw new Error(`the stand-in did not redirect: ${await answer.text()}`);
  return new URL(location);
}

function must(reply: Reply): Reply {
  if (reply.status >= 300) throw new Error(JSON.stringify(reply));
  return reply;
}
