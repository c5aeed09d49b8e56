/** Small providers with habits of their own, scripted: what a certified one never does. One server, a path for each. */
import { once } from "node:events";
import http, { type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** What a path answers. `query`: of the address, or the form of a POST. */
export type Script = (query: URLSearchParams, request: IncomingMessage) => Answer;

/** An answer. `stream`: begins and never ends; `silent`: never begins. */
export type Answer =
  | { readonly json: unknown; readonly status?: number }
  | { readonly redirect: string }
  | { readonly stream: string }
  | { readonly silent: true };

/** The server, running. */
export interface Scripted {
  readonly origin: string;
  /** What was asked for, in order: method and path. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** Starts it on a free port; `scripts` are made when its origin is known. */
export async function startScripted(scripts: (origin: string) => Readonly<Record<string, Script>>): Promise<Scripted> {
  const server = http.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const table = scripts(origin);
  const asked: string[] = [];
  server.on("request", (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", origin);
    asked.push(`${request.method} ${pathname}`);
    const script = table[pathname];
    if (script === undefined) return void response.writeHead(404).end("{}");
    void formOf(request, searchParams).then((query) => write(response, script(query, request)));
  });
  return {
    origin,
    asked,
    async stop() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

async function formOf(request: IncomingMessage, query: URLSearchParams): Promise<URLSearchParams> {
  if (request.method !== "POST") return query;
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return new URLSearchParams(text);
}

function write(response: ServerResponse, answer: Answer): void {
  if ("silent" in answer) return;
  if ("redirect" in answer) return void response.writeHead(302, { Location: answer.redirect }).end();
  response.writeHead("status" in answer ? (answer.status ?? 200) : 200, { "Content-Type": "application/json" });
  if ("stream" in answer) response.write(answer.stream);
  else response.end(JSON.stringify(answer.json));
}

/** Sends the browser straight back with a code, and names no issuer. */
export const straightBack: Script = (query) => {
  const back = new URL(query.get("redirect_uri") ?? "");
  back.search = new URLSearchParams({ code: "good-code", state: query.get("state") ?? "" }).toString();
  return { redirect: back.toString() };
};
