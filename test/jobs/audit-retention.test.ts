import { env } from "cloudflare:workers";
import { createScheduledController } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { auditRetention } from "../../src/jobs/audit-retention.ts";
import worker from "../../src/index.ts";
import { openHouse, openSystem } from "../../src/system.ts";
import { rows, recorded } from "../connections/trails.ts";
import { call, listen } from "../support.ts";

const DAY_MS = 86_400_000;
const NOW = Date.parse("2026-11-20T10:00:00Z");
const main = openSystem(openHouse(env), "main");

afterEach(() => vi.restoreAllMocks());

const count = async (table: string, owner: string) =>
  (await env.DB.prepare(`select count(*) n from ${table} where owner = ?1`).bind(owner).first<{ n: number }>())?.n;

test("records go after 400 days, leave an anchor, and those that are younger stay", async () => {
  const old = await recorded("old", 3, NOW - 401 * DAY_MS);
  await recorded("young", 3, NOW - 399 * DAY_MS);
  expect(await auditRetention(main, NOW)).toMatchObject({ owners: 1, records: 3 });
  expect(await count("audit", "old")).toBe(0);
  expect(await count("audit", "young")).toBe(3);
  expect(await rows.anchor(old.owner)).toMatchObject({ seq: 3, removed: 3, at: NOW - 401 * DAY_MS + 2_000 });
  expect(await auditRetention(main, NOW)).toMatchObject({ owners: 0, records: 0 });
});

test("only the beginning of a chain goes, even where a clock was set back in the middle", async () => {
  const trail = await recorded("set-back", 1, NOW);
  const old = { connection: null, code: null, providerCode: null, requestId: null, detail: null, provider: "google" };
  await trail.append({ ...old, at: NOW - 500 * DAY_MS, actor: "a", owner: "set-back", action: "sync", outcome: "ok" });
  await trail.flush();
  expect(await auditRetention(main, NOW)).toMatchObject({ owners: 1, records: 0 });
  expect(await count("audit", "set-back")).toBe(2);
});

test("records from before the chain go by their age alone", async () => {
  const insert = env.DB.prepare(
    "insert into audit (id, at, actor, owner, provider, action, outcome) values (?1, ?2, 'a', 'unchained', 'microsoft', 'connect', 'ok')",
  );
  await env.DB.batch([insert.bind("aud_a", NOW - 401 * DAY_MS), insert.bind("aud_b", NOW - 399 * DAY_MS)]);
  expect(await auditRetention(main, NOW)).toMatchObject({ records: 1 });
  expect(await count("audit", "unchained")).toBe(1);
});

test("counters of days that are gone go too, owner by owner; consents stay", async () => {
  const insert = env.DB.prepare("insert into counters values (?1, ?2, 'google', 'proxy', 'ok', '', 1)");
  const owners = ["", ...Array.from({ length: 250 }, (_, index) => `many-${String(index).padStart(3, "0")}`)];
  await env.DB.batch(owners.flatMap((owner) => [insert.bind("2025-10-15", owner), insert.bind("2025-10-16", owner)]));
  await env.DB.prepare(
    "insert into consents values ('cns_old', 1, 'many-000', 'c', 'google', 'g', '[]', '[]', null, '1', 'a', null)",
  ).run();
  const removed = [await auditRetention(main, NOW), await auditRetention(main, NOW), await auditRetention(main, NOW)];
  const gone = removed.map(({ counters }) => counters ?? 0);
  expect(Math.max(...gone)).toBeLessThanOrEqual(201);
  expect(gone.reduce((sum, one) => sum + one, 0)).toBe(owners.length);
  const left = await env.DB.prepare("select day, count(*) n from counters where day <= '2025-10-16' group by 1").all();
  expect(left.results).toEqual([{ day: "2025-10-16", n: owners.length }]);
  expect(await count("consents", "many-000")).toBe(1);
});

test("every run of a job is recorded in the system's own trail, which holds", async () => {
  listen();
  await worker.scheduled(createScheduledController({ cron: "*/15 * * * *", scheduledTime: new Date() }), env);
  const operator = { sub: "operator", roles: ["operator"] };
  for (const base of ["/api/v1", "/api/v1/beta"]) {
    const answer = await call(`${base}/oauth/audit?owner=${encodeURIComponent("@latchkey")}`, operator);
    const { records } = await answer.json<{ records: { action: string; detail: { job: string } }[] }>();
    expect(records.map(({ action, detail }) => `${action} ${detail.job}`)).toContain("job purge");
    expect(records.filter(({ detail }) => detail.job === "audit_retention")).toHaveLength(1);
    const verified = await call(`${base}/oauth/audit/verify?owner=${encodeURIComponent("@latchkey")}`, operator);
    expect(await verified.json()).toMatchObject({ ok: true, records: records.length });
  }
});
