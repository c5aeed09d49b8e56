import type { MiddlewareHandler } from "hono";
import type { GraphContext, GraphEnv } from "../graph/caller.ts";
import type { World } from "../world.ts";
import { findDirectory, type DirectoryTenant } from "./tenant.ts";

/** A handler for the tenants that the control made; a request for another tenant goes on as if there were no such route. */
export function forDirectory(
  world: World,
  handle: (c: GraphContext, t: DirectoryTenant) => Response | Promise<Response>,
): MiddlewareHandler<GraphEnv> {
  return (c, next) => {
    const t = findDirectory(world, c.var.caller.token.tid);
    return t === undefined ? next().then(() => undefined) : Promise.resolve(handle(c, t));
  };
}
