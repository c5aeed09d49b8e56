import { html } from "hono/html";
import { PEOPLE } from "../defaults.ts";
import type { World } from "../world.ts";
import type { AuthorizeRequest } from "./authorize-request.ts";
import type { Client } from "./clients.ts";
import { fullScope } from "./scopes.ts";
import { audienceKey, findTenant, type Audience } from "./tenants.ts";
import { findUser, type User } from "./users.ts";

const ON_PAGE = 4;
const NOTES: Record<string, string> = {
  ana: "Work account, Contoso",
  gus: "Work account of Fabrikam, guest in Contoso, no mailbox",
  pat: "Personal account",
  dora: "Work account, Contoso; declines the consent",
};

/** The page on which one of four people is picked; it needs no script and no asset. */
export function signInPage(
  world: World,
  query: URLSearchParams,
  audience: Audience,
  client: Client,
  request: AuthorizeRequest,
): Response {
  const people = offered(world, request.domainHint).toSorted((a, b) => rank(a, request) - rank(b, request));
  const hidden = [...query]
    .filter(([name]) => name !== "auto")
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sign in to your account</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <p class="brand">Stand-in of Microsoft Entra ID, ${audienceKey(audience)}</p>
          <h1>Pick an account</h1>
          <p><strong>${client.display_name}</strong> asks to:</p>
          <ul>
            ${asked(request).map((scope) => html`<li><code>${scope}</code></li>`)}
          </ul>
          <form method="get">
            ${hidden} ${people.map((person) => personButton(person, request))}
            <button class="cancel" name="auto" value="cancel">Cancel</button>
          </form>
        </main>
      </body>
    </html>`;
  return new Response(String(page), {
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
  });
}

function personButton({ name, displayName, upn }: User, { loginHint }: AuthorizeRequest) {
  const chosen = upn.toLowerCase() === loginHint?.toLowerCase();
  return html`<button name="auto" value="${name}" ${chosen ? "autofocus" : ""}>
    <strong>${chosen ? `Continue as ${displayName}` : displayName}</strong><span>${upn}</span
    ><small>${NOTES[name] ?? ""}</small>
  </button>`;
}

function offered(world: World, domainHint: string | undefined): User[] {
  const people = PEOPLE.slice(0, ON_PAGE).map((person) => findUser(world, person.name) ?? person);
  if (domainHint === undefined) return people;
  if (domainHint === "consumers") return people.filter(({ kind }) => kind === "personal");
  const tenant = findTenant(world, domainHint.toLowerCase());
  return people.filter(({ kind, tid }) => kind === "work" && (tenant === undefined || tid === tenant.id));
}

function rank({ upn }: User, { loginHint }: AuthorizeRequest): number {
  return upn.toLowerCase() === loginHint?.toLowerCase() ? 0 : 1;
}

function asked({ scopes }: AuthorizeRequest): string[] {
  const named = [...scopes.resources].flatMap(([resource, names]) => names.map((name) => fullScope(resource, name)));
  return [...scopes.oidc, ...named];
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; background: light-dark(#f2f4f7, #16181d) }
main { box-sizing: border-box; width: min(28rem, 90vw); padding: 2rem; border-radius: 8px; background: light-dark(#fff, #22252c); box-shadow: 0 2px 12px #0003 }
h1 { margin: 0 0 1rem; font-size: 1.5rem }
.brand, small, span { color: light-dark(#555, #aaa) }
ul { padding-left: 1.2rem; overflow-wrap: anywhere }
button { display: grid; width: 100%; margin: .5rem 0; padding: .7rem 1rem; text-align: left; font: inherit; cursor: pointer;
  border: 1px solid light-dark(#c4c9d1, #4a4f5a); border-radius: 6px; background: none; color: inherit }
button:hover, button:focus-visible { border-color: #0067b8; outline: 2px solid #0067b8 }
.cancel { display: block; width: auto }
`;
