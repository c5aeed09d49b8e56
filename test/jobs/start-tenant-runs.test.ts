import { env } from "cloudflare:workers";
import { createScheduledController } from "cloudflare:test";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { openDatabase } from "../../src/db/database.ts";
import { tenantRows } from "../../src/db/tenants.ts";
import { nextDue } from "../../src/directory/connect/schedule.ts";
import { intervalsOf } from "../../src/directory/run/schedule.ts";
import worker from "../../src/index.ts";
import { startDueTenants } from "../../src/jobs/start-tenant-runs.ts";
import { openHouse, openSystem } from "../../src/system.ts";
import { CLIENT, inObject, makeTenant, rowOf, setUp, statusOf } from "../directory/connecting.ts";
import { listen } from "../support.ts";

const MINUTE_MS = 60_000;
const TICK_MS = 5 * MINUTE_MS;
const NOW = Date.parse("2026-11-21T10:00:00Z");

beforeEach(async () => {
  await env.DB.prepare("delete from tenants").run();
});
afterEach(() => vi.restoreAllMocks());

const rows = () => tenantRows(openDatabase(env.DB));
const system = () => openSystem(openHouse(env), "main");

/** Rows of as many organisations, all due at that time. */
async function manyDue(count: number, dueAt: number): Promise<void> {
  await env.DB.prepare(
    `with recursive n(i) as (select 1 union all select i + 1 from n where i < ?1)
     insert into tenants (id, org, tenant_id, domains, client_id, credential_kind, status, connected_by, created_at, updated_at, version, due_at)
     select 'ten_' || i, 'org-' || i, 'tenant-' || i, '[]', 'client', 'secret', 'active', 'ana', 0, 0, 1, ?2 + i from n`,
  )
    .bind(count, dueAt)
    .run();
}

test("10,000 tenants that are due at once are woken over the following ticks, none twice, no tick over its bound", async () => {
  await manyDue(10_000, NOW - 10_000);
  const woken: string[] = [];
  const perTick: number[] = [];
  let atOnce = 0;
  let most = 0;
  for (let tick = 0; tick < 6; tick += 1) {
    const now = NOW + tick * TICK_MS;
    const start = async ({ org }: { org: string }) => {
      most = Math.max(most, (atOnce += 1));
      await Promise.resolve();
      atOnce -= 1;
      woken.push(org);
      return { nextDueAt: now + 60 * MINUTE_MS };
    };
    perTick.push((await startDueTenants(system(), { rows: rows(), start, now }))["woken"] ?? 0);
  }
  expect(perTick).toEqual([4_000, 4_000, 2_000, 0, 0, 0]);
  expect(new Set(woken).size).toBe(10_000);
  expect(woken).toHaveLength(10_000);
  expect(most).toBeLessThanOrEqual(6);
  // Those that have waited longest came first.
  expect(new Set(woken.slice(0, 4_000))).toEqual(new Set(Array.from({ length: 4_000 }, (_, i) => `org-${i + 1}`)));
});

test("an hour's ticks carry 10,000 tenants at the usual intervals, each by the tick after its moment", async () => {
  const usual = await inObject("usual", ({ sql }) => Promise.resolve(intervalsOf(sql)));
  const intervals = Object.values(usual).map((minutes) => minutes * MINUTE_MS);
  const begunAt = new Map<string, readonly number[]>();
  const dueOf = (id: string) =>
    intervals.map((intervalMs, part) => nextDue(id, { last: begunAt.get(id)?.[part] ?? NOW, intervalMs }));
  await manyDue(10_000, NOW);
  await env.DB.prepare("update tenants set due_at = ?1").bind(NOW).run();
  const first = Array.from({ length: 10_000 }, (_, i) => ({
    id: `ten_${i + 1}`,
    at: Math.min(...dueOf(`ten_${i + 1}`)),
  }));
  await rows().setDue(first, NOW);
  let latest = 0;
  let woken = 0;
  // A quarter of an hour until each has come once, then the hour.
  for (let tick = 1; tick <= 15; tick += 1) {
    const now = NOW + tick * TICK_MS;
    const start = ({ id }: { id: string }) => {
      const due = dueOf(id);
      latest = Math.max(latest, now - Math.min(...due));
      begunAt.set(
        id,
        due.map((at, part) => (at <= now ? now : (begunAt.get(id)?.[part] ?? NOW))),
      );
      return Promise.resolve({ nextDueAt: Math.min(...dueOf(id)) });
    };
    const counts = await startDueTenants(system(), { rows: rows(), start, now });
    if (tick > 3) woken += counts["woken"] ?? 0;
  }
  expect(woken).toBeGreaterThan(39_000);
  expect(latest).toBeLessThan(TICK_MS);
});

test("one that does not answer stops no other and comes again in five minutes", async () => {
  vi.spyOn(console, "warn").mockImplementation(() => undefined);
  await manyDue(10, NOW - 100);
  const woken: string[] = [];
  const start = ({ org }: { org: string }) => {
    if (org === "org-3" && woken.length < 10) return Promise.reject(new Error("the object is gone"));
    woken.push(org);
    return Promise.resolve({ nextDueAt: NOW + 60 * MINUTE_MS });
  };
  expect(await startDueTenants(system(), { rows: rows(), start, now: NOW })).toEqual({ due: 10, woken: 9 });
  expect((await rowOf("org-3"))?.["due_at"]).toBe(NOW + TICK_MS);
  expect((await rowOf("org-4"))?.["due_at"]).toBe(NOW + 60 * MINUTE_MS);
  woken.push("enough");
  expect(await startDueTenants(system(), { rows: rows(), start, now: NOW + TICK_MS })).toEqual({ due: 1, woken: 1 });
});

test("a tick that comes before the last has ended wakes nobody again", async () => {
  await manyDue(20, NOW - 100);
  const woken: string[] = [];
  const start = async ({ org }: { org: string }) => {
    woken.push(org);
    await scheduler.wait(1);
    return { nextDueAt: NOW + 60 * MINUTE_MS };
  };
  const tick = () => startDueTenants(system(), { rows: rows(), start, now: NOW });
  await Promise.all([tick(), tick()]);
  expect(woken).toHaveLength(20);
});

test("a row that was made due anew meanwhile keeps that time", async () => {
  await manyDue(1, NOW - 100);
  const start = async () => {
    await rows().makeDue("org-1", NOW + 7);
    return { nextDueAt: NOW + 60 * MINUTE_MS };
  };
  await startDueTenants(system(), { rows: rows(), start, now: NOW });
  expect((await rowOf("org-1"))?.["due_at"]).toBe(NOW + 7);
});

test("a connected tenant's first copy begins by itself at a tick, once for both systems", async () => {
  const { tenant_id: id } = await makeTenant(301);
  await setUp("ticked", { tenant_id: id, ...CLIENT });
  const lines = listen();
  const tick = (now: number) =>
    worker.scheduled(createScheduledController({ cron: "*/5 * * * *", scheduledTime: new Date(now) }), env);
  await tick(Date.now());
  expect(await statusOf("ticked")).toMatchObject({ running: null, last: null });
  await tick(Date.now() + 11 * MINUTE_MS);
  const status = await statusOf("ticked");
  expect(status["running"] ?? status["last"]).toMatchObject({ sync_type: "full", cause: "schedule" });
  const jobs = lines.filter((line) => line.includes('"start_tenant_runs"') && line.includes('"event":"job"'));
  expect(jobs).toHaveLength(2);
});
