import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { freshDeliveries } from "../../../src/connections/events/events-of.ts";
import type { EventRecord } from "../../../src/db/companions.ts";
import { connectionRows } from "../../../src/db/connections.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { eventRows } from "../../../src/db/events.ts";
import { tablesFor } from "../../../src/db/schema.ts";
import { UserKeeper } from "../../../src/index.ts";
import { parseConfig } from "../../../src/lib/config.ts";
import { newEventId } from "../../../src/lib/ids.ts";
import { connectionRow } from "../../db/rows.ts";

const hook = (secret: string) => JSON.stringify([{ id: "app", url: "https://hooks.test/mended", secrets: [secret] }]);
const GOOD = hook(`whsec_${btoa("k".repeat(32))}`);
const WRONG = hook("whsek_typo");

/** Stores an event as it is stored while the variable says that. */
async function happened(owner: string, WEBHOOKS: string): Promise<string> {
  const row = connectionRow(owner, "account");
  const type = "connection.updated";
  const [at, id] = [Date.now(), newEventId()];
  const { webhooks } = parseConfig({ WEBHOOKS });
  const of = { id, at, owner, connection: row.id, version: 1, type, body: JSON.stringify({ type }) };
  const event: EventRecord = { ...of, state: "pending", dueAt: at, deliveries: freshDeliveries(webhooks, type, at) };
  await connectionRows(openDatabase(env.DB), tablesFor("main")).insert(row, { events: [event] });
  return id;
}

const find = (id: string) => eventRows(openDatabase(env.DB), tablesFor("main")).find(id);

/** Rings the alarm of a new life of the owner's keeper, with the variable as it then is. */
async function ring(owner: string, WEBHOOKS: string): Promise<void> {
  const stub = env.USER_KEEPER.get(env.USER_KEEPER.idFromName(`main:${owner}`));
  await runInDurableObject(stub, (_, state) => new UserKeeper(state, Object.assign({ ...env }, { WEBHOOKS })).alarm());
}

async function arrived(): Promise<number> {
  const answer = await fetch("https://hooks.test/_sandbox/hooks?name=mended");
  return (await answer.json<{ deliveries: unknown[] }>()).deliveries.length;
}

test("while WEBHOOKS cannot be read an event waits, and goes when it can", async () => {
  const id = await happened("mends", GOOD);
  const before = await arrived();
  await ring("mends", WRONG);
  expect(await find(id)).toMatchObject({ state: "pending", deliveries: { app: { state: "pending", attempts: 0 } } });
  await ring("mends", GOOD);
  await vi.waitFor(async () => expect(await find(id)).toMatchObject({ state: "delivered" }), 5_000);
  expect(await arrived()).toBe(before + 1);
});

test("an event that happens meanwhile is kept, and goes to those who want it afterwards", async () => {
  const id = await happened("mends-later", WRONG);
  const before = await arrived();
  await ring("mends-later", WRONG);
  expect(await find(id)).toMatchObject({ state: "pending" });
  await ring("mends-later", GOOD);
  await ring("mends-later", GOOD);
  await vi.waitFor(
    async () => expect((await find(id))?.deliveries).toMatchObject({ app: { state: "delivered" } }),
    5_000,
  );
  expect((await find(id))?.state).toBe("delivered");
  expect(await arrived()).toBe(before + 1);
});
