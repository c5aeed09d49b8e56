import type { World } from "../world.ts";
import { checkAssertion } from "./client-assertion.ts";
import { findClient, type Client } from "./clients.ts";
import { EntraError, missingParameter } from "./errors.ts";
import type { Audience } from "./tenants.ts";

/** The application that makes a token request, once it has proved itself by a secret or an assertion. */
export async function authenticateClient(
  world: World,
  request: Request,
  form: URLSearchParams,
  audience: Audience,
): Promise<Client> {
  const basic = basicCredentials(request.headers.get("Authorization"));
  const clientId = basic?.id ?? form.get("client_id");
  if (clientId === null) throw missingParameter("client_id");
  const client = knownClient(world, clientId, audience);
  const secret = basic?.secret ?? form.get("client_secret");
  if (secret !== null) checkSecret(world, client, secret);
  else await checkAssertion(world, client, form, request.url);
  return client;
}

/** The application with this id. Throws when there is none, or when it belongs to another tenant. */
export function knownClient(world: World, clientId: string, audience: Audience): Client {
  const client = findClient(world, clientId);
  const elsewhere = audience.kind === "tenant" && client?.tenant !== undefined && client.tenant !== audience.tenant.id;
  if (client === undefined || elsewhere) {
    const text = `Application with identifier '${clientId}' was not found in the directory. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant.`;
    throw new EntraError("unauthorized_client", 700016, text);
  }
  if (client.disabled) throw new EntraError("unauthorized_client", 7000112, `Application '${clientId}' is disabled.`);
  if (client.tenant !== undefined && audience.kind !== "tenant") {
    const text = `Application '${clientId}' is not configured as a multi-tenant application. Usage of the /common endpoint is not supported for such applications.`;
    throw new EntraError("unauthorized_client", 50194, text);
  }
  return client;
}

function basicCredentials(header: string | null): { id: string; secret: string } | undefined {
  const encoded = /^Basic (.+)$/i.exec(header ?? "")?.[1];
  if (encoded === undefined) return undefined;
  const [id = "", secret = ""] = atob(encoded)
    .split(":")
    .map((part) => decodeURIComponent(part.replaceAll("+", " ")));
  return { id, secret };
}

function checkSecret(world: World, client: Client, secret: string): void {
  const known = client.secrets.find(({ value }) => value === secret);
  if (known === undefined) {
    const text = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${client.client_id}'.`;
    throw new EntraError("invalid_client", 7000215, text);
  }
  if (known.expires_at !== undefined && new Date(known.expires_at).getTime() <= world.now()) {
    throw new EntraError(
      "invalid_client",
      7000222,
      `The provided client secret keys for app '${client.client_id}' are expired.`,
    );
  }
}
