import { html } from "hono/html";
import type { World } from "../world.ts";
import { knownAccounts, type GoogleAccount } from "./accounts.ts";
import type { GoogleRequest } from "./authorize-request.ts";
import { isSignIn } from "./scopes.ts";

const NOTES: Record<string, string> = {
  ana: "Has a YouTube channel",
  bo: "Has no YouTube channel",
  dora: "Declines the consent",
};
const OWN = new Set(["auto", "picked", "ticked"]);

/** The page on which a person is picked and scopes are unticked; it needs no script and no asset. */
export function googleSignInPage(world: World, query: URLSearchParams, request: GoogleRequest): Response {
  const people = offered(world, request).toSorted((a, b) => rank(a, request) - rank(b, request));
  const hidden = [...query]
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>Sign in - Google Accounts</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <p class="brand">Stand-in of Google</p>
          <h1>Choose an account</h1>
          <form method="get">
            ${hidden}<input type="hidden" name="picked" value="1" />
            <p><strong>${request.client.name}</strong> wants access to:</p>
            ${request.scopes.map(scopeBox)} ${people.map((person) => personButton(person, request))}
            <button class="cancel" name="auto" value="cancel">Cancel</button>
          </form>
        </main>
      </body>
    </html>`;
  return new Response(String(page), {
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
  });
}

function scopeBox(scope: string) {
  if (isSignIn(scope)) return html`<label><input type="checkbox" checked disabled /><code>${scope}</code></label>`;
  return html`<label><input type="checkbox" name="ticked" value="${scope}" checked /><code>${scope}</code></label>`;
}

function personButton(account: GoogleAccount, request: GoogleRequest) {
  const { name, displayName, email, hd } = account;
  const chosen = rank(account, request) === 0;
  const domain = hd === null ? "" : `Workspace ${hd}`;
  return html`<button name="auto" value="${name}" ${chosen ? "autofocus" : ""}>
    <strong>${chosen ? `Continue as ${displayName}` : displayName}</strong><span>${email}</span
    ><small>${NOTES[name] ?? domain}</small>
  </button>`;
}

// `hd` narrows the choice and no more: whoever signs in otherwise is not refused.
function offered(world: World, { hd }: GoogleRequest): GoogleAccount[] {
  const people = knownAccounts(world);
  if (hd === null) return people;
  return people.filter((account) => (hd === "*" ? account.hd !== null : account.hd === hd));
}

function rank({ email, sub }: GoogleAccount, { loginHint }: GoogleRequest): number {
  return loginHint === sub || loginHint?.toLowerCase() === email.toLowerCase() ? 0 : 1;
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; background: light-dark(#f0f4f9, #1e1f20) }
main { box-sizing: border-box; width: min(28rem, 90vw); padding: 2rem; border-radius: 8px; background: light-dark(#fff, #0e0e0e); box-shadow: 0 2px 12px #0003 }
h1 { margin: 0 0 1rem; font-size: 1.5rem }
.brand, small, span { color: light-dark(#555, #aaa) }
label { display: flex; gap: .5rem; overflow-wrap: anywhere }
code { min-width: 0 }
button { display: grid; width: 100%; margin: .5rem 0; padding: .7rem 1rem; text-align: left; font: inherit; cursor: pointer;
  border: 1px solid light-dark(#c4c9d1, #4a4f5a); border-radius: 6px; background: none; color: inherit }
button:hover, button:focus-visible { border-color: #0b57d0; outline: 2px solid #0b57d0 }
.cancel { display: block; width: auto }
`;
