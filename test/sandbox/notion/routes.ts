import { Hono, type MiddlewareHandler } from "hono";
import type { World } from "../world.ts";
import { authenticateNotion } from "./caller.ts";
import { NotionError, notionErrorResponse } from "./errors.ts";
import { oauthRoutes } from "./oauth-routes.ts";
import { pageRoutes } from "./page-routes.ts";
import { search } from "./search.ts";
import { userRoutes, type NotionEnv } from "./user-routes.ts";

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
  const v1 = new Hono().route("/oauth", oauthRoutes(world)).route("/", apiRoutes(world));
  const app = new Hono().route("/v1", v1).route(`${PREFIX}/v1`, v1);
  app.onError((error) => {
    if (error instanceof NotionError) return notionErrorResponse(error);
    throw error;
  });
  app.notFound(() => notionErrorResponse(new NotionError("invalid_request_url", "Invalid request URL.")));
  return app;
}

function apiRoutes(world: World): Hono<NotionEnv> {
  const app = new Hono<NotionEnv>();
  for (const path of ["/users/*", "/pages/*", "/search"]) {
    app.use(path, async (c, next) => {
      c.set("caller", authenticateNotion(world, c.req.raw));
      await next();
      c.res.headers.set("x-notion-request-id", crypto.randomUUID());
    });
  }
  app.route("/users", userRoutes(world));
  app.route("/pages", pageRoutes(world));
  app.post("/search", (c) => search(world, c));
  return app;
}
