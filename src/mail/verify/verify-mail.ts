/** Proves a mail account by logging in for real. The answer names one cause and who mends it. */
import type { Clock } from "../../lib/clock.ts";
import type { Mender } from "../../lib/errors.ts";
import type { Logger } from "../../lib/log.ts";
import { type MailProtocol, type MailServer, serverErrors } from "../servers.ts";
import { plain, xoauth2 } from "../sasl.ts";
import { LoginFailure, type VerifyCause } from "./causes.ts";
import { type Connect, type MailConnection, openConnection } from "./connection.ts";
import { loginByImap } from "./imap.ts";
import type { MailLogin } from "./login.ts";
import { showable } from "./said.ts";
import { loginBySmtp } from "./smtp.ts";
import { type ReachPorts, whySilent, whyUnreachable } from "./unreachable.ts";

/** What verifying takes. `development` allows loopback and free ports. */
export interface VerifyPorts {
  readonly connect: Connect;
  readonly clock: Clock;
  readonly development: boolean;
  readonly log: Logger;
  /** Looks a host up where it could not be reached; absent: a missing name is not told from a closed port. */
  readonly resolves?: ReachPorts["resolves"];
}

/** How one login went. `steps` in their order, the last one being where it failed; `took_ms` includes finding out why. */
export type VerifyResult =
  | { readonly ok: true; readonly steps: string[]; readonly took_ms: number }
  | {
      readonly ok: false;
      readonly steps: string[];
      readonly took_ms: number;
      readonly cause: VerifyCause;
      readonly mend: Mender;
      /** Safe words. */
      readonly detail: string;
      /** One line of at most 200 characters, with nothing secret in it. */
      readonly server_said?: string;
    };

/** How every login went; `ok` where all are good. */
export interface MailVerification {
  readonly ok: boolean;
  readonly imap?: VerifyResult;
  readonly smtp?: VerifyResult;
}

/**
 * Logs in at each server that is given, both beside each other; at most about 40 s. Never throws for what a server does.
 * Throws `validation_failed` for a user name, password or token that is empty or holds a control character.
 */
export async function verifyMail(
  ports: VerifyPorts,
  of: { readonly imap?: MailServer; readonly smtp?: MailServer } & MailLogin,
): Promise<MailVerification> {
  refuseControls(of);
  const [imap, smtp] = await Promise.all([
    of.imap && verify(ports, { protocol: "imap", server: of.imap, login: of }),
    of.smtp && verify(ports, { protocol: "smtp", server: of.smtp, login: of }),
  ]);
  const results = { ...(imap ? { imap } : {}), ...(smtp ? { smtp } : {}) };
  return { ok: Object.values(results).every(({ ok }) => ok), ...results };
}

/** The field's name is what a caller knows it by. */
function refuseControls({ username, secret }: MailLogin): void {
  if (secret.kind === "password") plain(username, secret.password);
  else xoauth2(username, secret.accessToken);
}

interface Asked {
  readonly protocol: MailProtocol;
  readonly server: MailServer;
  readonly login: MailLogin;
}

async function verify(ports: VerifyPorts, asked: Asked): Promise<VerifyResult> {
  const { protocol, server } = asked;
  const began = ports.clock.now();
  const { steps, failure } = await attempt(ports, asked);
  const took_ms = ports.clock.now() - began;
  const { host, port } = server;
  ports.log.info("mail_verify", { protocol, host, port, outcome: failure?.verdict ?? "ok", took_ms });
  if (!failure) return { ok: true, steps, took_ms };
  const said = failure.said === undefined ? "" : showable(failure.said, asked.login);
  const { verdict: cause, mend, message: detail } = failure;
  return { ok: false, steps, took_ms, cause, mend, detail, ...(said === "" ? {} : { server_said: said }) };
}

async function attempt(ports: VerifyPorts, asked: Asked): Promise<{ steps: string[]; failure?: LoginFailure }> {
  const { protocol, server, login } = asked;
  if (serverErrors(server, { protocol, development: ports.development }).length > 0)
    return { steps: [], failure: new LoginFailure("server_not_allowed") };
  let connection: MailConnection | undefined;
  try {
    connection = await openConnection(ports, server);
    await DIALOGS[protocol]({ connection, server, login });
    return { steps: [...connection.steps] };
  } catch (error) {
    if (!(error instanceof LoginFailure)) throw error;
    const steps = [...(connection?.steps ?? ["connect"])];
    connection?.close();
    return { steps, failure: await explained(ports, { server, failure: error, steps }) };
  } finally {
    connection?.close();
  }
}

const DIALOGS = { imap: loginByImap, smtp: loginBySmtp } as const;

/** A failure whose cause shows only by asking on. */
async function explained(
  { connect, clock, resolves = async () => undefined }: VerifyPorts,
  { server, failure, steps }: { server: MailServer; failure: LoginFailure; steps: readonly string[] },
): Promise<LoginFailure> {
  const ports = { connect, clock, resolves };
  // With TLS from the beginning it may be TLS that took so long; without, nothing is left to find out.
  if (failure.verdict === "connection_timeout" && server.security === "starttls") return failure;
  if (steps.at(-1) === "connect") return new LoginFailure(await whyUnreachable(ports, server));
  const isSilent = failure.verdict === "answer_timeout" && steps.at(-1) === "greeting";
  return isSilent && server.security === "starttls" ? new LoginFailure(await whySilent(ports, server)) : failure;
}
