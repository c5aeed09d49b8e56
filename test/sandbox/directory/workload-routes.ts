import { Hono } from "hono";
import type { GraphEnv } from "../graph/caller.ts";
import type { World } from "../world.ts";
import { alertRoutes } from "./alerts-routes.ts";
import { applicationRoutes } from "./applications.ts";
import { logRoutes } from "./logs-routes.ts";
import { managedRoutes } from "./managed-routes.ts";
import { skuRoutes } from "./skus.ts";

/** Intune, logs, alerts, applications and licences below `/v1.0`, for the tenants that the control made. */
export function workloadRoutes(world: World): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>();
  for (const add of [managedRoutes, logRoutes, alertRoutes, applicationRoutes, skuRoutes]) add(world, app);
  return app;
}
