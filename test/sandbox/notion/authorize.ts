import type { World } from "../world.ts";
import { findIntegration, type Integration } from "./clients.ts";
import { issueNotionCode } from "./codes.ts";
import type { Workspace } from "./defaults.ts";
import { notionErrorPage } from "./errors.ts";
import { listPages } from "./pages.ts";
import { findOrAddMember, type Member } from "./people.ts";
import { pagePicker, personPicker } from "./sign-in-page.ts";

interface Destination {
  integration: Integration;
  redirectUri: string;
  asked: boolean;
  state: string | null;
}

/**
 * `GET /v1/oauth/authorize`: who signs in, then which workspace and pages; `auto=<name>` answers at once, with
 * `workspace` and `pages` (ids, repeatable) instead of the home workspace and all of its pages. Parameters of PKCE,
 * scopes and nonces are not looked at.
 */
export function authorizeNotion(world: World, url: URL): Response {
  const destination = readDestination(world, url.searchParams);
  if (typeof destination === "string") return notionErrorPage(destination);
  const query = url.searchParams;
  if (query.get("response_type") !== "code") return answer(destination, { error: "unsupported_response_type" });
  if (query.get("owner") !== "user") return answer(destination, { error: "invalid_request" });
  const auto = query.get("auto");
  if (auto === "cancel") return answer(destination, { error: "access_denied" });
  if (auto !== null) return decide(world, destination, query, findOrAddMember(world, auto));
  const person = query.get("person");
  if (person === null) return personPicker(world, query, destination.integration);
  return pagePicker(world, query, destination.integration, findOrAddMember(world, person));
}

// A string is what the browser's page says: an unregistered redirect URI never gets an answer.
function readDestination(world: World, query: URLSearchParams): Destination | string {
  const clientId = query.get("client_id");
  if (clientId === null) return "Missing client_id.";
  const integration = findIntegration(world, clientId);
  if (integration === undefined) return "Missing or invalid client_id.";
  const asked = query.get("redirect_uri");
  const [only, ...others] = integration.redirect_uris;
  const redirectUri = asked ?? (others.length === 0 ? only : undefined);
  if (redirectUri === undefined || !integration.redirect_uris.includes(redirectUri))
    return "Missing or invalid redirect_uri.";
  return { integration, redirectUri, asked: asked !== null, state: query.get("state") };
}

function decide(world: World, destination: Destination, query: URLSearchParams, member: Member): Response {
  const workspace = chosenWorkspace(member, query.get("workspace"));
  if (workspace === undefined || member.refusesConsent) return answer(destination, { error: "access_denied" });
  const code = issueNotionCode(world, {
    clientId: destination.integration.client_id,
    person: member.name,
    workspaceId: workspace.id,
    pages: chosenPages(world, workspace, query),
    redirectUri: destination.redirectUri,
    redirectAsked: destination.asked,
  });
  return answer(destination, { code });
}

function chosenWorkspace({ workspaces }: Member, asked: string | null): Workspace | undefined {
  return asked === null ? workspaces[0] : workspaces.find(({ id, name }) => id === asked || name === asked);
}

// A browser leaves out boxes that are not ticked: `picked` tells none from no choice.
function chosenPages(world: World, workspace: Workspace, query: URLSearchParams): string[] {
  const all = listPages(world, workspace).filter(({ inTrash }) => !inTrash);
  if (!query.has("pages") && !query.has("picked")) return all.map(({ id }) => id);
  const asked = new Set(query.getAll("pages"));
  return all.filter(({ id }) => asked.has(id)).map(({ id }) => id);
}

function answer({ redirectUri, state }: Destination, parameters: Record<string, string>): Response {
  const target = new URL(redirectUri);
  for (const [name, value] of Object.entries(parameters)) target.searchParams.set(name, value);
  if (state !== null) target.searchParams.set("state", state);
  return new Response(null, { status: 302, headers: { Location: target.href, "Cache-Control": "no-store" } });
}
