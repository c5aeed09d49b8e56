import { html } from "hono/html";
import { PEOPLE } from "../defaults.ts";
import type { World } from "../world.ts";
import type { Integration } from "./clients.ts";
import { listPages } from "./pages.ts";
import { findMember, type Member } from "./people.ts";

type Html = ReturnType<typeof html>;

const OWN = new Set(["auto", "person", "workspace", "pages", "picked"]);

/** The page on which a person is picked; it needs no script and no asset. */
export function personPicker(world: World, query: URLSearchParams, integration: Integration): Response {
  const members = PEOPLE.flatMap(({ name }) => findMember(world, name) ?? []);
  const buttons = members.map(
    (member) =>
      html`<button name="person" value="${member.name}">
        <strong>${member.displayName}</strong><span>${member.email}</span
        ><small>${member.workspaces.map(({ name }) => name).join(", ")}</small>
      </button>`,
  );
  return page(
    "Pick an account",
    html`<p><strong>${integration.name}</strong> wants to connect to Notion.</p>
      <form method="get">${hidden(query)} ${buttons} ${CANCEL}</form>`,
  );
}

/** The page on which a person picks a workspace and its pages: a form for each workspace. */
export function pagePicker(world: World, query: URLSearchParams, integration: Integration, member: Member): Response {
  const forms = member.workspaces.map((workspace) => {
    const boxes = listPages(world, workspace)
      .filter(({ inTrash }) => !inTrash)
      .map(
        ({ id, title }) => html`<label><input type="checkbox" name="pages" value="${id}" checked />${title}</label>`,
      );
    return html`<form method="get">
      <h2>${workspace.icon ?? ""} ${workspace.name}</h2>
      ${hidden(query)}<input type="hidden" name="workspace" value="${workspace.id}" />
      <input type="hidden" name="picked" value="1" />${boxes}
      <button name="auto" value="${member.name}"><strong>Allow access</strong></button>
    </form>`;
  });
  return page(
    "Select pages",
    html`<p>${member.displayName}, which workspace and pages may <strong>${integration.name}</strong> see?</p>
      ${forms}
      <form method="get">${hidden(query)} ${CANCEL}</form>`,
  );
}

const CANCEL = html`<button class="cancel" name="auto" value="cancel">Cancel</button>`;

function hidden(query: URLSearchParams): Html[] {
  return [...query]
    .filter(([name]) => !OWN.has(name))
    .map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`);
}

function page(title: string, content: Html): Response {
  const whole = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title}</title>
        <style>
          ${STYLE}
        </style>
      </head>
      <body>
        <main>
          <small>Stand-in of Notion</small>
          <h1>${title}</h1>
          ${content}
        </main>
      </body>
    </html>`;
  return new Response(String(whole), {
    headers: { "Content-Type": "text/html; charset=utf-8", "Cache-Control": "no-store" },
  });
}

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 0; display: grid; place-items: center; min-height: 100vh; background: light-dark(#f7f6f3, #191919) }
main { box-sizing: border-box; width: min(28rem, 90vw); padding: 2rem; border-radius: 8px; background: light-dark(#fff, #202020) }
small, span { color: light-dark(#666, #aaa) }
label { display: block }
button { display: grid; width: 100%; margin: .5rem 0; padding: .7rem 1rem; text-align: left; font: inherit; cursor: pointer;
  border: 1px solid light-dark(#ccc, #444); border-radius: 6px; background: none; color: inherit }
button:hover, button:focus-visible { outline: 2px solid #2383e2 }
.cancel { display: block; width: auto }
`;
