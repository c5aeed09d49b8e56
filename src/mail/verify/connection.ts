/** A connection to a mail server, line by line: with deadlines, with limits, and never a secret before TLS. */
import type { Clock } from "../../lib/clock.ts";
import type { MailServer } from "../servers.ts";
import { LoginFailure, type VerifyCause } from "./causes.ts";

/** What is used of a socket of `cloudflare:sockets`. */
export interface MailSocket {
  readonly opened: Promise<unknown>;
  readonly closed: Promise<unknown>;
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
  startTls(): MailSocket;
  close(): Promise<unknown>;
}

/** `connect()` of `cloudflare:sockets`, or a stand-in's. */
export type Connect = (
  address: { readonly hostname: string; readonly port: number },
  options: { readonly secureTransport: "on" | "off" | "starttls"; readonly allowHalfOpen: boolean },
) => MailSocket;

/** Bounds of a login: bytes and ms. */
export const BOUNDS = {
  /** Longest line. RFC 5321 and 9051 have no use for more; capabilities can be long. */
  lineBytes: 8192,
  /** All that a server may say in one login. */
  totalBytes: 65_536,
  /** One question and its answer. */
  stepMs: 10_000,
  /** The login itself: Dovecot makes whoever failed before wait up to 15 s. */
  authenticateMs: 20_000,
  /** The whole login. */
  loginMs: 30_000,
} as const;

/** See {@link openConnection}. */
export interface MailConnection {
  /** Begins a step, which has a deadline of its own, ms. */
  step(name: string, ms?: number): void;
  /** The steps that were begun, in order. */
  readonly steps: readonly string[];
  /** The next line without its end. Throws a {@link LoginFailure}. */
  readLine(): Promise<string>;
  /** Sends lines, each with its end. Throws a {@link LoginFailure}. */
  send(...lines: readonly string[]): Promise<void>;
  /** Goes over to TLS. Throws a {@link LoginFailure}, also where anything has come that TLS does not vouch for. */
  startTls(): Promise<void>;
  /** Ends it, whatever state it is in. Never throws. */
  close(): void;
}

/** Opens a connection; the deadlines begin. Nothing is sent. Throws a {@link LoginFailure}, then nothing stays open. */
export async function openConnection(
  ports: { readonly connect: Connect; readonly clock: Clock },
  server: MailServer,
): Promise<MailConnection> {
  const { connect, clock } = ports;
  const deadline = createDeadline(clock);
  deadline.step("connect");
  const socket = openSocket(connect, server, server.security === "tls" ? "on" : "starttls");
  if (socket === undefined) throw new LoginFailure("unreachable");
  const wire = createWire(socket);
  const lines = createLineBuffer();
  const connection: MailConnection = {
    steps: deadline.steps,
    step: (name, ms) => deadline.step(name, ms),
    async readLine() {
      for (;;) {
        const line = lines.next();
        if (line !== undefined) return line;
        const chunk = await deadline.within(wire.read(), "answer_timeout", "connection_lost");
        if (chunk === undefined) throw new LoginFailure("connection_lost");
        lines.add(chunk);
      }
    },
    async send(...all) {
      const bytes = new TextEncoder().encode(all.map((line) => `${line}\r\n`).join(""));
      await deadline.within(wire.write(bytes), "answer_timeout", "connection_lost");
    },
    async startTls() {
      // CVE-2011-0411: whoever sits between could have placed answers here, for us to take as said within TLS.
      if (!lines.isEmpty()) throw new LoginFailure("data_before_tls");
      await deadline.within(wire.startTls(), "tls_failed", "tls_failed");
    },
    close: () => wire.close(),
  };
  try {
    await deadline.within(wire.opened(), "connection_timeout", "unreachable");
  } catch (error) {
    wire.close();
    throw error;
  }
  return connection;
}

/** A socket to a server; undefined where the platform refuses to make one. */
export function openSocket(
  connect: Connect,
  { host, port }: Pick<MailServer, "host" | "port">,
  secureTransport: "on" | "off" | "starttls",
): MailSocket | undefined {
  // As in a URL: without brackets workerd takes the end of an IPv6 address for the port.
  const hostname = host.includes(":") ? `[${host}]` : host;
  try {
    return connect({ hostname, port }, { secureTransport, allowHalfOpen: false });
  } catch {
    return undefined;
  }
}

/** The one socket at a time, with its reader and writer. */
function createWire(first: MailSocket) {
  let socket = first;
  let reader = socket.readable.getReader();
  let writer = socket.writable.getWriter();
  const quiet = () => undefined;
  // Both are told by what is read, too: here nobody waits for them.
  const adopt = (next: MailSocket) => {
    next.opened.catch(quiet);
    next.closed.catch(quiet);
  };
  adopt(socket);
  return {
    opened: () => socket.opened,
    async read(): Promise<Uint8Array | undefined> {
      const { done, value } = await reader.read();
      return done ? undefined : value;
    },
    write: (bytes: Uint8Array) => writer.write(bytes),
    async startTls() {
      reader.releaseLock();
      writer.releaseLock();
      socket = socket.startTls();
      adopt(socket);
      reader = socket.readable.getReader();
      writer = socket.writable.getWriter();
      await socket.opened;
    },
    close() {
      void reader.cancel().catch(quiet);
      void writer.abort().catch(quiet);
      void socket.close().catch(quiet);
    },
  };
}

/** Bytes into lines, within the bounds. */
function createLineBuffer() {
  let rest = new Uint8Array();
  let total = 0;
  return {
    isEmpty: () => rest.length === 0,
    add(chunk: Uint8Array) {
      total += chunk.length;
      if (total > BOUNDS.totalBytes) throw new LoginFailure("answer_too_long");
      const joined = new Uint8Array(rest.length + chunk.length);
      joined.set(rest);
      joined.set(chunk, rest.length);
      rest = joined;
    },
    next(): string | undefined {
      const end = rest.indexOf(LF);
      const line = withoutCr(end < 0 ? rest : rest.subarray(0, end));
      if (line.length > BOUNDS.lineBytes) throw new LoginFailure("answer_too_long");
      if (end < 0) return undefined;
      rest = rest.slice(end + 1);
      return new TextDecoder().decode(line);
    },
  };
}

const CR = 13;
const LF = 10;

function withoutCr(line: Uint8Array): Uint8Array {
  return line.at(-1) === CR ? line.subarray(0, -1) : line;
}

/** Waits for no longer than the step and the login may take. */
function createDeadline(clock: Clock) {
  const end = clock.now() + BOUNDS.loginMs;
  const steps: string[] = [];
  let stepEnd = end;
  return {
    steps,
    step(name: string, ms: number = BOUNDS.stepMs) {
      steps.push(name);
      stepEnd = Math.min(end, clock.now() + ms);
    },
    async within<T>(work: Promise<T>, late: VerifyCause, broken: VerifyCause): Promise<T> {
      const timer = clock.after(Math.max(0, stepEnd - clock.now()));
      const failed = work.catch(() => Promise.reject(new LoginFailure(broken)));
      const tooLate = timer.done.then(() => Promise.reject(new LoginFailure(late)));
      // Whichever loses the race is nobody's concern.
      failed.catch(() => undefined);
      try {
        return await Promise.race([failed, tooLate]);
      } finally {
        timer.cancel();
      }
    },
  };
}
