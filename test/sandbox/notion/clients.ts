import * as z from "zod";
import type { World } from "../world.ts";
import { NOTION_CLIENT_ID, NOTION_CLIENT_SECRET, NOTION_REDIRECT_PATHS } from "./defaults.ts";
import { NotionOAuthError } from "./errors.ts";

/** What the controls accept as a public integration. */
export const integrationSchema = z.strictObject({
  client_id: z.string().min(1),
  name: z.string().default("An integration"),
  secrets: z.array(z.string()).default([]),
  redirect_uris: z.array(z.string()).default([]),
});

/** A public integration. */
export type Integration = z.infer<typeof integrationSchema>;

/** The integration with this id; the default one follows the configured origins. */
export function findIntegration(world: World, clientId: string): Integration | undefined {
  const added = world.store.get<Integration>(`notion-client:${clientId}`);
  return added ?? (clientId === NOTION_CLIENT_ID ? defaultIntegration(world) : undefined);
}

/** Adds an integration, or replaces one. Throws a ZodError when malformed. */
export function addIntegration(world: World, input: unknown): Integration {
  const integration = integrationSchema.parse(input);
  world.store.put(`notion-client:${integration.client_id}`, integration);
  return integration;
}

/** The integration that sent the request. Only HTTP Basic counts: a secret in the body is not looked at. */
export function authenticateIntegration(world: World, request: Request): Integration {
  const basic = /^Basic\s+(\S+)$/i.exec(request.headers.get("Authorization") ?? "")?.[1];
  if (basic === undefined) throw invalidClient("The client must authenticate with HTTP Basic.");
  const [id, secret] = decodeBasic(basic);
  const integration = findIntegration(world, id);
  if (integration === undefined || !integration.secrets.includes(secret))
    throw invalidClient("The client id or the client secret is wrong.");
  return integration;
}

// RFC 6749 section 2.3.1: both halves are form-encoded before they are joined.
function decodeBasic(basic: string): [id: string, secret: string] {
  try {
    const text = atob(basic);
    const colon = text.indexOf(":");
    const decode = (part: string) => decodeURIComponent(part.replaceAll("+", " "));
    if (colon < 1) throw new Error("no colon");
    return [decode(text.slice(0, colon)), decode(text.slice(colon + 1))];
  } catch {
    throw invalidClient("The Authorization header is malformed.");
  }
}

function invalidClient(message: string): NotionOAuthError {
  return new NotionOAuthError("invalid_client", message);
}

function defaultIntegration(world: World): Integration {
  return {
    client_id: NOTION_CLIENT_ID,
    name: "Latchkey",
    secrets: [NOTION_CLIENT_SECRET],
    redirect_uris: world.origins.flatMap((origin) => NOTION_REDIRECT_PATHS.map((path) => `${origin}${path}`)),
  };
}
