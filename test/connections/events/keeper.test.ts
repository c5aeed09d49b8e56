import { createScheduledController, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { Webhook } from "standardwebhooks";
import { expect, test, vi } from "vitest";
import { freshDeliveries } from "../../../src/connections/events/events-of.ts";
import type { EventRecord } from "../../../src/db/companions.ts";
import { connectionRows } from "../../../src/db/connections.ts";
import { openDatabase } from "../../../src/db/database.ts";
import { eventRows } from "../../../src/db/events.ts";
import { tablesFor } from "../../../src/db/schema.ts";
import worker, { UserKeeper } from "../../../src/index.ts";
import { parseConfig } from "../../../src/lib/config.ts";
import { newEventId, type SystemName } from "../../../src/lib/ids.ts";
import { connectionRow } from "../../db/rows.ts";

const SECRET = `whsec_${btoa("k".repeat(32))}`;
const DAY_MS = 86_400_000;

const hook = (name: string) => JSON.stringify([{ id: "app", url: `https://hooks.test/${name}`, secrets: [SECRET] }]);

/** Stores an event of `owner`, as a commit does whose object then died. */
async function left(system: SystemName, owner: string, at = Date.now()): Promise<EventRecord> {
  const tables = tablesFor(system);
  const row = connectionRow(owner, "account");
  const type = "connection.updated";
  const { webhooks } = parseConfig({ WEBHOOKS: hook("any") });
  const body = JSON.stringify({ type, data: { system } });
  const of = { owner, connection: row.id, version: 1, type, body };
  const deliveries = freshDeliveries(webhooks, type, at);
  const event: EventRecord = { id: newEventId(), at, ...of, state: "pending", dueAt: at, deliveries };
  await connectionRows(openDatabase(env.DB), tables).insert(row, { events: [event] });
  return event;
}

const find = (system: SystemName, id: string) => eventRows(openDatabase(env.DB), tablesFor(system)).find(id);

async function settled(system: SystemName, { id }: EventRecord): Promise<EventRecord | undefined> {
  await vi.waitFor(async () => expect((await find(system, id))?.state).not.toBe("pending"), 5_000);
  return find(system, id);
}

/** Rings the alarm of an owner's keeper whose variables name an endpoint. */
async function ring(name: string, endpoint: string): Promise<void> {
  const stub = env.USER_KEEPER.get(env.USER_KEEPER.idFromName(name));
  await runInDurableObject(stub, (_, state) =>
    new UserKeeper(state, Object.assign({ ...env }, { WEBHOOKS: hook(endpoint) })).alarm(),
  );
}

interface Received {
  readonly deliveries: readonly { readonly body: string; readonly headers: Record<string, string> }[];
}

async function received(name: string): Promise<Received["deliveries"]> {
  const answer = await fetch(`https://hooks.test/_sandbox/hooks?name=${name}`);
  return (await answer.json<Received>()).deliveries;
}

test("a keeper's alarm delivers what is left, and its receiver can check it", async () => {
  const event = await left("main", "alarmed");
  await ring("main:alarmed", "alarmed");
  expect(await settled("main", event)).toMatchObject({ state: "delivered", deliveries: { app: { lastStatus: 204 } } });
  const [delivery, ...others] = await received("alarmed");
  expect(others).toEqual([]);
  expect(new Webhook(SECRET).verify(delivery?.body ?? "", delivery?.headers ?? {})).toEqual(JSON.parse(event.body));
});

test("a keeper knows the events of its own system and owner alone", async () => {
  const [main, beta, other] = [await left("main", "twin"), await left("beta", "twin"), await left("main", "stranger")];
  await ring("beta:twin", "twin");
  expect(await settled("beta", beta)).toMatchObject({ state: "delivered" });
  expect((await received("twin")).map(({ body }) => body)).toEqual([beta.body]);
  expect([await find("main", main.id), await find("main", other.id)]).toMatchObject([
    { state: "pending" },
    { state: "pending" },
  ]);
});

/** Runs the schedule's tick and gives what a job counted. */
async function tick(job: string): Promise<Record<string, unknown>[]> {
  const lines: Record<string, unknown>[] = [];
  const spy = vi
    .spyOn(console, "info")
    .mockImplementation((line) => void lines.push(JSON.parse(String(line)) as Record<string, unknown>));
  await worker.scheduled(createScheduledController({ cron: "*/15 * * * *", scheduledTime: new Date() }), env);
  spy.mockRestore();
  return lines.filter((line) => line["event"] === "job" && line["job"] === job);
}

test("the schedule wakes the keepers of events that nobody delivers, in both systems", async () => {
  const long = Date.now() - 120_000;
  const events = { main: await left("main", "crashed", long), beta: await left("beta", "crashed", long) };
  const young = await left("main", "young");
  for (const line of await tick("deliver_events"))
    expect(line).toMatchObject({ outcome: "ok", woken: line["overdue"] });
  // These keepers have no endpoint configured, which they say only when they look.
  for (const system of ["main", "beta"] as const)
    expect(await settled(system, events[system])).toMatchObject({
      deliveries: { app: { lastError: "endpoint_removed" } },
    });
  expect(await find("main", young.id)).toMatchObject({ state: "pending" });
});

test("the schedule removes events a month after they were done with", async () => {
  const tables = tablesFor("main");
  const [old, open] = [await left("main", "old", Date.now() - 31 * DAY_MS), await left("main", "open")];
  const rows = eventRows(openDatabase(env.DB), tables);
  const before = old.deliveries["app"];
  if (!before) throw new Error("no delivery");
  await rows.settle(old.id, "app", { before, next: { ...before, state: "delivered", attempts: 1, nextAt: null } });
  await tick("purge_events");
  expect(await find("main", old.id)).toBeUndefined();
  expect(await find("main", open.id)).toBeDefined();
});
