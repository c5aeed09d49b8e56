import { env } from "cloudflare:workers";
import { createScheduledController, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { openHouse, openSystem } from "../../src/system.ts";
import { ageTokens, connected, keeperOf, rowOf } from "../connections/keeper.ts";
import { listen, received } from "../support.ts";

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

afterEach(() => vi.restoreAllMocks());

/** Runs the tick of every quarter of an hour and gives the log lines of its jobs. */
async function tick(now = Date.now()) {
  const lines: Record<string, unknown>[] = [];
  const keep = (line: unknown) => void lines.push(JSON.parse(String(line)) as Record<string, unknown>);
  vi.spyOn(console, "info").mockImplementation(keep);
  vi.spyOn(console, "error").mockImplementation(keep);
  await worker.scheduled(createScheduledController({ cron: "*/15 * * * *", scheduledTime: new Date(now) }), env);
  return (job: string, system = "main") =>
    lines.find((line) => line["event"] === "job" && line["job"] === job && line["system"] === system);
}

async function refreshes(): Promise<number> {
  return (await received("/common/oauth2/v2.0/token")).filter((request) => request.grant_type === "refresh_token")
    .length;
}

/** Rings the keeper's alarm when its planned refresh is due, without waiting for it. */
async function ringLater(owner: string): Promise<void> {
  vi.useFakeTimers({ now: Date.now() + 19 * MINUTE_MS, toFake: ["Date"] });
  await runDurableObjectAlarm(keeperOf(owner));
  vi.useRealTimers();
}

async function usedAt(id: string, at: number): Promise<void> {
  await env.DB.prepare("update connections set last_used_at = ?1 where id = ?2").bind(at, id).run();
}

test("a connection in use whose token dies soon is refreshed by its keeper's alarm, once", async () => {
  const id = await connected({ sub: "soon" });
  await ageTokens("soon", id, Date.now() + 15 * MINUTE_MS);
  const first = await tick();
  expect(first("refresh_expiring")).toMatchObject({ outcome: "ok", due: 1, planned: 1 });
  const planned = await runInDurableObject(keeperOf("soon"), (_, state) => state.storage.getAlarm());
  expect(planned).toBeLessThan(Date.now() + 15 * MINUTE_MS);
  // The tick may come twice: it plans nothing new.
  await tick();
  const before = await refreshes();
  await ringLater("soon");
  await ringLater("soon");
  expect((await refreshes()) - before).toBe(1);
  expect((await tick())("refresh_expiring")).toMatchObject({ due: 0 });
});

test("refreshes of one tick are spread, each of them before its token dies", async () => {
  const names = ["spread-a", "spread-b", "spread-c", "spread-d"];
  const dies = Date.now() + 15 * MINUTE_MS;
  for (const name of names) await ageTokens(name, await connected({ sub: name }), dies);
  expect((await tick())("refresh_expiring")).toMatchObject({ due: names.length, planned: names.length });
  const alarms = await Promise.all(
    names.map((name) =>
      runInDurableObject(keeperOf(name), (_, state) => {
        const due = [...state.storage.kv.list<{ at: number }>({ prefix: "due:" })];
        return due[0]?.[1].at ?? 0;
      }),
    ),
  );
  expect(new Set(alarms).size).toBe(names.length);
  expect(Math.max(...alarms)).toBeLessThan(dies - MINUTE_MS);
  for (const name of names) await ringLater(name);
});

test("a connection that nobody used for a day is left alone", async () => {
  const id = await connected({ sub: "unused" });
  await ageTokens("unused", id, Date.now() + 15 * MINUTE_MS);
  await usedAt(id, Date.now() - DAY_MS - MINUTE_MS);
  expect((await tick())("refresh_expiring")).toMatchObject({ due: 0, planned: 0 });
});

test("a refresh token that has been idle for 60 of its 90 days is shown once", async () => {
  const id = await connected({ sub: "idle" });
  await env.DB.prepare("update connections set refresh_token_at = ?1 where id = ?2")
    .bind(Date.now() - 59 * DAY_MS, id)
    .run();
  expect((await tick())("keep_alive")).toMatchObject({ due: 0 });
  await env.DB.prepare("update connections set refresh_token_at = ?1 where id = ?2")
    .bind(Date.now() - 61 * DAY_MS, id)
    .run();
  await ageTokens("idle", id, Date.now() + 50 * MINUTE_MS);
  expect((await tick())("keep_alive")).toMatchObject({ outcome: "ok", due: 1, planned: 1 });
  const before = await refreshes();
  await ringLater("idle");
  expect((await refreshes()) - before).toBe(1);
  expect(Number((await rowOf(id))["refresh_token_at"])).toBeGreaterThan(Date.now() - MINUTE_MS);
  expect((await tick())("keep_alive")).toMatchObject({ due: 0 });
});

test("a token that is dead already takes no place from one that is about to die", async () => {
  const dead = await connected({ sub: "dead-already" });
  await ageTokens("dead-already", dead, Date.now() - MINUTE_MS);
  expect((await tick())("refresh_expiring")).toMatchObject({ due: 0 });
});

test("connections that keep failing come after those that do not", async () => {
  const failing = await connected({ sub: "failing" });
  const sound = await connected({ sub: "sound" });
  const idle = "update connections set refresh_token_at = ?1, refresh_failures = ?2 where id = ?3";
  await env.DB.prepare(idle)
    .bind(Date.now() - 80 * DAY_MS, 7, failing)
    .run();
  await env.DB.prepare(idle)
    .bind(Date.now() - 61 * DAY_MS, 0, sound)
    .run();
  const { schedule } = openSystem(openHouse(env), "main");
  const due = await schedule.idle({ renewedBefore: Date.now() - 60 * DAY_MS, provider: "microsoft", limit: 1 });
  expect(due.map(({ id }) => id)).toEqual([sound]);
});

test("revoked rows are purged after 30 days, others never", async () => {
  const gone = await connected({ sub: "gone" });
  const kept = await connected({ sub: "kept" });
  await keeperOf("gone").disconnect({ id: gone, actor: "gone" });
  expect((await tick(Date.now() + 29 * DAY_MS))("purge")).toMatchObject({ rows: 0 });
  expect((await tick(Date.now() + 31 * DAY_MS))("purge")).toMatchObject({ outcome: "ok", rows: 1 });
  await expect(rowOf(gone)).rejects.toThrow("no such row");
  expect(await rowOf(kept)).toMatchObject({ status: "active" });
});

test("sign-ins that nobody finished are purged by the keeper's alarm", async () => {
  const keeper = keeperOf("unfinished");
  await keeper.start({
    bucket: "authorize",
    provider: "microsoft",
    redirectUri: "https://latchkey.test/api/v1/auth/microsoft/callback",
    returnTo: undefined,
    hints: {},
    browser: undefined,
    roles: ["user"],
    actor: "unfinished",
  });
  const flows = () => runInDurableObject(keeper, (_, state) => [...state.storage.kv.list({ prefix: "flow:" })].length);
  expect(await flows()).toBe(1);
  await ringLater("unfinished");
  expect(await flows()).toBe(0);
});

test("a cron expression that no job belongs to is an error, with those that are known", async () => {
  const lines = listen();
  await worker.scheduled(createScheduledController({ cron: "0 3 * * *", scheduledTime: new Date() }), env);
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    expect.objectContaining({ level: "ERROR", cron: "0 3 * * *", known: ["*/15 * * * *", "*/5 * * * *"] }),
  ]);
});

test("a job that fails says so and does not stop the others", async () => {
  const d1 = Object.getPrototypeOf(env.DB) as { prepare: (this: D1Database, sql: string) => D1PreparedStatement };
  const { prepare } = d1;
  vi.spyOn(d1, "prepare").mockImplementation(function (this: D1Database, sql: string) {
    if (sql.startsWith("select")) throw new Error("D1_ERROR: not available");
    return prepare.call(this, sql);
  });
  const job = await tick();
  expect(job("refresh_expiring")).toMatchObject({ level: "ERROR", outcome: "failed" });
  expect(job("purge", "beta")).toMatchObject({ outcome: "ok" });
});
