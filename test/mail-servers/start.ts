/** Real mail servers on loopback: Dovecot for IMAP, smtp-server for submission, both with TLS by an authority of their own. */
import { mkdtempSync, rmSync, writeSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { makeCertificates } from "./certificates.ts";
import { hasDovecot, startDovecot } from "./dovecot.ts";
import { startSubmission, type SubmissionOptions } from "./submission.ts";

/** How they are started. */
export interface MailServersOptions {
  /** Where tokens are asked for (RFC 7662, POST, HTTP Basic): the stand-in's `/_sandbox/introspect`, for example. */
  readonly introspectionUrl: string;
  /** The stand-in's where absent. */
  readonly introspectionClient?: { readonly id: string; readonly secret: string };
  /** Passwords by user name. */
  readonly passwords?: Readonly<Record<string, string>>;
  /** How submission refuses. Default: Exchange's way. */
  readonly style?: SubmissionOptions["style"];
}

/** They run. All ports are localhost's. */
export interface MailServersRunning {
  readonly imap: { readonly tls: number; readonly starttls: number };
  readonly smtp: { readonly tls: number; readonly starttls: number };
  /** The file of the authority that clients have to trust, PEM. */
  readonly ca: string;
  stop(): Promise<void>;
}

/**
 * Why tests that need these servers are skipped; undefined where they run. Throws where REQUIRE_DOVECOT=1 says that
 * nothing may be skipped. It says so once per file, with how to install.
 */
export function whyNoMailServers(): string | undefined {
  if (hasDovecot()) return undefined;
  const why = "Dovecot is not installed: sudo apt-get install -y dovecot-imapd";
  if (process.env["REQUIRE_DOVECOT"] === "1") throw new Error(why);
  // Straight to the terminal: what a skipped file logs is not shown.
  writeSync(process.stderr.fd, `Mail tests are skipped. ${why}\n`);
  return why;
}

/** Starts them. */
export async function startMailServers(options: MailServersOptions): Promise<MailServersRunning> {
  const { introspectionUrl: url, passwords = {}, style = "exchange" } = options;
  const { id: client, secret } = options.introspectionClient ?? STAND_IN;
  const introspection = { url, client, secret };
  const folder = mkdtempSync(path.join(os.tmpdir(), "latchkey-mail-"));
  const certificates = makeCertificates(folder);
  const started: { stop(): Promise<void> }[] = [];
  const stop = async () => {
    for (const server of started) await server.stop();
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  try {
    const smtp = await startSubmission({ certificates, introspection, passwords, style });
    started.push(smtp);
    const imap = await startDovecot({ folder, certificates, introspection, passwords });
    started.push(imap);
    return { imap, smtp, ca: certificates.ca, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

const STAND_IN = { id: "sandbox-mail-server", secret: "sandbox-mail-secret" };
