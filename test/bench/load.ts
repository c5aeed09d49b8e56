/**
 * The load generator, a process of its own: plain sockets that stay open, one request at a time on each. It parses as
 * little as it can, so that it takes little of the machine from what is measured.
 */
import { connect, type Socket } from "node:net";

/** One slice of load. It ends by time or by count, whichever comes first. */
export interface Load {
  readonly port: number;
  /** What is asked: the connections take them in turn. */
  readonly requests: readonly { readonly path: string; readonly token: string }[];
  readonly connections: number;
  readonly durationMs: number;
  readonly maxRequests: number;
}

/** How a slice went. Times in ms. */
export interface Loaded {
  readonly requests: number;
  readonly elapsedMs: number;
  readonly p50: number;
  readonly p99: number;
  /** The first answer that was not 200; then nothing else counts. */
  readonly wrong?: string;
}

const SOCKET_TIMEOUT_MS = 20_000;
const CRLF2 = Buffer.from("\r\n\r\n");

process.on("message", (load: Load) => {
  void run(load).then((loaded) => process.send?.(loaded));
});
process.on("disconnect", () => process.exit(0));

async function run(load: Load): Promise<Loaded> {
  const took: number[] = [];
  const started = performance.now();
  const until = started + load.durationMs;
  const mayGoOn = () => took.length < load.maxRequests && performance.now() < until;
  const clients = Array.from({ length: load.connections }, (_, index) => client(load, index, took, mayGoOn));
  const outcomes = await Promise.allSettled(clients);
  const elapsedMs = performance.now() - started;
  took.sort((a, b) => a - b);
  const at = (share: number) => took[Math.floor(took.length * share)] ?? 0;
  const failed = outcomes.find((outcome) => outcome.status === "rejected");
  const wrong = failed ? { wrong: String(failed.reason) } : {};
  return { requests: took.length, elapsedMs, p50: at(0.5), p99: at(0.99), ...wrong };
}

/** One connection: asks, reads the whole answer, asks again. */
function client(load: Load, index: number, took: number[], mayGoOn: () => boolean): Promise<void> {
  // Where there are several requests, the connections share them out and begin again when all were asked.
  const requests = load.requests.map((_, at) => requestOf(load, at));
  let turn = index;
  const socket = connect({ host: "127.0.0.1", port: load.port, noDelay: true });
  let asked = 0;
  const ask = () => {
    asked = performance.now();
    socket.write(requests[turn % requests.length] ?? "");
    turn += load.connections;
  };
  return new Promise<void>((resolve, reject) => {
    socket.setTimeout(SOCKET_TIMEOUT_MS, () => reject(new Error("no answer")));
    socket.on("error", reject).on("connect", ask);
    socket.on("close", () => reject(new Error("the connection was closed")));
    onAnswer(socket, (head) => {
      took.push(performance.now() - asked);
      if (!head.startsWith("HTTP/1.1 200")) return reject(new Error(head.slice(0, 200)));
      if (mayGoOn()) return ask();
      resolve();
    });
  }).finally(() => socket.destroy());
}

function requestOf({ port, requests }: Load, index: number): Buffer {
  const { path = "/", token = "" } = requests[index % requests.length] ?? {};
  const fields = [`Host: 127.0.0.1:${port}`, `Authorization: Bearer ${token}`, "Accept: application/json"];
  return Buffer.from(`GET ${path} HTTP/1.1\r\n${fields.join("\r\n")}\r\n\r\n`);
}

/** Calls back with the head of each answer, once all of it has come. Bodies have a length or come in chunks. */
function onAnswer(socket: Socket, done: (head: string) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  socket.on("data", (chunk: Buffer) => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const end = seen.indexOf(CRLF2);
    if (end < 0) return;
    const head = seen.toString("latin1", 0, end);
    const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
    const whole =
      length === undefined
        ? seen.subarray(-5).toString("latin1") === "0\r\n\r\n"
        : seen.length >= end + 4 + Number(length);
    if (!whole) return;
    seen = Buffer.alloc(0);
    done(head);
  });
}
