import { Hono, type Context } from "hono";
import { bodyOf } from "../bodies.ts";
import type { World } from "../world.ts";
import { authorizeNotion } from "./authorize.ts";
import { authenticateIntegration, type Integration } from "./clients.ts";
import { endConnection } from "./connections.ts";
import { NO_STORE, NotionOAuthError, oauthErrorResponse } from "./errors.ts";
import { notionToken, requiredText, type Body } from "./token.ts";
import { findToken, isAlive } from "./tokens.ts";

type Work = (world: World, integration: Integration, body: Body) => Record<string, unknown>;

/** Notion's OAuth endpoints, below `/v1/oauth`. */
export function oauthRoutes(world: World): Hono {
  const app = new Hono();
  app.get("/authorize", (c) => authorizeNotion(world, new URL(c.req.url)));
  app.post("/token", (c) => answered(world, c, notionToken));
  app.post("/revoke", (c) => answered(world, c, revoke));
  app.post("/introspect", (c) => answered(world, c, introspect));
  return app;
}

// The client first: a secret in a form's body meets 401 before anybody looks at the body.
function answered(world: World, c: Context, work: Work): Response {
  const id = crypto.randomUUID();
  try {
    const integration = authenticateIntegration(world, c.req.raw);
    const body = { ...work(world, integration, readJson(c.req.raw)), request_id: id };
    return c.json(body, 200, { ...NO_STORE, "x-notion-request-id": id });
  } catch (error) {
    if (error instanceof NotionOAuthError) return oauthErrorResponse(world, error);
    throw error;
  }
}

function readJson(request: Request): Body {
  const type = request.headers.get("Content-Type") ?? "";
  if (!/^application\/json\s*(;|$)/i.test(type)) throw notJson("The body must be application/json.");
  const parsed = parse(bodyOf(request));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed)) throw notJson("Error parsing JSON body.");
  return parsed as Body;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function notJson(message: string): NotionOAuthError {
  return new NotionOAuthError("invalid_request", message);
}

// RFC 7009 section 2.2: a token that is not known, or is somebody else's, is none to complain about.
function revoke(world: World, integration: Integration, body: Body): Record<string, unknown> {
  const held = findToken(world, requiredText(body, "token"));
  if (held?.connection.clientId === integration.client_id) endConnection(world, held.connection, "revoked");
  return {};
}

function introspect(world: World, integration: Integration, body: Body): Record<string, unknown> {
  const held = findToken(world, requiredText(body, "token"));
  if (held?.connection.clientId !== integration.client_id || !isAlive(world, held)) return { active: false };
  return {
    active: true,
    scope: world.settings().notion_capabilities.join(" "),
    iat: Math.floor(held.token.issuedAt / 1000),
  };
}
