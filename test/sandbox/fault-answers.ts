import type { Context } from "hono";
import { sleep } from "./clockwork.ts";
import { DroppedAnswer } from "./dropped.ts";
import { authorizeFault } from "./entra/authorize-fault.ts";
import { EntraError, tokenErrorResponse } from "./entra/errors.ts";
import type { Fault } from "./faults.ts";
import { graphErrorBody } from "./graph/errors.ts";
import type { World } from "./world.ts";

/**
 * Lets a fault happen. `work` answers the request as if there were none. Throws DroppedAnswer when the
 * fault destroys the answer.
 */
export async function suffer(world: World, fault: Fault, c: Context, work: () => Promise<Response>): Promise<Response> {
  if (fault.delay_ms !== undefined && fault.delay_at === "before") await sleep(fault.delay_ms);
  if (fault.drop === "before") throw new DroppedAnswer("dropped before the work");
  const planned = fault.drop === undefined ? plannedAnswer(world, fault, c) : undefined;
  const answer = planned ?? (await work());
  if (fault.delay_ms !== undefined && fault.delay_at === "after") await sleep(fault.delay_ms);
  if (fault.drop === "after") throw new DroppedAnswer("dropped after the work");
  return planned === undefined && fault.headers !== undefined ? withHeaders(answer, fault.headers) : answer;
}

function plannedAnswer(world: World, fault: Fault, c: Context): Response | undefined {
  if (fault.entra_error !== undefined) return entraAnswer(world, fault, fault.entra_error, c);
  if (fault.status === undefined && fault.body === undefined) return undefined;
  const status = fault.status ?? 200;
  const text = typeof fault.body === "string" ? fault.body : undefined;
  const body = text ?? JSON.stringify(fault.body) ?? defaultBody(world, status, new URL(c.req.url));
  const headers = new Headers({ "Content-Type": contentType(body), ...faultHeaders(fault) });
  return new Response(EMPTY_STATUSES.has(status) ? null : body, { status, headers });
}

const EMPTY_STATUSES = new Set([204, 205, 304]);

function entraAnswer(world: World, fault: Fault, planned: NonNullable<Fault["entra_error"]>, c: Context): Response {
  const { code, message = "Planned by the test.", error, status = fault.status, suberror, claims } = planned;
  const extra = { ...(status && { status }), ...(suberror && { suberror }), ...(claims && { claims }) };
  const failure = new EntraError(error, code, message, extra);
  const url = new URL(c.req.url);
  if (url.pathname.endsWith("/authorize")) return authorizeFault(world, url, failure);
  return withHeaders(tokenErrorResponse(world, url.origin, failure), faultHeaders(fault));
}

function faultHeaders(fault: Fault): Record<string, string> {
  const after = fault.retry_after === undefined ? {} : { "Retry-After": String(fault.retry_after) };
  return { ...after, ...fault.headers };
}

function withHeaders(answer: Response, headers: Record<string, string>): Response {
  const changed = new Response(answer.body, answer);
  for (const [name, value] of Object.entries(headers)) changed.headers.set(name, value);
  return changed;
}

// Gateways in front of the login service answer 5xx in HTML; Graph answers in its own envelope.
function defaultBody(world: World, status: number, url: URL): string {
  if (url.pathname.startsWith("/v1.0/")) {
    const code = GRAPH_CODES[status] ?? "UnknownError";
    return JSON.stringify(graphErrorBody(world, { code, message: "Planned by the test." }));
  }
  return `<!doctype html><html><head><title>${status}</title></head><body><h1>Service unavailable</h1></body></html>`;
}

const GRAPH_CODES: Record<number, string> = {
  400: "BadRequest",
  401: "InvalidAuthenticationToken",
  403: "ErrorAccessDenied",
  404: "ErrorItemNotFound",
  409: "Conflict",
  412: "ErrorIrresolvableConflict",
  429: "TooManyRequests",
  500: "InternalServerError",
  503: "serviceNotAvailable",
  504: "UnknownError",
};

function contentType(body: string): string {
  if (/^\s*[[{]/.test(body)) return "application/json; charset=utf-8";
  return body.startsWith("<") ? "text/html; charset=utf-8" : "text/plain; charset=utf-8";
}
