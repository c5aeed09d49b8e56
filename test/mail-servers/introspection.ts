/** What a mail server knows about an access token: by introspection (RFC 7662), at whatever URL it is told. */
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import * as z from "zod";

/** Where tokens are asked for, and as whom (HTTP Basic). */
export interface IntrospectionServer {
  readonly url: string;
  readonly client: string;
  readonly secret: string;
}

const tokenSchema = z.object({
  active: z.boolean(),
  aud: z.string().optional(),
  scope: z.string().default(""),
  username: z.string().optional(),
  mailbox: z
    .object({
      imap_enabled: z.boolean().default(true),
      smtp_auth_enabled: z.boolean().default(true),
      conditional_access: z.enum(["allow", "block"]).default("allow"),
      shared: z.array(z.string()).default([]),
    })
    .prefault({}),
});

/** A token, as introspection has it: RFC 7662's members, and the mailbox behind it. */
export type IntrospectedToken = z.input<typeof tokenSchema>;

/** What a mail server makes of a token. `refused`: it is good, and the login is refused all the same, in these words. */
export interface Verdict {
  readonly good: boolean;
  readonly refused?: "imap_disabled" | "smtp_auth_disabled" | "conditional_access";
  readonly username: string;
  readonly shared: readonly string[];
}

const NEEDED = { imap: /(?:^|\s|\/)IMAP\.AccessAsUser\.All(?:\s|$)/, smtp: /(?:^|\s|\/)SMTP\.Send(?:\s|$)/ } as const;
const GOOGLE = /(?:^|\s)https:\/\/mail\.google\.com\/(?:\s|$)/;
const GRAPH = "https://graph.microsoft.com";

/** Asks about a token, and judges it as a mail server of this protocol does. Throws where nobody can be asked. */
export async function judge(server: IntrospectionServer, protocol: "imap" | "smtp", token: string): Promise<Verdict> {
  const headers = { Authorization: `Basic ${btoa(`${server.client}:${server.secret}`)}` };
  const answer = await fetch(server.url, { method: "POST", headers, body: new URLSearchParams({ token }) });
  if (!answer.ok) throw new Error(`introspection: ${answer.status}`);
  const { active, aud = "", scope, username = "", mailbox } = tokenSchema.parse(await answer.json());
  const covers = GOOGLE.test(scope) || (NEEDED[protocol].test(scope) && !aud.startsWith(GRAPH));
  if (!active || !covers) return { good: false, username, shared: [] };
  const { shared, conditional_access, imap_enabled, smtp_auth_enabled } = mailbox;
  const known = { good: true, username, shared };
  if (conditional_access === "block") return { ...known, refused: "conditional_access" };
  if (protocol === "imap" && !imap_enabled) return { ...known, refused: "imap_disabled" };
  return protocol === "smtp" && !smtp_auth_enabled ? { ...known, refused: "smtp_auth_disabled" } : known;
}

/** An HTTP server on loopback. */
export interface RunningServer {
  readonly url: string;
  stop(): Promise<void>;
}

/** Answers each POST's token by `answer`, in JSON; with status 500 where that throws. */
export async function serveTokens(
  answer: (token: string, request: http.IncomingMessage) => unknown,
): Promise<RunningServer> {
  const reply = async (request: http.IncomingMessage, response: http.ServerResponse) => {
    try {
      const token = new URLSearchParams(await text(request)).get("token") ?? "";
      const body = JSON.stringify(await answer(token, request));
      response.writeHead(200, { "Content-Type": "application/json" }).end(body);
    } catch {
      response.writeHead(500).end();
    }
  };
  const server = http.createServer((request, response) => void reply(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** The words in which a login is refused though its token is good: Exchange's, as far as they are known. */
export const REFUSALS = {
  imap_disabled: "IMAP is disabled for this mailbox",
  smtp_auth_disabled: "5.7.139 Authentication unsuccessful, SmtpClientAuthentication is disabled for the Mailbox.",
  conditional_access:
    "5.7.139 Authentication unsuccessful, the request did not meet the criteria to be authenticated successfully.",
} as const satisfies Record<NonNullable<Verdict["refused"]>, string>;
