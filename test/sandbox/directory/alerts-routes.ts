import type { Hono } from "hono";
import type { GraphEnv } from "../graph/caller.ts";
import { linkWith } from "../graph/pages.ts";
import type { World } from "../world.ts";
import { alerts, type Alert } from "./alerts.ts";
import { requireAlerts } from "./licences.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { passes, readFilter, type Filterable } from "./workload-routes-filter.ts";
import { allowOptions, readCount, readTop, readWhetherCount } from "./workload-routes-query.ts";
import { forDirectory } from "./workload-routes-tenant.ts";

const DEFAULT_SIZE = 100;
const MOST = 1000;

/** Defender's alerts. Pages go on by `$skip`: an alert that comes in between shifts them. */
export function alertRoutes(world: World, app: Hono<GraphEnv>): void {
  app.get(
    "/security/alerts_v2",
    forDirectory(world, (c, t) => {
      requireAlerts(world, t, c.var.caller);
      return c.json(page(world, t, new URL(c.req.url)));
    }),
  );
}

function page(world: World, t: DirectoryTenant, url: URL): Record<string, unknown> {
  allowOptions(url, ["$filter", "$top", "$skip", "$count"]);
  const filter = readFilter(url.searchParams.get("$filter"), FILTERABLE);
  const size = readTop(url, { fallback: DEFAULT_SIZE, most: MOST });
  const skip = readCount(url, "$skip") ?? 0;
  const all = alerts(world, t).filter((alert) => passes(filter, (name) => valueOf(alert, name)));
  const more = skip + size < all.length;
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#security/alerts_v2`,
    ...(readWhetherCount(url) && { "@odata.count": all.length }),
    ...(more && { "@odata.nextLink": linkWith(url, { $skip: String(skip + size) }) }),
    value: all.slice(skip, skip + size).map(({ body }) => body()),
  };
}

// The times are at hand; anything else needs all of the alert.
function valueOf(alert: Alert, name: string): unknown {
  if (name === "createdDateTime") return alert.at;
  return name === "lastUpdateDateTime" ? alert.updatedAt : alert.body()[name];
}

const EQUAL = { type: "text", operators: ["eq", "ne"] } as const;
const TIME = { type: "time", operators: ["eq", "ge", "gt", "le", "lt"] } as const;
const FILTERABLE: Filterable = {
  assignedTo: EQUAL,
  classification: EQUAL,
  determination: EQUAL,
  createdDateTime: TIME,
  lastUpdateDateTime: TIME,
  severity: EQUAL,
  serviceSource: EQUAL,
  status: EQUAL,
};
