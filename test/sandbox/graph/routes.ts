import { Hono } from "hono";
import type { World } from "../world.ts";
import { authenticateCaller, type GraphContext, type GraphEnv } from "./caller.ts";
import { GraphError, graphErrorBody } from "./errors.ts";
import { ownUser, userOf } from "./owner.ts";
import { organization, profile } from "./profile.ts";

/** Microsoft Graph v1.0. `dispatch` answers a request as the whole sandbox does; batches are made of such. */
export function graphRoutes(world: World, _dispatch: (request: Request) => Promise<Response>): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>();
  app.onError((error, c) => {
    if (!(error instanceof GraphError)) throw error;
    const body = graphErrorBody(world, error.fault, c.req.header("client-request-id"));
    return Response.json(body, { status: error.status, headers: error.headers });
  });
  app.use("/v1.0/*", async (c, next) => {
    c.set("caller", authenticateCaller(world, c.req.raw));
    await next();
  });
  app.use("/v1.0/*", async (c, next) => {
    await next();
    addHeaders(c);
  });
  app.get("/v1.0/me", (c) => c.json(profile(world, c.var.caller, ownUser(c.var.caller), new URL(c.req.url))));
  app.get("/v1.0/users/:who", (c) =>
    c.json(profile(world, c.var.caller, userOf(world, c.var.caller, c.req.param("who")), new URL(c.req.url))),
  );
  app.get("/v1.0/organization", (c) => c.json(organization(world, c.var.caller, new URL(c.req.url))));
  app.all("/v1.0/*", (c) => {
    throw new GraphError(400, "BadRequest", `Resource not found for the segment '${c.req.path.split("/")[2] ?? ""}'.`);
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

const JSON_TYPE = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
