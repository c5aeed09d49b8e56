/** A submission server (smtp-server), which takes tokens and passwords and refuses as Exchange or as Google does. */
import { readFileSync } from "node:fs";
import type { AddressInfo } from "node:net";
import { SMTPServer } from "smtp-server";
import type { Certificates } from "./certificates.ts";
import { type IntrospectionServer, judge, REFUSALS } from "./introspection.ts";

/** How it is started. */
export interface SubmissionOptions {
  readonly certificates: Certificates;
  readonly introspection: IntrospectionServer;
  /** By user name. */
  readonly passwords: Readonly<Record<string, string>>;
  /** How it refuses: Exchange by 535 at once, Google by an error challenge first. */
  readonly style: "exchange" | "google";
}

/** Starts it; answers its two ports. Mail that is handed in is thrown away. */
export async function startSubmission(
  options: SubmissionOptions,
): Promise<{ tls: number; starttls: number; stop(): Promise<void> }> {
  const servers = [serverOf(options, true), serverOf(options, false)] as const;
  const [tls, starttls] = await Promise.all(servers.map((server) => listening(server)));
  return {
    tls: tls ?? 0,
    starttls: starttls ?? 0,
    async stop() {
      await Promise.all(servers.map((server) => new Promise<void>((resolve) => server.close(() => resolve()))));
    },
  };
}

function serverOf(options: SubmissionOptions, secure: boolean): SMTPServer {
  const { certificate, key } = options.certificates;
  const server = new SMTPServer({
    secure,
    cert: readFileSync(certificate),
    key: readFileSync(key),
    authMethods: ["XOAUTH2", "PLAIN", "LOGIN"],
    closeTimeout: 200,
    onAuth(auth, _session, answer) {
      const { username = "", password = "", accessToken } = auth;
      const refusal = accessToken
        ? refusalOfToken(options, username, accessToken)
        : Promise.resolve(options.passwords[username] === password ? undefined : WRONG[options.style]);
      refusal
        .catch(() => ({ code: 454, text: "4.7.0 Temporary authentication failure" }))
        .then((refused) => {
          if (refused === undefined) return answer(null, { user: username });
          if (accessToken && options.style === "google") return answer(null, { data: CHALLENGE });
          return answer(Object.assign(new Error(refused.text), { responseCode: refused.code }));
        })
        .catch(() => undefined);
    },
    onData(stream, _session, done) {
      stream.resume().on("end", () => done());
    },
  });
  // A client that does not trust our certificate ends the handshake: that is what it is to do.
  server.on("error", () => undefined);
  return server;
}

/** Google's words for a token that it does not take. */
const CHALLENGE = { status: "400", schemes: "Bearer", scope: "https://mail.google.com/" };

const WRONG = {
  exchange: { code: 535, text: "5.7.3 Authentication unsuccessful" },
  google: { code: 534, text: "5.7.9 Application-specific password required. - gsmtp" },
} as const;

async function refusalOfToken(
  { introspection }: SubmissionOptions,
  username: string,
  token: string,
): Promise<{ code: number; text: string } | undefined> {
  const verdict = await judge(introspection, "smtp", token);
  const isTheirs = [verdict.username, ...verdict.shared].includes(username);
  if (!verdict.good || !isTheirs) return WRONG.exchange;
  return verdict.refused && { code: 535, text: REFUSALS[verdict.refused] };
}

function listening(server: SMTPServer): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    const listener = server.listen(0, "127.0.0.1", () => resolve((listener.address() as AddressInfo).port));
  });
}
