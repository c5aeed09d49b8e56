import { Hono } from "hono";
import { directoryRoutes } from "../directory/routes.ts";
import { throttle } from "../directory/throttle.ts";
import { workloadRoutes } from "../directory/workload-routes.ts";
import type { World } from "../world.ts";
import { authenticateCaller, type GraphContext, type GraphEnv } from "./caller.ts";
import { batch } from "./batch.ts";
import { calendarRoutes } from "./calendar-routes.ts";
import { GraphError, graphErrorBody } from "./errors.ts";
import { guardMailbox } from "./mailbox-guard.ts";
import { ownUser, userOf } from "./owner.ts";
import { organization, profile, userInfo } from "./profile.ts";

/** Microsoft Graph v1.0. `dispatch` answers a request as the whole sandbox does; batches are made of such. */
export function graphRoutes(world: World, dispatch: (request: Request) => Promise<Response>): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>();
  app.onError((error, c) => {
    if (!(error instanceof GraphError)) throw error;
    const body = graphErrorBody(world, error.fault, c.req.header("client-request-id"));
    return Response.json(body, { status: error.status, headers: error.headers });
  });
  app.use("/v1.0/*", async (c, next) => {
    await next();
    addHeaders(c);
  });
  app.use("/v1.0/*", async (c, next) => {
    c.set("caller", authenticateCaller(world, c.req.raw));
    await next();
  });
  app.get("/oidc/userinfo", (c) => c.json(userInfo(authenticateCaller(world, c.req.raw))));
  app.post("/v1.0/$batch", async (c) => c.json(await batch(c.req.raw, dispatch)));
  app.use("/v1.0/*", throttle(world));
  app.route("/v1.0", directoryRoutes(world));
  app.route("/v1.0", workloadRoutes(world));
  app.get("/v1.0/organization", (c) => c.json(organization(world, c.var.caller, new URL(c.req.url))));
  app.use("/v1.0/me/*", async (c, next) => {
    c.set("owner", ownUser(c.var.caller));
    await next();
  });
  app.use("/v1.0/users/:who/*", async (c, next) => {
    c.set("owner", userOf(world, c.var.caller, c.req.param("who")));
    await next();
  });
  for (const root of ["/v1.0/me", "/v1.0/users/:who"]) {
    app.get(root, (c) => c.json(profile(world, c.var.caller, c.var.owner, new URL(c.req.url))));
    for (const part of MAILBOX_PARTS) app.use(`${root}/${part}`, (c, next) => guardMailbox(world, c, next));
    app.route(root, calendarRoutes(world));
  }
  app.all("/v1.0/*", (c) => {
    throw new GraphError(
      400,
      "BadRequest",
      `Resource not found for the segment '${c.req.path.split("/").at(-1) ?? ""}'.`,
    );
  });
  return app;
}

function addHeaders(c: GraphContext): void {
  const id = crypto.randomUUID();
  const { headers } = c.res;
  headers.set("request-id", id);
  headers.set("client-request-id", c.req.header("client-request-id") ?? id);
  headers.set("OData-Version", "4.0");
  headers.set("Strict-Transport-Security", "max-age=31536000");
  headers.set("Cache-Control", "no-cache");
  headers.set(
    "x-ms-ags-diagnostic",
    '{"ServerInfo":{"DataCenter":"Sandbox","Slice":"E","Ring":"1","ScaleUnit":"001","RoleInstance":"SBX1"}}',
  );
  if (headers.get("Content-Type")?.startsWith("application/json") === true) headers.set("Content-Type", JSON_TYPE);
}

// In Hono a pattern with a star meets the path without one too.
const MAILBOX_PARTS = ["calendar/*", "calendars/*", "calendarView/*", "events/*"];
const JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
