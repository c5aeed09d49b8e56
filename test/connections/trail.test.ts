import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { hashOf } from "../../src/connections/chain.ts";
import type { AuditEntry } from "../../src/db/audit.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { chainOf, keeper, record, rows } from "./trails.ts";

async function countsOf(owner: string): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    "select action, code, sum(count) n from counters where owner = ?1 group by 1, 2",
  )
    .bind(owner)
    .all<{ action: string; code: string; n: number }>();
  return Object.fromEntries(results.map(({ action, code, n }) => [`${action}:${code}`, n]));
}

test("a hundred records at once get a hundred places, each chained to the one before it, in few batches", async () => {
  let batches = 0;
  const { owner, stored, live, behind } = keeper("hundred", async (...entries) => {
    batches += 1;
    await rows.append(...entries);
  });
  const trail = live();
  await Promise.all(
    Array.from({ length: 100 }, (_, index) => trail.append(record(owner, { requestId: `r-${index}` }))),
  );
  await behind();
  const chain = await chainOf(owner);
  expect(chain.map(({ seq }) => seq)).toEqual(Array.from({ length: 100 }, (_, index) => index + 1));
  expect(chain.map(({ requestId }) => requestId)).toEqual(Array.from({ length: 100 }, (_, index) => `r-${index}`));
  expect(chain.map(({ prevHash }) => prevHash)).toEqual(["", ...chain.slice(0, -1).map(({ hash }) => hash)]);
  for (const row of chain) expect(row.hash).toBe(await hashOf({ system: "main", owner }, row));
  expect(batches).toBeLessThan(20);
  expect([...stored.keys()]).toEqual(["audit_head"]);
  expect(stored.get("audit_head")).toEqual({ seq: 100, hash: chain.at(-1)?.hash });
});

test("what one life recorded and did not bring to D1, the next one does, and goes on behind it", async () => {
  const { owner, stored, live } = keeper("evicted");
  const first = live({
    background: (work) => void work.catch(() => {}),
    rows: { append: () => new Promise(() => {}) },
  });
  await first.append(record(owner));
  await first.append(record(owner, { action: "disconnect" }));
  expect(await chainOf(owner)).toEqual([]);
  expect(stored.size).toBe(3);
  const second = live();
  await second.append(record(owner, { action: "connect" }));
  expect(await second.flush()).toEqual(stored.get("audit_head"));
  expect((await chainOf(owner)).map(({ seq, action }) => `${seq} ${action}`)).toEqual([
    "1 refresh",
    "2 disconnect",
    "3 connect",
  ]);
  expect(stored.size).toBe(1);
});

test("while D1 is down records wait in own storage and an alarm is asked for; then they are written", async () => {
  let down = true;
  let now = 1_000_000;
  const { owner, stored, alarms, live, behind } = keeper("down", async (...entries) => {
    if (down) throw new Error("D1_ERROR: not available");
    await rows.append(...entries);
  });
  const trail = live({ clock: { ...systemClock, now: () => now } });
  await trail.append(record(owner));
  await behind();
  expect(Math.min(...alarms)).toBe(now + 2_000);
  await expect(trail.flush()).rejects.toThrow("not available");
  // Not before its pause is over.
  down = false;
  await trail.settle();
  expect(stored.size).toBe(2);
  now += 2_000;
  await trail.settle();
  expect(stored.size).toBe(1);
  expect(await chainOf(owner)).toHaveLength(1);
});

test("a batch whose acknowledgement was lost is written again and counted once", async () => {
  const fails = [true, false];
  const { owner, live, behind } = keeper("lost-ack", async (...entries) => {
    await rows.append(...entries);
    if (fails.shift()) throw new Error("D1_ERROR: connection lost");
  });
  const trail = live();
  await trail.append(record(owner, { detail: { took_ms: 70 } }));
  await trail.append(record(owner, { action: "proxy", detail: { weight: 10 } }));
  await behind();
  await trail.append(record(owner));
  await trail.flush();
  expect(await chainOf(owner)).toHaveLength(3);
  expect(await countsOf("lost-ack")).toEqual({ "refresh:": 2, "proxy:": 10, "latency:100": 1 });
});

test("while a refresh is out, work behind a request leaves own storage alone", async () => {
  let refreshing = true;
  const { owner, stored, live, behind } = keeper("busy");
  const trail = live({ busy: () => refreshing });
  await trail.append(record(owner));
  await behind();
  expect(await chainOf(owner)).toHaveLength(1);
  expect(stored.size).toBe(2);
  refreshing = false;
  await trail.settle();
  expect(stored.size).toBe(1);
});

test("what D1 gives back is what was hashed, whatever characters were in it", async () => {
  const { owner, live } = keeper("odd");
  const trail = live();
  const detail = { b: ["x", "\u0000"], a: "\ud800\u2028\"'", n: 1.5, big: 2 ** 53 - 1, yes: true, none: null };
  await trail.append(record(owner, { actor: "\udfffana\u0000", requestId: "'; --", detail }));
  await trail.flush();
  const [row] = await chainOf(owner);
  expect(row).toMatchObject({
    actor: "\ufffdana\ufffd",
    detail: { ...detail, a: "\ufffd\u2028\"'", b: ["x", "\ufffd"] },
  });
  expect(row?.hash).toBe(await hashOf({ system: "main", owner }, row as AuditEntry));
});
