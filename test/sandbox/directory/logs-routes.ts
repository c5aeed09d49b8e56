import type { Hono } from "hono";
import type { Caller, GraphContext, GraphEnv } from "../graph/caller.ts";
import { badQuery } from "../graph/errors.ts";
import type { World } from "../world.ts";
import { isPermitted, requireEntraPremium, requireLogs } from "./licences.ts";
import { DIRECTORY_AUDITS } from "./logs-audits.ts";
import { SIGN_INS, toldSignIn } from "./logs-sign-ins.ts";
import { logEntries, visibility, type Log, type LogEntry } from "./logs.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { passes, readFilter, timeBounds, type Filter, type Filterable } from "./workload-routes-filter.ts";
import { allowOptions, nextPage, readSkipToken, readTop } from "./workload-routes-query.ts";
import { forDirectory } from "./workload-routes-tenant.ts";

/** How a log is asked for. */
interface LogRoute {
  log: Log;
  timeProperty: string;
  filterable: Filterable;
  guard: (t: DirectoryTenant, caller: Caller) => void;
  /** What a caller is told of an entry. */
  tell: (t: DirectoryTenant, caller: Caller) => (body: Record<string, unknown>) => Record<string, unknown>;
}

const MOST = 1000;

/** Entra's logs. They have no change tracking and take no `$select`, `$skip` or `$count`. */
export function logRoutes(world: World, app: Hono<GraphEnv>): void {
  for (const [name, route] of Object.entries(ROUTES)) {
    const handle = (c: GraphContext, t: DirectoryTenant) => {
      route.guard(t, c.var.caller);
      return c.json({
        ...context(c, name),
        ...page(world, t, { route, caller: c.var.caller, url: new URL(c.req.url) }),
      });
    };
    app.get(`/auditLogs/${name}`, forDirectory(world, handle));
  }
}

function page(
  world: World,
  t: DirectoryTenant,
  { route, caller, url }: { route: LogRoute; caller: Caller; url: URL },
): Record<string, unknown> {
  allowOptions(url, ["$filter", "$top", "$skiptoken", "$orderby"]);
  const filter = readConjunction(url, route.filterable);
  const size = readTop(url, { fallback: MOST, most: MOST });
  const oldestFirst = readOrder(url.searchParams.get("$orderby"), route.timeProperty);
  const after = readSkipToken(url, isPosition);
  const window = { ...timeBounds(filter, route.timeProperty), oldestFirst, after };
  const isVisible = visibility(world, t);
  const found: LogEntry[] = [];
  for (const entry of logEntries(world, t, route.log, window)) {
    if (!isVisible(entry) || !passes(filter, valueOf(entry, route.timeProperty))) continue;
    found.push(entry);
    if (found.length > size) break;
  }
  const entries = found.slice(0, size);
  const last = entries.at(-1);
  const more = found.length > size && last !== undefined;
  return {
    ...(more && { "@odata.nextLink": nextPage(url, { at: last.at, order: last.order }) }),
    value: entries.map(({ body }) => route.tell(t, caller)(body())),
  };
}

// These logs join comparisons by `and` alone.
function readConjunction(url: URL, filterable: Filterable): Filter | undefined {
  const filter = readFilter(url.searchParams.get("$filter"), filterable);
  const hasOr = (one: Filter): boolean => one.kind !== "compare" && (one.kind === "or" || one.parts.some(hasOr));
  if (filter !== undefined && hasOr(filter)) throw badQuery("Invalid filter clause: 'or' is not supported.");
  return filter;
}

function readOrder(text: string | null, property: string): boolean {
  if (text === null) return false;
  const [, name, direction = "asc"] = /^\s*(\w+)(?:\s+(asc|desc))?\s*$/.exec(text) ?? [];
  if (name !== property) throw badQuery(`Could not order by '${text}'.`);
  return direction === "asc";
}

// The time of an entry is at hand; anything else may need all of it.
function valueOf(entry: LogEntry, timeProperty: string): (name: string) => unknown {
  return (name) => (name === timeProperty ? entry.at : entry.value(name));
}

function context(c: GraphContext, name: string): Record<string, unknown> {
  return { "@odata.context": `${new URL(c.req.url).origin}/v1.0/$metadata#auditLogs/${name}` };
}

function isPosition(value: unknown): value is { at: number; order: number } {
  if (typeof value !== "object" || value === null || !("at" in value) || !("order" in value)) return false;
  return typeof value.at === "number" && typeof value.order === "number";
}

const TIME = { type: "time", operators: ["eq", "ge", "le"] } as const;
const EQUAL = { type: "text", operators: ["eq"] } as const;
const TEXT = { type: "text", operators: ["eq", "startswith"] } as const;

const ROUTES: Record<string, LogRoute> = {
  signIns: {
    log: SIGN_INS,
    timeProperty: "createdDateTime",
    filterable: { createdDateTime: TIME, userId: EQUAL },
    guard: (t, caller) => {
      requireLogs(caller);
      requireEntraPremium(t);
    },
    tell: ({ licences }, caller) => {
      const policies = isPermitted(caller, ["Policy.Read.ConditionalAccess", "Policy.Read.All"]);
      return (body) => toldSignIn(body, { p2: licences.entra === "p2", policies });
    },
  },
  directoryAudits: {
    log: DIRECTORY_AUDITS,
    timeProperty: "activityDateTime",
    filterable: {
      activityDateTime: TIME,
      activityDisplayName: TEXT,
      category: EQUAL,
      loggedByService: EQUAL,
      correlationId: EQUAL,
      "initiatedBy/user/id": EQUAL,
    },
    guard: (_, caller) => {
      requireLogs(caller);
    },
    tell: () => (body) => body,
  },
};
