import { html } from "hono/html";
import type { World } from "../world.ts";

/** The codes of Notion's own envelope, with the status of each. */
export const NOTION_STATUSES = {
  invalid_json: 400,
  invalid_request_url: 400,
  invalid_request: 400,
  invalid_grant: 400,
  validation_error: 400,
  missing_version: 400,
  invalid_beta: 400,
  unauthorized: 401,
  restricted_resource: 403,
  object_not_found: 404,
  conflict_error: 409,
  rate_limited: 429,
  internal_server_error: 500,
  service_unavailable: 503,
  gateway_timeout: 504,
  service_overload: 529,
} as const;

/** A code of Notion's own envelope. */
export type NotionCode = keyof typeof NOTION_STATUSES;

/** A refusal in Notion's own envelope. `retryAfter` is in seconds. */
export class NotionError extends Error {
  override name = "NotionError";
  readonly code: NotionCode;
  readonly extra: { retryAfter?: number; data?: Record<string, unknown> };

  constructor(code: NotionCode, message: string, extra: NotionError["extra"] = {}) {
    super(message);
    this.code = code;
    this.extra = extra;
  }
}

/** What the OAuth endpoints refuse with. */
export type OAuthCode = "invalid_request" | "invalid_client" | "invalid_grant" | "unsupported_grant_type";

/** A refusal of an OAuth endpoint. */
export class NotionOAuthError extends Error {
  override name = "NotionOAuthError";
  readonly error: OAuthCode;

  constructor(error: OAuthCode, message: string) {
    super(message);
    this.error = error;
  }
}

/** The members of Notion's own envelope. */
export function notionEnvelope(code: NotionCode, message: string, data?: Record<string, unknown>) {
  const id = crypto.randomUUID();
  const status: number = NOTION_STATUSES[code];
  return { object: "error", status, code, message, request_id: id, ...(data && { additional_data: data }) };
}

/** The answer to a refusal in Notion's own envelope. */
export function notionErrorResponse({ code, message, extra }: NotionError): Response {
  const body = notionEnvelope(code, message, extra.data);
  const headers = new Headers({ "x-notion-request-id": body.request_id });
  if (extra.retryAfter !== undefined) headers.set("Retry-After", String(extra.retryAfter));
  return Response.json(body, { status: body.status, headers });
}

/** The answer to a refusal of an OAuth endpoint: sources disagree on its form, so a knob chooses. */
export function oauthErrorResponse(world: World, { error, message }: NotionOAuthError): Response {
  const status = error === "invalid_client" ? 401 : 400;
  const envelope = notionEnvelope(ENVELOPE_CODES[error], message);
  const words = { error, error_description: message, request_id: envelope.request_id };
  const body = world.settings().notion_oauth_errors === "envelope" ? envelope : words;
  const headers = new Headers({ ...NO_STORE, "x-notion-request-id": envelope.request_id });
  if (status === 401) headers.set("WWW-Authenticate", 'Basic realm="api.notion.com"');
  return Response.json(body, { status, headers });
}

/** The headers of every answer that carries tokens. */
export const NO_STORE = { "Cache-Control": "no-store", Pragma: "no-cache" };

const ENVELOPE_CODES = {
  invalid_request: "invalid_request",
  invalid_client: "unauthorized",
  invalid_grant: "invalid_grant",
  unsupported_grant_type: "invalid_request",
} as const satisfies Record<OAuthCode, NotionCode>;

/** The page that a browser sees when the integration or its redirect URI is wrong. */
export function notionErrorPage(message: string): Response {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Notion</title>
      </head>
      <body>
        <h1>Something went wrong with this integration.</h1>
        <p>${message}</p>
      </body>
    </html>`;
  return new Response(String(page), { status: 400, headers: { "Content-Type": "text/html; charset=utf-8" } });
}
