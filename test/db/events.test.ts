import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import type { EventRecord } from "../../src/db/companions.ts";
import { connectionRows } from "../../src/db/connections.ts";
import { openDatabase } from "../../src/db/database.ts";
import { eventRows } from "../../src/db/events.ts";
import type { EventDelivery } from "../../src/db/schema-records.ts";
import { tablesFor } from "../../src/db/schema.ts";
import { newConnectionId, newEventId, Owner } from "../../src/lib/ids.ts";
import { connectionRow } from "./rows.ts";

const db = openDatabase(env.DB);
const events = eventRows(db, tablesFor("main"));
const beta = eventRows(db, tablesFor("beta"));
const A = "a.example/hooks";
const B = "b";

const pending: EventDelivery = { state: "pending", attempts: 0, nextAt: 100, lastStatus: null, lastError: null };
const delivered: EventDelivery = { ...pending, state: "delivered", attempts: 1, nextAt: null, lastStatus: 204 };
const failed: EventDelivery = { ...pending, state: "failed", attempts: 9, nextAt: null, lastError: "timeout" };

/** Stores events of one connection, one per version, all due at 100 at A and B. */
async function stored(owner: string, versions: readonly number[], more: Partial<EventRecord> = {}) {
  const row = connectionRow(owner, newConnectionId());
  const made = versions.map((version): EventRecord => ({
    id: newEventId(),
    at: 100,
    owner,
    connection: row.id,
    version,
    type: "connection.updated",
    body: "{}",
    state: "pending",
    dueAt: 100,
    deliveries: { [A]: pending, [B]: pending },
    ...more,
  }));
  await connectionRows(db, tablesFor("main")).insert(row, { events: made });
  return { owner: Owner.parse(owner), connection: row.id, made };
}

test("a lane is one connection at one endpoint, and begins with its earliest event", async () => {
  const { owner, connection, made } = await stored("lanes", [3, 1, 1]);
  const other = await stored("lanes", [1], { deliveries: { [B]: pending } });
  await stored("somebody", [1]);
  const lanes = await events.lanes(owner);
  expect(lanes).toHaveLength(3);
  expect(lanes).toEqual(
    expect.arrayContaining([
      { connection, endpoint: A },
      { connection, endpoint: B },
      { connection: other.connection, endpoint: B },
    ]),
  );
  // Of one version, the one that was written first.
  expect(await events.first(owner, { connection, endpoint: A })).toEqual(made[1]);
  expect(await beta.lanes(owner)).toEqual([]);
  expect(await beta.first(owner, { connection, endpoint: A })).toBeUndefined();
});

test("what is settled at one endpoint leaves the others alone, and decides how the event stands", async () => {
  const { owner, connection, made } = await stored("settle", [1, 2]);
  const [id = "", second = ""] = made.map((event) => event.id);
  const retry = { ...pending, attempts: 1, nextAt: 900, lastStatus: 500 };
  expect(await events.settle(id, A, { before: pending, next: delivered })).toBe(true);
  expect(await events.settle(id, B, { before: pending, next: retry })).toBe(true);
  expect(await events.find(id)).toMatchObject({
    state: "pending",
    dueAt: 900,
    deliveries: { [A]: delivered, [B]: retry },
  });
  expect((await events.first(owner, { connection, endpoint: A }))?.id).toBe(second);
  expect((await events.first(owner, { connection, endpoint: B }))?.id).toBe(id);
  // Somebody else has written since.
  expect(await events.settle(id, B, { before: pending, next: delivered })).toBe(false);
  expect(await events.settle(id, A, { before: pending, next: retry })).toBe(false);
  await events.settle(id, B, { before: retry, next: failed });
  expect(await events.find(id)).toMatchObject({ state: "failed", dueAt: null });
  await events.settle(second, A, { before: pending, next: delivered });
  await events.settle(second, B, { before: pending, next: delivered });
  expect(await events.find(second)).toMatchObject({ state: "delivered", dueAt: null });
  expect(await events.lanes(owner)).toEqual([]);
});

test("overdue is what nobody has tried, and not what waits behind an earlier event", async () => {
  const far = 1_000_000_000;
  const retry = { ...pending, attempts: 3, nextAt: far };
  const due = await stored("overdue-1", [1]);
  await stored("overdue-2", [1], { dueAt: far, deliveries: { [A]: retry } });
  const waiting = await stored("overdue-3", [2], { deliveries: { [A]: pending } });
  await events.settle(waiting.made[0]?.id ?? "", A, { before: pending, next: pending });
  const mixed = await stored("overdue-4", [1, 2]);
  await events.settle(mixed.made[0]?.id ?? "", A, { before: pending, next: { ...retry, nextAt: far } });
  await events.settle(mixed.made[0]?.id ?? "", B, { before: pending, next: delivered });
  const blocked = await stored("overdue-5", [1, 2], { deliveries: { [A]: pending } });
  await events.settle(blocked.made[0]?.id ?? "", A, { before: pending, next: retry });
  const found = (await events.overdue(500, 10_000)).filter((owner) => owner.startsWith("overdue-"));
  // 4: its second event is not behind anything at B. 5: all of it is behind the first.
  expect(found.toSorted()).toEqual([due.owner, waiting.owner, mixed.owner].toSorted());
  expect(await events.overdue(100, 10_000)).not.toContain(due.owner);
  expect(await events.overdue(500, 1)).toHaveLength(1);
});

test("what is finished goes after its time, and what is not stays", async () => {
  const [old, young, open] = await Promise.all([
    stored("purge", [1], { at: 10, state: "delivered" }),
    stored("purge", [1], { at: 20, state: "failed" }),
    stored("purge", [1], { at: 10 }),
  ]);
  expect(await events.purge(15, 100)).toBeGreaterThan(0);
  const left = async (one: typeof old) => (await events.find(one.made[0]?.id ?? "")) !== undefined;
  expect([await left(old), await left(young), await left(open)]).toEqual([false, true, true]);
});

test("pages go from the newest to the oldest and leave nothing out", async () => {
  const { owner, made } = await stored("pages", [1, 2, 3]);
  await stored("pages", [1], { at: 300, type: "connection.revoked", state: "failed" });
  const ids: string[] = [];
  for (let after: { at: number; id: string } | undefined; ;) {
    const page = await events.page({ owner, after, limit: 2 });
    ids.push(...page.map(({ id }) => id));
    after = page.at(-1);
    if (page.length < 2) break;
  }
  expect(ids).toHaveLength(4);
  expect(ids.slice(1)).toEqual(
    made
      .map(({ id }) => id)
      .toSorted()
      .toReversed(),
  );
  expect(await events.page({ owner, type: "connection.revoked", limit: 9 })).toHaveLength(1);
  expect(await events.page({ owner, state: "pending", limit: 9 })).toHaveLength(3);
  expect(await events.page({ owner, connection: made[0]?.connection, limit: 9 })).toHaveLength(3);
  expect((await events.page({ limit: 200 })).length).toBeGreaterThan(4);
});
