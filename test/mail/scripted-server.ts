/** Mail servers by script: what they say to each line, in which chunks, and what they saw. */
import type { Clock } from "../../src/lib/clock.ts";
import type { Logger } from "../../src/lib/log.ts";
import type { Connect, MailSocket } from "../../src/mail/verify/connection.ts";

/** What a server says to a line that fits; each rule serves once. `close`: and then it ends the connection. */
export interface Rule {
  readonly to: RegExp;
  readonly say?: string;
  readonly close?: boolean;
}

/** A server. */
export interface Script {
  /** Said on its own, without TLS or after implicit TLS. Absent: silence. */
  readonly greeting?: string;
  readonly closesAfterGreeting?: boolean;
  readonly rules?: readonly Rule[];
  /** Ways it takes connections; others are refused. `silent`: they never open. */
  readonly takes?: Partial<Record<"on" | "off" | "starttls", "opens" | "silent">>;
  readonly tls?: "fails" | "silent";
  /** How an answer is cut into chunks. */
  readonly cut?: (bytes: Uint8Array) => Uint8Array[];
}

/** A server that runs. `seen`: each line with whether TLS was up. */
export interface ScriptedServer {
  readonly connect: Connect;
  readonly seen: { readonly line: string; readonly tls: boolean }[];
  /** How each connection was asked for. */
  readonly asked: string[];
  /** Connections that nobody has ended. */
  open(): number;
}

/** Starts one. It answers at any host. */
export function scriptedServer(script: Script): ScriptedServer {
  const seen: ScriptedServer["seen"] = [];
  const asked: string[] = [];
  const rules = [...(script.rules ?? [])];
  let open = 0;
  const connect: Connect = ({ hostname, port }, { secureTransport }) => {
    asked.push(`${hostname}:${port} ${secureTransport}`);
    open += 1;
    const state = script.takes ? script.takes[secureTransport] : "opens";
    const socket = channel({ script, rules, seen, ended: () => (open -= 1) }, secureTransport === "on");
    if (state === "silent") return { ...socket, opened: new Promise(() => undefined) };
    if (state === undefined) return refusedSocket(socket);
    if (script.greeting !== undefined) socket.say(script.greeting);
    if (script.closesAfterGreeting) socket.hangUp();
    return socket;
  };
  return { connect, seen, asked, open: () => open };
}

interface Shared {
  readonly script: Script;
  readonly rules: Rule[];
  readonly seen: ScriptedServer["seen"];
  readonly ended: () => void;
}

/** As workerd puts it, whatever the reason. */
function refusedSocket(socket: MailSocket): MailSocket {
  const error = new Error("proxy request failed, cannot connect to the specified address");
  const refused = Promise.reject(error);
  refused.catch(() => undefined);
  return { ...socket, opened: refused, closed: refused };
}

function channel(shared: Shared, tls: boolean): MailSocket & { say(text: string): void; hangUp(): void } {
  const { script, rules, seen } = shared;
  const incoming = new TransformStream<Uint8Array, Uint8Array>(undefined, undefined, { highWaterMark: 1000 });
  const outgoing = incoming.writable.getWriter();
  const quiet = () => undefined;
  let isOpen = true;
  const say = (text: string) => {
    const bytes = new TextEncoder().encode(text);
    for (const chunk of script.cut?.(bytes) ?? [bytes]) outgoing.write(chunk).catch(quiet);
  };
  const hangUp = () => void outgoing.close().catch(quiet);
  const hear = (line: string) => {
    seen.push({ line, tls });
    const at = rules.findIndex(({ to }) => to.test(line));
    const [rule] = at < 0 ? [] : rules.splice(at, 1);
    if (rule?.say !== undefined) say(rule.say.replaceAll("$TAG", line.split(" ")[0] ?? ""));
    if (rule?.close) hangUp();
  };
  const writable = new WritableStream<Uint8Array>({ write: listener(hear) });
  return {
    opened: Promise.resolve(),
    closed: new Promise(quiet),
    readable: incoming.readable,
    writable,
    say,
    hangUp,
    startTls() {
      const next = channel(shared, true);
      if (script.tls === "silent") return { ...next, opened: new Promise(quiet) };
      return script.tls === "fails" ? refusedSocket(next) : next;
    },
    async close() {
      if (isOpen) shared.ended();
      isOpen = false;
    },
  };
}

/** Calls `hear` with each whole line. */
function listener(hear: (line: string) => void): (chunk: Uint8Array) => void {
  let text = "";
  return (chunk) => {
    text += new TextDecoder().decode(chunk);
    const lines = text.split("\r\n");
    text = lines.pop() ?? "";
    for (const line of lines) hear(line);
  };
}

/** A clock that stands still. */
export const stillClock: Clock = {
  now: () => 1_000,
  after: () => ({ done: new Promise(() => undefined), cancel: () => undefined }),
};

/** A log that keeps what it is given, as text. */
export function keptLog(): Logger & { readonly text: () => string } {
  const lines: string[] = [];
  const write = (event: string, fields?: object) => void lines.push(JSON.stringify({ event, ...fields }));
  const log = { debug: write, info: write, warn: write, error: write, with: () => log, text: () => lines.join("\n") };
  return log;
}
