/** Health: what an operator or a load balancer may ask. It answers even while the configuration is wrong. */
import { getTableColumns, getTableName, sql } from "drizzle-orm";
import { Hono } from "hono";
import { openDatabase } from "../db/database.ts";
import { countTenants } from "../db/tenants.ts";
import { type Tables, tablesFor } from "../db/schema.ts";
import { rfc3339 } from "../lib/clock.ts";
import { describeError } from "../lib/log.ts";
import { open, seal } from "../lib/seal.ts";
import { SYSTEMS } from "../lib/ids.ts";
import type { Hosted, HostedContext } from "./context.ts";
import { askObject } from "./keeper.ts";
import { soundConfiguration, unlimited } from "./guards.ts";
import type { Premises, System } from "./premises.ts";

/** Public and unauthenticated: the provider is asked at most this often per isolate, ms. */
const REMEMBER_MS = 30_000;
const SOON_MS = 20 * 60_000;
/** A directory that was to be woken so long ago has been missed by several ticks. */
const LATE_MS = 30 * 60_000;
const PROBE = { timeoutMs: 4_000 };

/** What is wrong with other providers is told, and says nothing of this one. */
const RELEVANT = new Set<string>(["core", "microsoft"]);

/** The result of one check. */
interface Check {
  readonly ok: boolean;
  readonly detail: string;
}

interface Report {
  readonly status: "healthy" | "degraded" | "unhealthy";
  readonly service: "microsoft_graph";
  readonly configured: boolean;
  readonly last_check: string;
  readonly checks: { readonly d1: Check; readonly key_ring: Check; readonly provider: Check };
  readonly problems: readonly { readonly variable: string; readonly message: string }[];
}

/** The routes below `health/microsoft`. */
export function microsoftHealth() {
  return new Hono<Hosted>({ strict: false })
    .get("/", async (c) => c.json(await report(c.get("premises")), 200, { "Cache-Control": "no-store" }))
    .get("/tokens", soundConfiguration, ...unlimited("token_health"), tokens);
}

const remembered = new WeakMap<Premises, { readonly at: number; readonly report: Promise<Report> }>();

function report(premises: Premises): Promise<Report> {
  const known = remembered.get(premises);
  if (known && Date.now() - known.at < REMEMBER_MS) return known.report;
  const fresh = { at: Date.now(), report: check(premises) };
  remembered.set(premises, fresh);
  return fresh.report;
}

async function check(premises: Premises): Promise<Report> {
  const { problems, microsoft } = premises.config;
  const [d1, keyRing, provider] = await Promise.all([
    checkD1(premises),
    checkKeyRing(premises),
    checkProvider(premises),
  ]);
  const wrong = problems.some((problem) => RELEVANT.has(problem.scope));
  const broken = !d1.ok || !keyRing.ok || problems.some((problem) => problem.scope === "core");
  return {
    status: broken ? "unhealthy" : wrong || !provider.ok ? "degraded" : "healthy",
    service: "microsoft_graph",
    configured: microsoft !== undefined && !wrong,
    last_check: rfc3339(Date.now()),
    checks: { d1, key_ring: keyRing, provider },
    problems: problems.map(({ variable, message }) => ({ variable, message })),
  };
}

async function outcome(premises: Premises, name: string, probe: () => Promise<string>): Promise<Check> {
  try {
    return { ok: true, detail: await probe() };
  } catch (error) {
    premises.log.error("health check failed", { check: name, cause: describeError(error) });
    return { ok: false, detail: "failed: the log says why" };
  }
}

function checkD1(premises: Premises): Promise<Check> {
  return outcome(premises, "d1", async () => {
    // A migration that was not applied is the most likely thing to be wrong with a database that answers.
    const db = openDatabase(premises.env.DB);
    for (const name of SYSTEMS) await db.run(everyColumnOf(tablesFor(name).connections));
    return "reads";
  });
}

function checkKeyRing(premises: Premises): Promise<Check> {
  return outcome(premises, "key_ring", async () => {
    const place = { system: "health", owner: "health", connection: "health", field: "probe" };
    const opened = await open(premises.ring, place, await seal(premises.ring, place, "probe"));
    if (opened !== "probe") throw new Error("a sealed value did not open to itself");
    return "seals and opens";
  });
}

async function checkProvider(premises: Premises): Promise<Check> {
  if (!premises.config.microsoft) return { ok: false, detail: "not configured" };
  return outcome(premises, "provider", async () => {
    const [url = ""] = premises.systems.main.provider("microsoft").discovery?.urls ?? [];
    const answer = await premises.sender.send({ url, label: "health", ...PROBE });
    if (answer.status !== 200) throw new Error(`discovery answered ${answer.status}`);
    return "reachable";
  });
}

async function tokens(c: HostedContext): Promise<Response> {
  const { systems } = c.get("premises");
  const now = Date.now();
  const { subject: actor, owners } = c.get("caller");
  const reading = {
    action: "operator_read",
    outcome: "ok",
    actor,
    detail: { what: "token_health", owner: "*" },
  } as const;
  // In the operator's own trail, before it is answered.
  await askObject(() => systems.main.keeper(owners.main).note({ ...reading, requestId: c.get("requestId") }));
  const counted = await Promise.all(SYSTEMS.map(async (name) => [name, await countsOf(systems[name], now)] as const));
  const tenants = await countTenants(openDatabase(c.env.DB), now - LATE_MS);
  return c.json({ checked_at: rfc3339(now), systems: Object.fromEntries<unknown>(counted), tenants });
}

async function countsOf(system: System, now: number) {
  const counts = await system.schedule.counts(now, SOON_MS);
  return counts.map((count) => ({
    provider: count.provider,
    status: count.status,
    connections: count.connections,
    expiring_soon: count.expiringSoon,
    refresh_failures: count.refreshFailures,
    oldest_refresh: count.oldestRefresh === null ? null : rfc3339(count.oldestRefresh),
  }));
}

/** Qualified by the table, because SQLite takes a quoted name that it does not know for a text. */
function everyColumnOf(table: Tables["connections"]) {
  const name = sql.identifier(getTableName(table));
  const columns = Object.values(getTableColumns(table)).map((column) => sql`${name}.${sql.identifier(column.name)}`);
  return sql`select ${sql.join(columns, sql`, `)} from ${name} limit 1`;
}
