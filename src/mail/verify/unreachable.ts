/** Why a server could not be reached. workerd and Cloudflare's network have one message for DNS, refusal and TLS alike. */
import ipaddr from "ipaddr.js";
import type { Clock } from "../../lib/clock.ts";
import type { MailServer } from "../servers.ts";
import type { VerifyCause } from "./causes.ts";
import { type Connect, type MailSocket, openSocket } from "./connection.ts";

/** What finding out takes. */
export interface ReachPorts {
  readonly connect: Connect;
  readonly clock: Clock;
  /** True where the DNS has the host, false where it says that there is none, undefined where nobody can say. */
  readonly resolves: (host: string) => Promise<boolean | undefined>;
}

/** Each question asked after a failure, ms. */
const PROBE_MS = 3000;

/** The cause of a connection that did not come about: without TLS it may, and then it is TLS that failed. Sends nothing. */
export async function whyUnreachable(ports: ReachPorts, server: MailServer): Promise<VerifyCause> {
  const probe = server.security === "tls" ? await probePlain(ports, server) : "refused";
  if (probe === "late") return "connection_timeout";
  if (probe !== "refused") return probe === "greets" ? "not_tls" : "tls_failed";
  if (ipaddr.isValid(server.host) || server.host === "localhost") return "connection_refused";
  const exists = await within(ports.clock, ports.resolves(server.host));
  if (exists === undefined || exists === LATE) return "unreachable";
  return exists ? "connection_refused" : "dns_failed";
}

/** The cause of a server that says nothing before STARTTLS: it may be waiting for TLS. Sends nothing. */
export async function whySilent(ports: ReachPorts, server: MailServer): Promise<VerifyCause> {
  const socket = openSocket(ports.connect, server, "on");
  if (socket === undefined) return "answer_timeout";
  const opened = await within(ports.clock, settled(socket));
  end(socket);
  return opened === true ? "tls_expected" : "answer_timeout";
}

async function probePlain(ports: ReachPorts, server: MailServer): Promise<"refused" | "late" | "silent" | "greets"> {
  const socket = openSocket(ports.connect, server, "off");
  if (socket === undefined) return "refused";
  const opened = await within(ports.clock, settled(socket));
  const reader = socket.readable.getReader();
  const chunk =
    opened === true
      ? await within(
          ports.clock,
          reader.read().catch(() => undefined),
        )
      : undefined;
  void reader.cancel().catch(() => undefined);
  end(socket);
  if (opened !== true) return opened === LATE ? "late" : "refused";
  const text = chunk === LATE ? "" : new TextDecoder().decode(chunk?.value);
  return /^(?:\* (?:OK|BYE|PREAUTH)\b|[2-5]\d\d[ -])/i.test(text) ? "greets" : "silent";
}

const LATE = Symbol("late");

async function within<T>(clock: Clock, work: Promise<T>): Promise<T | typeof LATE> {
  const timer = clock.after(PROBE_MS);
  try {
    return await Promise.race([work, timer.done.then((): typeof LATE => LATE)]);
  } finally {
    timer.cancel();
  }
}

function settled(socket: MailSocket): Promise<boolean> {
  socket.closed.catch(() => undefined);
  return socket.opened.then(
    () => true,
    () => false,
  );
}

function end(socket: MailSocket): void {
  void socket.close().catch(() => undefined);
}
