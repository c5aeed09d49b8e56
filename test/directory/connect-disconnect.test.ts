import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { received, sandbox, send } from "../support.ts";
import { adminOf, CLIENT, disconnect, makeTenant, read, rowOf, setUp, statusOf } from "./connecting.ts";

const KEPT = ["nodes", "users", "groups", "edges", "devices", "runs", "tasks", "resources", "state", "changes"];

/** How many rows the organisation's object holds, and whether it means to wake. */
function left(org: string): Promise<{ rows: number; alarm: number | null }> {
  return runInDurableObject(env.TENANT_DIRECTORY.getByName(org), async (_, state) => {
    const counts = KEPT.map((table) => Number(state.storage.sql.exec(`SELECT count(*) AS n FROM ${table}`).one()["n"]));
    return { rows: counts.reduce((sum, count) => sum + count, 0), alarm: await state.storage.getAlarm() };
  });
}

async function until(what: () => Promise<boolean>): Promise<void> {
  for (let tries = 0; tries < 500 && !(await what()); tries += 1) await scheduler.wait(10);
}

test("a disconnect in the middle of a run leaves nothing behind, and what was on its way is not written", async () => {
  const { tenant_id: id } = await makeTenant(601, { users: 300, groups: 5 });
  await setUp("midway", { tenant_id: id, ...CLIENT });
  // The answer is held back until the disconnect has been answered.
  await sandbox("POST", "faults", { path: "/v1.0/users/delta", delay_ms: 400, delay_at: "after", times: 1 });
  const begun = await read(await send("POST", "/v1/microsoft/sync", adminOf("midway"), { sync_type: "full" }));
  expect(begun).toMatchObject({ status: 202 });
  const asked = async () => (await received("/v1.0/users/delta")).length;
  const before = await asked();
  const working = runDurableObjectAlarm(env.TENANT_DIRECTORY.getByName("midway"));
  await until(async () => (await asked()) > before);
  expect(await disconnect("midway")).toEqual({ status: 204 });
  await working;
  // Waits for what is still on its way.
  await evictDurableObject(env.TENANT_DIRECTORY.getByName("midway"));
  expect(await left("midway")).toEqual({ rows: 0, alarm: null });
  expect(await rowOf("midway")).toBeNull();
  expect(await statusOf("midway")).toEqual({ status: 200, connected: false });
});

test("a tenant that is connected again after that is copied from its beginning", async () => {
  const { tenant_id: id } = await makeTenant(602, { users: 40 });
  const body = { tenant_id: id, ...CLIENT };
  await setUp("anew", body);
  await disconnect("anew");
  expect(await setUp("anew", body)).toMatchObject({ status: 201 });
  await send("POST", "/v1/microsoft/sync", adminOf("anew"), { sync_type: "users_only" });
  const done = async () => {
    await runDurableObjectAlarm(env.TENANT_DIRECTORY.getByName("anew"));
    return (await statusOf("anew"))["last"] !== null;
  };
  await until(done);
  expect(await statusOf("anew")).toMatchObject({ counts: { users: 40 }, last: { status: "succeeded" } });
});
