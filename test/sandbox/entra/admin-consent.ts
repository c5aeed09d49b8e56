import type { Context } from "hono";
import { html } from "hono/html";
import { CONTOSO_TENANT } from "../defaults.ts";
import type { World } from "../world.ts";
import { answerBrowser } from "./authorize-answer.ts";
import { readDestination, type Destination } from "./authorize-request.ts";
import { grantRoles } from "./clients.ts";
import { recordConsent } from "./consents.ts";
import { EntraError, errorPage, errorParameters, missingParameter } from "./errors.ts";
import { parseScopes } from "./scopes.ts";
import { findAudience, findTenant, type Audience, type Tenant } from "./tenants.ts";

/** `GET {tenant}/v2.0/adminconsent` (`v2`) and the older `GET {tenant}/adminconsent`; `auto=accept|cancel` skips the page. */
export function adminConsent(world: World, c: Context, segment: string, v2: boolean): Response {
  const url = new URL(c.req.url);
  try {
    const audience = findAudience(world, segment);
    if (v2 && audience.kind === "common")
      throw new EntraError("invalid_request", 90002, "The 'common' tenant is not supported here.");
    const scope = url.searchParams.get("scope");
    if (v2 && scope === null) throw missingParameter("scope");
    const destination = readDestination(world, url.searchParams, audience);
    const auto = url.searchParams.get("auto");
    if (auto === null) return consentPage(url, destination, adminTenant(world, audience));
    if (auto === "cancel") return refused(world, url.origin, destination, v2);
    return accepted(world, destination, adminTenant(world, audience), v2 ? scope : null);
  } catch (error) {
    if (error instanceof EntraError) return errorPage(world, url.origin, error);
    throw error;
  }
}

// `common` and `organizations` mean the tenant of the administrator who signs in: here Contoso's.
function adminTenant(world: World, audience: Audience): Tenant {
  const tenant = audience.kind === "tenant" ? audience.tenant : findTenant(world, CONTOSO_TENANT);
  if (tenant === undefined || audience.kind === "consumers")
    throw new EntraError("invalid_request", 90002, "Tenant not found.");
  return tenant;
}

function accepted(world: World, destination: Destination, tenant: Tenant, scope: string | null): Response {
  const { client } = destination;
  const scopes = parseScopes(scope ?? "https://graph.microsoft.com/.default");
  if ([...scopes.resources.values()].flat().includes(".default")) grantRoles(world, client, tenant.id);
  recordConsent(world, { clientId: client.client_id, tid: tenant.id, oid: "*" }, scopes);
  return answerBrowser(destination, { admin_consent: "True", tenant: tenant.id, ...(scope !== null && { scope }) });
}

// `admin_consent=True` stands on a refusal too.
function refused(world: World, origin: string, destination: Destination, v2: boolean): Response {
  const failure = new EntraError(
    v2 ? "consent_required" : "permission_denied",
    65004,
    "The resource owner or authorization server denied the request.",
  );
  return answerBrowser(destination, { ...errorParameters(world, origin, failure), admin_consent: "True" });
}

function consentPage(url: URL, { client }: Destination, tenant: Tenant): Response {
  const hidden = [...url.searchParams].map(
    ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
  );
  const page = html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <title>Permissions requested</title>
      </head>
      <body>
        <main>
          <h1>Permissions requested</h1>
          <p>${client.display_name} asks the administrator of ${tenant.display_name} for:</p>
          <p><code>${url.searchParams.get("scope") ?? "everything it registered"}</code></p>
          <form method="get">
            ${hidden}<button name="auto" value="accept">Accept</button>
            <button name="auto" value="cancel">Cancel</button>
          </form>
        </main>
      </body>
    </html>`;
  return new Response(String(page), { headers: { "Content-Type": "text/html; charset=utf-8" } });
}
