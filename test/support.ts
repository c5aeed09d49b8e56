/** What the tests of the Worker share: callers, the stand-in's controls, and a sign-in from start to finish. */
import { createExecutionContext } from "cloudflare:test";
import { env, exports } from "cloudflare:workers";
import { SignJWT } from "jose";
import { vi } from "vitest";
import { createApp } from "../src/app.ts";

/** The origin that the Worker under test believes to be its own. */
export const ORIGIN = "https://latchkey.test";

/** Claims of a caller's token beyond `sub`. */
export interface TokenClaims {
  readonly sub: string;
  readonly [claim: string]: unknown;
}

/** A signed caller token, valid for five minutes. */
export async function callerToken(claims: TokenClaims, secret: string = env.JWT_SECRET_KEY): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "HS256" })
    .setIssuedAt()
    .setExpirationTime("5m")
    .sign(new TextEncoder().encode(secret));
}

/** Sends a request to the Worker under test as `claims` (or as nobody). */
export async function call(path: string, claims?: TokenClaims, init: RequestInit = {}): Promise<Response> {
  const headers = new Headers(init.headers);
  if (claims) headers.set("Authorization", `Bearer ${await callerToken(claims)}`);
  return exports.default.fetch(new Request(new URL(path, ORIGIN), { redirect: "manual", ...init, headers }));
}

/** The Worker as it would be with other variables; "" unsets one. Its Durable Objects keep the variables of the tests. */
export function workerWith(variables: Record<string, unknown>): (request: Request) => Promise<Response> {
  const app = createApp();
  const other = { ...env, ...variables };
  return async (request) => app.fetch(request, other, createExecutionContext());
}

/** Sends JSON to the Worker under test. */
export function send(
  method: string,
  path: string,
  claims: TokenClaims,
  body: unknown,
  headers: Record<string, string> = {},
): Promise<Response> {
  return call(path, claims, {
    method,
    body: JSON.stringify(body),
    headers: { "Content-Type": "application/json", ...headers },
  });
}

/** Calls a control of the stand-in. */
export async function sandbox(method: string, path: string, body?: unknown): Promise<Response> {
  return fetch(`https://login.microsoftonline.com/_sandbox/${path}`, {
    method,
    ...(body === undefined ? {} : { body: JSON.stringify(body), headers: { "Content-Type": "application/json" } }),
  });
}

/** What the stand-in received, newest last. */
export async function received(
  path?: string,
): Promise<{ path: string; grant_type?: string; status: number; form?: Record<string, string> }[]> {
  const answer = await sandbox("GET", `requests${path ? `?path=${encodeURIComponent(path)}` : ""}`);
  const body = await answer.json<{
    requests: { path: string; grant_type?: string; status: number; form?: Record<string, string> }[];
  }>();
  return body.requests;
}

/** Signs `person` in at the stand-in: gives the callback's URL, not yet called. */
export async function signIn(authorizationUrl: string, person: string): Promise<string> {
  const url = new URL(authorizationUrl);
  url.searchParams.set("auto", person);
  const answer = await fetch(url, { redirect: "manual" });
  await answer.body?.cancel();
  const location = answer.headers.get("Location");
  if (!location) throw new Error(`the stand-in did not redirect: ${answer.status}`);
  return location;
}

/** Connects an account of the stand-in for a caller and gives the callback's answer. */
export async function connect(claims: TokenClaims, person = "ana", base = "/api/v1"): Promise<Response> {
  const started = await call(`${base}/auth/microsoft/`, claims);
  const { authorization_url: url } = await started.json<{ authorization_url: string }>();
  return call(await signIn(url, person), undefined, { headers: { "CF-Connecting-IP": addressOf(claims.sub) } });
}

/** An address of its own for each caller, so that the callback's limit does not join tests together. */
export function addressOf(sub: string): string {
  let hash = 7;
  for (const char of sub) hash = (hash * 31 + char.charCodeAt(0)) % 0xffffff;
  return `10.${(hash >> 16) & 255}.${(hash >> 8) & 255}.${hash & 255}`;
}

/** Everything that is written to the console from now on, and not on the screen, until `vi.restoreAllMocks`. */
export function listen(): string[] {
  const lines: string[] = [];
  for (const method of ["debug", "info", "warn", "error", "log"] as const)
    vi.spyOn(console, method).mockImplementation((...parts: unknown[]) => void lines.push(parts.map(String).join(" ")));
  return lines;
}
