import { html } from "hono/html";
import type { World } from "../world.ts";

/** What may accompany an error. */
export interface EntraErrorExtra {
  status?: number;
  suberror?: string;
  claims?: string;
  subcode?: string;
}

/** A refusal of the login service: an OAuth error with its AADSTS number. */
export class EntraError extends Error {
  override name = "EntraError";
  readonly error: string;
  readonly aadsts: number;
  readonly extra: EntraErrorExtra;

  constructor(error: string, aadsts: number, message: string, extra: EntraErrorExtra = {}) {
    super(message);
    this.error = error;
    this.aadsts = aadsts;
    this.extra = extra;
  }
}

/** `invalid_grant`: the code, the refresh token or the consent behind them is no good. */
export function invalidGrant(aadsts: number, message: string, suberror?: string): EntraError {
  return new EntraError("invalid_grant", aadsts, message, suberror === undefined ? {} : { suberror });
}

/** `invalid_request`: the request itself is malformed. */
export function invalidRequest(aadsts: number, message: string): EntraError {
  return new EntraError("invalid_request", aadsts, message);
}

/** AADSTS900144: a parameter that must be there is not. */
export function missingParameter(name: string): EntraError {
  return invalidRequest(900144, `The request body must contain the following parameter: '${name}'.`);
}

/** The members of the error envelope of the token endpoint. */
export function errorEnvelope(world: World, origin: string, failure: EntraError): Record<string, unknown> {
  const { error, aadsts, extra } = failure;
  const ids = { timestamp: timestamp(world.now()), trace_id: crypto.randomUUID(), correlation_id: crypto.randomUUID() };
  return {
    error,
    error_description: describe(failure, ids),
    error_codes: [aadsts],
    ...ids,
    error_uri: `${origin}/error?code=${aadsts}`,
    ...(extra.suberror !== undefined && { suberror: extra.suberror }),
    ...(extra.claims !== undefined && { claims: extra.claims }),
  };
}

/** The token endpoint's answer to a failure: 401 for a client that is not who it says, 400 otherwise. */
export function tokenErrorResponse(world: World, origin: string, failure: EntraError): Response {
  const body = errorEnvelope(world, origin, failure);
  const status = failure.extra.status ?? (CLIENT_AUTH_CODES.has(failure.aadsts) ? 401 : 400);
  return Response.json(body, { status, headers: noStoreHeaders(String(body["trace_id"])) });
}

/** The parameters with which a failure goes back to the redirect URI. */
export function errorParameters(world: World, origin: string, failure: EntraError): Record<string, string> {
  const { error, error_description: text, error_uri: uri } = errorEnvelope(world, origin, failure);
  return {
    error: String(error),
    ...(failure.extra.subcode !== undefined && { error_subcode: failure.extra.subcode }),
    error_description: String(text),
    error_uri: String(uri),
  };
}

/** The page that a browser sees when the application or its redirect URI is wrong. */
export function errorPage(world: World, origin: string, failure: EntraError): Response {
  const text = String(errorEnvelope(world, origin, failure)["error_description"]);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Sign in to your account</title>
      </head>
      <body>
        <h1>Sorry, but we’re having trouble signing you in.</h1>
        <p>${text}</p>
      </body>
    </html>`;
  return new Response(String(page), { status: 400, headers: { "Content-Type": "text/html; charset=utf-8" } });
}

/** The headers of every answer of the token endpoint. */
export function noStoreHeaders(traceId: string): Record<string, string> {
  return {
    "Content-Type": "application/json; charset=utf-8",
    "Cache-Control": "no-store, no-cache",
    Pragma: "no-cache",
    Expires: "-1",
    "x-ms-request-id": traceId,
    P3P: 'CP="DSP CUR OTPi IND OTRi ONL FIN"',
    "Set-Cookie": "fpc=sandbox; path=/; secure; HttpOnly; SameSite=None",
  };
}

const CLIENT_AUTH_CODES = new Set([50012, 70002, 700024, 700025, 700027, 7000215, 7000218, 7000222, 50048]);

function describe(
  { aadsts, message }: EntraError,
  ids: Record<"timestamp" | "trace_id" | "correlation_id", string>,
): string {
  return [
    `AADSTS${aadsts}: ${message}`,
    `Trace ID: ${ids.trace_id}`,
    `Correlation ID: ${ids.correlation_id}`,
    `Timestamp: ${ids.timestamp}`,
  ].join("\r\n");
}

// 2026-11-20 10:11:12Z: a space, and no fraction.
function timestamp(now: number): string {
  return `${new Date(now).toISOString().slice(0, 19).replace("T", " ")}Z`;
}
