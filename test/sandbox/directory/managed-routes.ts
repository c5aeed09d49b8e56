import type { Hono } from "hono";
import type { GraphContext, GraphEnv } from "../graph/caller.ts";
import { badQuery, GraphError } from "../graph/errors.ts";
import type { World } from "../world.ts";
import { intuneMessage, requireIntune } from "./licences.ts";
import {
  ALL_NAMES,
  managedById,
  managedCount,
  managedDevice,
  managedEntries,
  managedEnd,
  managedValue,
} from "./managed.ts";
import type { ManagedEntry } from "./managed.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { comparisons, passes, readFilter, type Filter, type Filterable } from "./workload-routes-filter.ts";
import {
  allowOptions,
  nextPage,
  readSelect,
  readSkipToken,
  readTop,
  readWhetherCount,
} from "./workload-routes-query.ts";
import { forDirectory } from "./workload-routes-tenant.ts";

const ROOT = "/deviceManagement/managedDevices";
const MOST = 1000;
/** How many devices one request looks at: a filter that few devices pass gives short pages, even empty ones. */
const MOST_SCANNED = 20_000;

/** Intune's devices. There is no change tracking: `delta` is no id. */
export function managedRoutes(world: World, app: Hono<GraphEnv>): void {
  const guarded = (handle: (c: GraphContext, t: DirectoryTenant) => Response) =>
    forDirectory(world, (c, t) => {
      requireIntune(world, t, c.var.caller);
      return handle(c, t);
    });
  app.get(
    ROOT,
    guarded((c, t) => c.json(list(world, t, new URL(c.req.url)))),
  );
  app.get(
    `${ROOT}/$count`,
    guarded((c, t) => c.text(String(countOf(world, t, new URL(c.req.url))))),
  );
  app.get(
    `${ROOT}/:id`,
    guarded((c, t) => c.json(one(world, t, new URL(c.req.url)))),
  );
}

function list(world: World, t: DirectoryTenant, url: URL): Record<string, unknown> {
  allowOptions(url, ["$select", "$filter", "$top", "$skiptoken", "$count"]);
  const filter = readFilter(url.searchParams.get("$filter"), FILTERABLE);
  const names = readSelect(url, { known: ALL_NAMES, type: "managedDevice" });
  const size = readTop(url, { fallback: MOST, most: MOST });
  const from = readSkipToken(url, isPlace)?.from ?? 0;
  const { entries, next } = scan(world, t, { filter, size, from });
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#deviceManagement/managedDevices${names ? `(${names.join(",")})` : ""}`,
    ...(readWhetherCount(url) && { "@odata.count": counted(world, t, filter) }),
    ...(next !== undefined && { "@odata.nextLink": nextPage(url, { from: next }) }),
    value: entries.map((entry) => managedDevice(entry, names && { names })),
  };
}

function scan(
  world: World,
  t: DirectoryTenant,
  { filter, size, from }: { filter: Filter | undefined; size: number; from: number },
): { entries: ManagedEntry[]; next?: number } {
  const entries: ManagedEntry[] = [];
  const end = managedEnd(world, t);
  const isFound = matcher(world, filter);
  const to = Math.min(end, from + (filter === undefined ? size * 2 : MOST_SCANNED));
  for (const entry of managedEntries(world, t, { from, to })) {
    if (entries.length === size) return { entries, next: entry.index };
    if (isFound(entry)) entries.push(entry);
  }
  return to < end ? { entries, next: to } : { entries };
}

function matcher(world: World, filter: Filter | undefined): (entry: ManagedEntry) => boolean {
  const fromDate = comparisons(filter).some(({ operator }) => operator === "gt" || operator === "ge");
  const misses = fromDate && world.settings().intune_date_filter === "misses";
  return (entry) => !(misses && entry.index % 7 === 3) && passes(filter, (name) => managedValue(entry, name));
}

function counted(world: World, t: DirectoryTenant, filter: Filter | undefined): number {
  if (filter === undefined) return managedCount(world, t);
  const isFound = matcher(world, filter);
  let count = 0;
  for (const entry of managedEntries(world, t, { from: 0, to: managedEnd(world, t) })) if (isFound(entry)) count++;
  return count;
}

function countOf(world: World, t: DirectoryTenant, url: URL): number {
  allowOptions(url, ["$filter"]);
  return counted(world, t, readFilter(url.searchParams.get("$filter"), FILTERABLE));
}

function one(world: World, t: DirectoryTenant, url: URL): Record<string, unknown> {
  const id = decodeURIComponent(url.pathname.split("/").at(-1) ?? "");
  if (!/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id))
    throw badQuery(intuneMessage(`'${id}' is not a valid GUID.`));
  allowOptions(url, ["$select"]);
  const names = readSelect(url, { known: ALL_NAMES, type: "managedDevice" });
  const entry = managedById(world, t, id);
  if (entry === undefined) throw new GraphError(404, "ResourceNotFound", intuneMessage(`Device ${id} was not found.`));
  const suffix = names ? `(${names.join(",")})` : "";
  const wanted = names && { names, reveal: true };
  return {
    "@odata.context": `${url.origin}/v1.0/$metadata#deviceManagement/managedDevices${suffix}/$entity`,
    ...managedDevice(entry, wanted),
  };
}

function isPlace(value: unknown): value is { from: number } {
  return typeof value === "object" && value !== null && "from" in value && Number.isSafeInteger(value.from);
}

const EQUAL = { type: "text", operators: ["eq"] } as const;
const TIME = { type: "time", operators: ["lt", "gt", "ge"] } as const;
const FILTERABLE: Filterable = {
  complianceState: EQUAL,
  managementAgent: EQUAL,
  deviceCategoryDisplayName: EQUAL,
  jailBroken: EQUAL,
  lastSyncDateTime: TIME,
  enrolledDateTime: TIME,
};
