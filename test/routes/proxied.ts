/** Ways to call a provider's API through the proxy, and a provider that does what a test wants. */
import { vi } from "vitest";
import { call, callerToken, connect, ORIGIN, send, signIn, type TokenClaims, workerWith } from "../support.ts";

/** A caller that may use the proxy. */
export function proxyCaller(sub: string, more: Record<string, unknown> = {}): TokenClaims {
  return { sub, scope: "proxy", ...more };
}

/** Connects a Microsoft account of the stand-in and gives where its API is, below the Worker's origin. */
export async function connectedApi(claims: TokenClaims, person = "ana", base = "/api/v1"): Promise<string> {
  return apiIn(await connect(claims, person, base), base);
}

/** Connects an account of another provider of the stand-in. */
export async function connectedTo(provider: string, claims: TokenClaims, base = "/api/v1"): Promise<string> {
  const started = await send("POST", `${base}/oauth/authorize`, claims, { provider });
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  return apiIn(await call(await signIn(url, "ana")), base);
}

async function apiIn(callback: Response, base: string): Promise<string> {
  const body = await callback.json<{ connection?: { id: string } }>();
  if (!body.connection) throw new Error(`not connected: ${JSON.stringify(body)}`);
  return apiOf(body.connection.id, base);
}

/** The path of a connection's API. */
export function apiOf(connection: string, base = "/api/v1"): string {
  return `${base}/oauth/integrations/${connection}/proxy`;
}

/** Sends a request with its URL to the letter, as it may come over the wire: `new Request` would tidy it up. */
export async function callRaw(path: string, claims: TokenClaims, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  headers.set("Authorization", `Bearer ${await callerToken(claims)}`);
  const request = new Request(ORIGIN, { ...init, headers });
  Object.defineProperty(request, "url", { value: ORIGIN + path });
  return workerWith({})(request);
}

/** A request as a provider received it. */
export interface Seen {
  readonly url: string;
  readonly method: string;
  readonly headers: Record<string, string>;
}

type Player = (request: Request) => Response | undefined | Promise<Response>;

/** Answers what is sent to `host`, until `vi.restoreAllMocks`; gives what it answered. All else goes to the stand-in. */
export function play(host: string, answer: Player): Seen[] {
  const seen: Seen[] = [];
  const real = globalThis.fetch;
  vi.spyOn(globalThis, "fetch").mockImplementation(async (input, init) => {
    const request = new Request(input, init);
    const played = new URL(request.url).host === host ? answer(request) : undefined;
    if (!played) return real(request);
    seen.push({ url: request.url, method: request.method, headers: Object.fromEntries(request.headers) });
    return played;
  });
  return seen;
}

/** {@link play} as Microsoft Graph. */
export function playGraph(answer: Player): Seen[] {
  return play("graph.microsoft.com", answer);
}
