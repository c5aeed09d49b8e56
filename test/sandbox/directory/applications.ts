import type { Hono } from "hono";
import { CLIENT_ID } from "../defaults.ts";
import { findClient, type Client } from "../entra/clients.ts";
import type { GraphEnv } from "../graph/caller.ts";
import { GraphError } from "../graph/errors.ts";
import { guidFrom } from "../ids.ts";
import type { World } from "../world.ts";
import { isoSeconds } from "./generated-users.ts";
import { requireDirectory } from "./licences.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { passes, readFilter } from "./workload-routes-filter.ts";
import { allowOptions, readSelect } from "./workload-routes-query.ts";
import { forDirectory } from "./workload-routes-tenant.ts";

const ROLES = ["Application.Read.All", "Application.ReadWrite.All"];
const NAMES = [
  "id",
  "appId",
  "displayName",
  "createdDateTime",
  "signInAudience",
  "passwordCredentials",
  "keyCredentials",
];

/** Applications and how long their credentials last. An application stands in the tenant that registered it, in no other. */
export function applicationRoutes(world: World, app: Hono<GraphEnv>): void {
  app.get(
    "/applications",
    forDirectory(world, async (c, t) => {
      requireDirectory(c.var.caller, ROLES);
      return c.json(await list(world, t, new URL(c.req.url)));
    }),
  );
  app.get(
    "/:key{applications\\(.*\\)}",
    forDirectory(world, async (c, t) => {
      requireDirectory(c.var.caller, ROLES);
      return c.json(await one(world, t, new URL(c.req.url)));
    }),
  );
}

async function list(world: World, t: DirectoryTenant, url: URL): Promise<Record<string, unknown>> {
  allowOptions(url, ["$filter", "$select", "$top"]);
  const names = readSelect(url, { known: NAMES, type: "application" });
  const filter = readFilter(url.searchParams.get("$filter"), { appId: { type: "text", operators: ["eq"] } });
  const found = registered(world, t).filter((client) => passes(filter, () => client.client_id));
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#applications${names ? `(${names.join(",")})` : ""}`,
    value: await Promise.all(found.map((client) => applicationOf(t, client, names))),
  };
}

async function one(world: World, t: DirectoryTenant, url: URL): Promise<Record<string, unknown>> {
  allowOptions(url, ["$select"]);
  const names = readSelect(url, { known: NAMES, type: "application" });
  const appId = /\(appId='([^']*)'\)$/.exec(decodeURIComponent(url.pathname))?.[1] ?? "";
  const client = registered(world, t).find((known) => known.client_id === appId.toLowerCase());
  if (client === undefined)
    throw new GraphError(
      404,
      "Request_ResourceNotFound",
      `Resource '${appId}' does not exist or one of its queried reference-property objects are not present.`,
    );
  const suffix = names ? `(${names.join(",")})` : "";
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#applications${suffix}/$entity`,
    ...(await applicationOf(t, client, names)),
  };
}

function registered(world: World, t: DirectoryTenant): Client[] {
  const added = world.store.list<Client>("client:").map(([, client]) => client);
  const original = added.some((client) => client.client_id === CLIENT_ID) ? undefined : findClient(world, CLIENT_ID);
  return [...added, ...(original === undefined ? [] : [original])].filter(({ tenant }) => tenant === t.id);
}

async function applicationOf(
  t: DirectoryTenant,
  client: Client,
  names: readonly string[] = NAMES,
): Promise<Record<string, unknown>> {
  const startDateTime = isoSeconds(t.createdAt - YEAR_MS);
  const all: Record<string, unknown> = {
    id: guidFrom(`application:${client.client_id}`),
    appId: client.client_id,
    displayName: client.display_name,
    createdDateTime: startDateTime,
    signInAudience: "AzureADMyOrg",
    passwordCredentials: client.secrets.map(({ value, expires_at: end }, at) => ({
      customKeyIdentifier: null,
      displayName: `Secret ${at + 1}`,
      endDateTime: endOf(end),
      hint: value.slice(0, 3),
      keyId: guidFrom(`secret:${client.client_id}:${value}`),
      secretText: null,
      startDateTime,
    })),
    keyCredentials: await Promise.all(
      client.certificates.map(async ({ pem, expires_at: end }) => ({
        customKeyIdentifier: await thumbprint(pem),
        displayName: "CN=Certificate",
        endDateTime: endOf(end),
        key: null,
        keyId: guidFrom(`certificate:${client.client_id}:${pem}`),
        startDateTime,
        type: "AsymmetricX509Cert",
        usage: "Verify",
      })),
    ),
  };
  return Object.fromEntries(names.map((name) => [name, all[name]]));
}

function endOf(expiresAt: string | undefined): string {
  return isoSeconds(Date.parse(expiresAt ?? NEVER));
}

async function thumbprint(pem: string): Promise<string> {
  const der = Uint8Array.from(atob(pem.replaceAll(/-----[^-]+-----|\s/g, "")), (char) => char.charCodeAt(0));
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-1", der));
  return [...digest].map((byte) => byte.toString(16).padStart(2, "0").toUpperCase()).join("");
}

// What the portal once wrote for a secret that never expires.
const NEVER = "2299-12-31T00:00:00Z";
const YEAR_MS = 365 * 86_400_000;
