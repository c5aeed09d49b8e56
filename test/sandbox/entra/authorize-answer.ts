import { html } from "hono/html";
import type { Destination } from "./authorize-request.ts";

/** Sends parameters to the redirect URI, in the response mode that was asked for. */
export function answerBrowser({ redirectUri, state, mode }: Destination, parameters: Record<string, string>): Response {
  const fields = { ...parameters, ...(state !== undefined && { state }) };
  if (mode === "form_post") return formPost(redirectUri, fields);
  const target = new URL(redirectUri);
  if (mode === "fragment") target.hash = new URLSearchParams(fields).toString();
  else for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { Location: target.href, "Cache-Control": "no-store" } });
}

function formPost(redirectUri: string, fields: Record<string, string>): Response {
  const inputs = Object.entries(fields).map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Working...</title>
      </head>
      <body>
        <form method="post" action="${redirectUri}">
          ${inputs}<noscript><button>Continue</button></noscript>
        </form>
        <script>
          document.forms[0].submit();
        </script>
      </body>
    </html>`;
  return new Response(String(page), {
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
  });
}
