import { Hono } from "hono";
import type { GraphContext, GraphEnv } from "../graph/caller.ts";
import type { World } from "../world.ts";
import { delta } from "./delta.ts";
import { Directory, type ObjectKind } from "./directory.ts";
import { mayReadHidden, requireReader } from "./permissions.ts";
import { findDirectory } from "./tenant.ts";

/** Answers a request about a tenant that the control made. */
type Answer = (d: Directory, c: GraphContext) => Record<string, unknown> | Response;

/** Users, groups and devices below `/v1.0`. Requests of other tenants, and of signed-in people, go on to others. */
export function directoryRoutes(world: World): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>();
  const get = (path: string, answer: Answer) =>
    app.get(path, async (c, next) => {
      const { token, user } = c.var.caller;
      const t = user === undefined ? findDirectory(world, token.tid) : undefined;
      if (t === undefined) return next();
      const body = answer(new Directory(world, t), c);
      return body instanceof Response ? body : c.json(body);
    });
  for (const [path, kind] of KINDS) get(`/${path}/delta`, (d, c) => changes(d, kind, c));
  return app;
}

function changes(d: Directory, kind: ObjectKind, c: GraphContext): Response {
  requireReader(c.var.caller, kind);
  const minimal = /\breturn\s*=\s*minimal\b/i.test(c.req.header("prefer") ?? "");
  const body = delta({ d, kind, url: new URL(c.req.url), minimal, hidden: mayReadHidden(c.var.caller) });
  if (minimal) c.header("Preference-Applied", "return=minimal");
  return c.json(body);
}

const KINDS = [
  ["users", "user"],
  ["groups", "group"],
  ["devices", "device"],
] as const satisfies [string, ObjectKind][];
