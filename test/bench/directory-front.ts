/**
 * Stands between the stand-in and whoever reads from it, a process of its own: it keeps the pages that do not change
 * and gives them again at once, so that making them is no part of what is measured. What it has not seen, it asks for.
 */
import { once } from "node:events";
import { Agent, createServer, type IncomingMessage, request, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as pause } from "node:timers/promises";

/** What it is told. `forget`: the tenant was changed. `latencyMs`: what the way to Graph takes from now on. */
export type FrontOrder = "forget" | "count" | { readonly latencyMs: number };

/** What it has given since it was last asked. */
export interface FrontCount {
  readonly requests: number;
  readonly bytes: number;
  /** Requests that the stand-in was asked for, and how long it took for them, ms. */
  readonly asked: number;
  readonly askedMs: number;
}

/** A page, with the links that either kind of caller can follow. */
interface Kept {
  readonly plain: Buffer;
  readonly tls: Buffer;
}

const UPSTREAM = Number(process.argv[2]);
const GRAPH = "https://graph.microsoft.com";
/** Below it links are given as Graph gives them: Microsoft's client follows no others. */
const TLS = "/tls";
const TYPE = "application/json;odata.metadata=minimal;charset=utf-8";
/** Everything that is read page by page from its beginning. Lists that are cut by time are asked for each time. */
const KEEPS = /^\/v1\.0\/((users|groups|devices)\/(delta|\$count)|deviceManagement\/managedDevices)$/;

const agent = new Agent({ keepAlive: true });
const kept = new Map<string, Kept>();
let count = nothing();
let latencyMs = 0;

const server = createServer((asked, answer) => {
  give(asked, answer).catch((error: unknown) => answer.destroy(error instanceof Error ? error : undefined));
});
server.keepAliveTimeout = 600_000;
server.listen(0, "127.0.0.1");
await once(server, "listening");
const { port } = server.address() as AddressInfo;
const ORIGIN = `http://127.0.0.1:${port}`;
process.on("message", (order: FrontOrder) => {
  if (typeof order === "object") ({ latencyMs } = order);
  else if (order === "forget") kept.clear();
  process.send?.(count satisfies FrontCount);
  count = nothing();
});
process.on("disconnect", () => process.exit(0));
// A Ctrl-C reaches the whole group: whoever started this process ends it.
process.on("SIGINT", () => undefined);
process.send?.(port);

async function give(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
  const { method = "GET", url = "/" } = asked;
  const path = url.startsWith(`${TLS}/`) ? url.slice(TLS.length) : url;
  const key = method === "GET" ? keyOf(path) : undefined;
  const page = (key === undefined ? undefined : kept.get(key)) ?? (await fetchPage(asked, answer, { path, key }));
  if (!page) return;
  if (latencyMs > 0) await pause(latencyMs);
  const body = path === url ? page.plain : page.tls;
  count = { ...count, requests: count.requests + 1, bytes: count.bytes + body.length };
  answer.writeHead(200, { "Content-Type": TYPE, "Content-Length": body.length });
  answer.end(body);
}

/** However a client spells an address, the page is the same. Undefined: it is not kept. */
function keyOf(path: string): string | undefined {
  const { pathname, searchParams } = new URL(path, GRAPH);
  const isCut = searchParams.has("$filter") || searchParams.get("$top") === "1";
  if (isCut || !KEEPS.test(pathname)) return undefined;
  searchParams.sort();
  return `${pathname}?${searchParams.toString()}`;
}

/** Asks the stand-in. Gives the page where it is kept; otherwise the answer is passed on. */
async function fetchPage(
  asked: IncomingMessage,
  answer: ServerResponse,
  { path, key }: { readonly path: string; readonly key: string | undefined },
): Promise<Kept | undefined> {
  const started = performance.now();
  const { status, headers, text } = await ask(asked, path);
  count = { ...count, asked: count.asked + 1, askedMs: count.askedMs + performance.now() - started };
  if (key !== undefined && status === 200) {
    const page = { plain: Buffer.from(text), tls: Buffer.from(text.replaceAll(`${ORIGIN}/`, `${GRAPH}/`)) };
    kept.set(key, page);
    return page;
  }
  const body = Buffer.from(text);
  const { "transfer-encoding": _chunked, connection: _own, ...others } = headers;
  answer.writeHead(status, { ...others, "content-length": body.length });
  answer.end(body);
  count = { ...count, requests: count.requests + 1, bytes: count.bytes + body.length };
  return undefined;
}

/** The stand-in's links follow the host that it is asked on. */
async function ask(asked: IncomingMessage, path: string) {
  const { method = "GET" } = asked;
  const headers = { ...asked.headers, host: new URL(ORIGIN).host, "accept-encoding": "identity" };
  const sent = request({ host: "127.0.0.1", port: UPSTREAM, agent, method, path, headers });
  asked.pipe(sent);
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  const text = (await answer.setEncoding("utf8").toArray()).join("");
  return { status: answer.statusCode ?? 500, headers: answer.headers, text };
}

function nothing(): FrontCount {
  return { requests: 0, bytes: 0, asked: 0, askedMs: 0 };
}
