import { Hono, type MiddlewareHandler } from "hono";
import type { World } from "../world.ts";
import { NotionError, notionErrorResponse } from "./errors.ts";
import { oauthRoutes } from "./oauth-routes.ts";

const HOST = "api.notion.com";
const PREFIX = "/notion";

/** Notion, under its real host name or below `/notion` on any other; the rest passes. Its routes are built when first needed. */
export function notion(world: World): MiddlewareHandler {
  let routes: Hono | undefined;
  return async (c, next) => {
    const { hostname, pathname } = new URL(c.req.url);
    if (hostname !== HOST && !pathname.startsWith(`${PREFIX}/`)) return next();
    routes ??= notionRoutes(world);
    return routes.fetch(c.req.raw);
  };
}

function notionRoutes(world: World): Hono {
  const api = new Hono().route("/oauth", oauthRoutes(world));
  const app = new Hono().route("/v1", api).route(`${PREFIX}/v1`, api);
  app.onError((error) => {
    if (error instanceof NotionError) return notionErrorResponse(error);
    throw error;
  });
  app.notFound(() => notionErrorResponse(new NotionError("invalid_request_url", "Invalid request URL.")));
  return app;
}
