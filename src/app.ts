/** Mounts every surface for each system. The one error handler is here. */
import { Hono } from "hono";
import { cors } from "hono/cors";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { secureHeaders } from "hono/secure-headers";
import { failure } from "./lib/errors.ts";
import { MAIL_PATH } from "./connections/reauth.ts";
import { requestIdFrom, SYSTEMS, type SystemName } from "./lib/ids.ts";
import type { Hosted } from "./routes/context.ts";
import { soundConfiguration } from "./routes/guards.ts";
import { directoryLists } from "./routes/directory-lists.ts";
import { directoryRuns } from "./routes/directory-runs.ts";
import { directoryTenant } from "./routes/directory-tenant.ts";
import { mailOauth } from "./routes/mail-oauth.ts";
import { microsoftAuth } from "./routes/microsoft-auth.ts";
import { microsoftCalendar } from "./routes/microsoft-calendar.ts";
import { microsoftHealth } from "./routes/microsoft-health.ts";
import { oauthEvents } from "./routes/oauth-events.ts";
import { oauthManager } from "./routes/oauth-manager.ts";
import { oauthRecords } from "./routes/oauth-records.ts";
import { oauthProxy } from "./routes/oauth-proxy.ts";
import { answerOptions } from "./routes/options.ts";
import { premisesOf } from "./routes/premises.ts";
import { REQUEST_HEADERS } from "./routes/proxy/headers.ts";
import { respondToError, respondWith } from "./routes/respond.ts";
import { BASE_PATHS } from "./system.ts";

/** Builds the whole application. */
export function createApp() {
  const app = new Hono<Hosted>({ strict: false });
  app.onError((error, c) => respondToError(error, c));
  app.notFound((c) => respondWith(failure("not_found", "There is no such route.").toData(), c));
  app.use(opened, secureHeaders({ xFrameOptions: "DENY" }), crossOrigin);
  app.route("/api/v1/health/microsoft", microsoftHealth());
  for (const name of SYSTEMS) app.route(BASE_PATHS[name], surfacesOf(name));
  app.route("/v1/microsoft", directory());
  app.route(MAIL_PATH, mail());
  return app;
}

/** The tenant directory has one population: organisations. Whoever asks is limited and recorded as a user of main. */
function directory() {
  const surface = new Hono<Hosted>({ strict: false })
    .use(bound("main"), soundConfiguration)
    .route("/", directoryTenant())
    .route("/", directoryRuns())
    .route("/", directoryLists());
  answerOptions(surface, "/");
  return surface;
}

/** Mail accounts have one population: main's. */
function mail() {
  const surface = new Hono<Hosted>({ strict: false }).use(bound("main"), soundConfiguration).route("/", mailOauth());
  answerOptions(surface, "/");
  return surface;
}

function bound(name: SystemName) {
  return createMiddleware<Hosted>(async (c, next) => {
    c.set("system", c.get("premises").systems[name]);
    await next();
  });
}

/** The same surfaces for either system; what differs is the system that the middleware binds. */
function surfacesOf(name: SystemName) {
  const surfaces = new Hono<Hosted>({ strict: false });
  for (const path of ["/auth/microsoft/*", "/calendar/microsoft/*", "/oauth/*"])
    surfaces.use(path, bound(name), soundConfiguration);
  surfaces
    .route("/auth/microsoft", microsoftAuth())
    .route("/calendar/microsoft", microsoftCalendar())
    .route("/oauth", oauthManager())
    .route("/oauth", oauthRecords())
    .route("/oauth/events", oauthEvents())
    .route("/oauth", oauthProxy());
  answerOptions(surfaces, "/oauth");
  return surfaces;
}

/** Opens the premises, gives the request its id, and says in one line how it ended. */
const opened = createMiddleware<Hosted>(async (c, next) => {
  const started = Date.now();
  const premises = premisesOf(c.env);
  const requestId = requestIdFrom(c.req.header("X-Request-Id"));
  c.set("premises", premises);
  c.set("requestId", requestId);
  c.set("log", premises.log.with({ request_id: requestId }));
  await next();
  c.res.headers.set("X-Request-Id", requestId);
  // The route's pattern, never the URL: codes, states and ids stay out of the log.
  c.get("log").info("request", {
    method: c.req.method,
    route: routePath(c, -1),
    status: c.res.status,
    took_ms: Date.now() - started,
  });
});

const crossOrigin = createMiddleware<Hosted>(async (c, next) => {
  const { corsOrigins } = c.get("premises").config;
  if (corsOrigins !== "*" && corsOrigins.length === 0) return next();
  // Without that header it is no preflight (Fetch standard) but a question for the route.
  if (c.req.method === "OPTIONS" && c.req.header("Access-Control-Request-Method") === undefined) return next();
  return cors({
    origin: corsOrigins === "*" ? "*" : [...corsOrigins],
    allowMethods: ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"],
    allowHeaders: ["Authorization", "X-Request-Id", "X-Latchkey-Resource", "X-Latchkey-Host", ...REQUEST_HEADERS],
    exposeHeaders: [
      "ETag",
      "Latchkey-Upstream",
      "Link",
      "Location",
      "RateLimit",
      "RateLimit-Policy",
      "Retry-After",
      "X-Request-Id",
    ],
    maxAge: 600,
  })(c, next);
});
