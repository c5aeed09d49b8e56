import { html } from "hono/html";

/** The headers of every answer that carries tokens. */
export const NO_STORE = { "Cache-Control": "no-cache, no-store, max-age=0, must-revalidate", Pragma: "no-cache" };

/** Codes with another status than 400. */
const STATUSES: Readonly<Record<string, number>> = { invalid_client: 401, deleted_client: 401 };

/** A refusal of the token, revocation or tokeninfo endpoint. */
export class GoogleOAuthError extends Error {
  override name = "GoogleOAuthError";
  readonly error: string;
  readonly subtype: string | undefined;

  constructor(error: string, description: string, subtype?: string) {
    super(description);
    this.error = error;
    this.subtype = subtype;
  }
}

/** The answer to such a refusal. */
export function googleOAuthErrorResponse({ error, message, subtype }: GoogleOAuthError, basic: boolean): Response {
  const body = { error, error_description: message, ...(subtype !== undefined && { error_subtype: subtype }) };
  const status = STATUSES[error] ?? 400;
  const headers = new Headers(NO_STORE);
  // RFC 6749 section 5.2: only whoever tried HTTP authentication is told how to.
  if (status === 401 && basic) headers.set("WWW-Authenticate", 'Basic realm="https://oauth2.googleapis.com/"');
  return Response.json(body, { status, headers });
}

/** A refusal that the browser shows as a page: the redirect URI never hears of it. */
export class GooglePageError extends Error {
  override name = "GooglePageError";
  readonly error: string;
  /** The number on the page. */
  readonly shown: number;

  constructor(error: string, message: string, shown = 400) {
    super(message);
    this.error = error;
    this.shown = shown;
  }
}

/** The page of such a refusal; its own status is 400 whatever number stands on it. */
export function googleErrorPage({ error, message, shown }: GooglePageError): Response {
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Error ${shown} (OAuth2)</title>
      </head>
      <body>
        <h1>Access blocked: Authorization Error</h1>
        <p>${message}</p>
        <p>Error ${shown}: ${error}</p>
      </body>
    </html>`;
  return new Response(String(page), { status: 400, headers: { "Content-Type": "text/html; charset=utf-8" } });
}
