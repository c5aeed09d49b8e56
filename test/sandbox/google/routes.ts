import { Hono, type MiddlewareHandler } from "hono";
import type { World } from "../world.ts";
import { isGoogleHost, PREFIXES, type GoogleHost } from "./addresses.ts";
import { calendarRoutes } from "./calendar/routes.ts";
import { accountsRoutes, openidRoutes, tokenRoutes, userinfoRoutes } from "./oauth-routes.ts";
import { youtubeRoutes } from "./youtube/routes.ts";

type Routes = (world: World) => Hono;

const HOSTS: Readonly<Record<GoogleHost, readonly Routes[]>> = {
  "accounts.google.com": [accountsRoutes],
  "oauth2.googleapis.com": [tokenRoutes],
  "www.googleapis.com": [openidRoutes, calendar, youtube],
  "openidconnect.googleapis.com": [userinfoRoutes],
  "youtube.googleapis.com": [youtube],
};

function calendar(world: World): Hono {
  return new Hono().route("/calendar/v3", calendarRoutes(world));
}

function youtube(world: World): Hono {
  return new Hono().route("/youtube/v3", youtubeRoutes(world));
}

/** Google, under its real host names or below `/google` of any other; the rest passes. Its routes are built when first needed. */
export function google(world: World): MiddlewareHandler {
  const built = new Map<string, Hono>();
  return async (c, next) => {
    const { hostname, pathname } = new URL(c.req.url);
    const key = isGoogleHost(hostname) ? hostname : "below a prefix";
    if (!isGoogleHost(hostname) && !pathname.startsWith("/google/")) return next();
    const routes = built.get(key) ?? (isGoogleHost(hostname) ? hostRoutes(world, hostname) : prefixRoutes(world));
    built.set(key, routes);
    return routes.fetch(c.req.raw);
  };
}

function prefixRoutes(world: World): Hono {
  const app = withEnds(new Hono());
  const mounted = new Set<Routes>();
  for (const [host, prefix] of Object.entries(PREFIXES)) {
    for (const routes of HOSTS[host as GoogleHost].filter((one) => !mounted.has(one))) {
      app.route(prefix, routes(world));
      mounted.add(routes);
    }
  }
  return app;
}

function hostRoutes(world: World, host: GoogleHost): Hono {
  const app = withEnds(new Hono());
  for (const routes of HOSTS[host]) app.route("/", routes(world));
  return app;
}

function withEnds(app: Hono): Hono {
  app.onError((error) => {
    throw error;
  });
  app.notFound((c) => c.html("<!doctype html><title>Error 404 (Not Found)!!1</title><p><b>404.</b>", 404));
  return app;
}
