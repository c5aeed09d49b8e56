import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { afterEach, expect, test, vi } from "vitest";
import { type Connection, openConnection } from "../../src/directory/connect/connection.ts";
import { writeDisconnecting } from "../../src/directory/connect/connected.ts";
import { disconnect } from "../../src/directory/connect/disconnect.ts";
import { setUp as connect } from "../../src/directory/connect/setup.ts";
import { statusOf as standing } from "../../src/directory/connect/status.ts";
import { openSql } from "../../src/directory/store/sql.ts";
import { attempt } from "../../src/lib/errors.ts";
import { call } from "../support.ts";
import { adminOf, CLIENT, inObject, makeTenant, read, rowOf, setUp, statusOf } from "./connecting.ts";

afterEach(() => vi.restoreAllMocks());

const NOT_CONNECTED = { code: "not_connected" };
const COPIED = "INSERT INTO nodes (id, type) VALUES ('copied', 1)";
const copied = ({ sql }: Pick<Connection, "sql">) => sql.all("SELECT id FROM nodes");

/** A tenant connected in it. */
async function connected(connection: Connection, tenant: string) {
  const { client_id: clientId, client_secret: secret } = CLIENT;
  const applicant = { source: "body", tenant, clientId, secret, certificate: undefined } as const;
  const answer = await connect(connection, { applicant, actor: "ana" });
  connection.sql.run(COPIED);
  return answer;
}

/** The same connection over rows whose removal fails after it was done, or before. */
function losing(connection: Connection, removed: boolean) {
  const { rows } = connection;
  const remove: typeof rows.remove = async (row) => {
    if (removed) await rows.remove(row);
    throw new Error("D1: network connection lost");
  };
  return openConnection({ ...connection, rows: { ...rows, remove } });
}

test.each([
  ["was done, but its answer was lost", true],
  ["could not be done", false],
])("where the removal of the row %s nothing is told any more, and the next call finishes it", async (what, removed) => {
  const { tenant_id: id } = await makeTenant(651);
  const org = `halfway-${what}`;
  await inObject(org, async (connection) => {
    await connected(connection, id);
    const broken = losing(connection, removed);
    await expect(disconnect(broken)).rejects.toThrow("connection lost");
    await expect(broken.tokens.token()).rejects.toMatchObject(NOT_CONNECTED);
    const told = await attempt(() => broken.tenantId()).catch((cause: unknown) => ({ ok: false, cause }));
    expect(told).toMatchObject({ ok: false });
    // Another life of the object.
    const next = openConnection(connection);
    await expect(next.tenantId()).rejects.toMatchObject(NOT_CONNECTED);
    expect(copied(connection)).toEqual([]);
    expect(await rowOf(org)).toBeNull();
    await expect(next.tenantId()).rejects.toMatchObject(NOT_CONNECTED);
  });
});

test("a set-up after a disconnect that came to no end begins with a copy of its own", async () => {
  const { tenant_id: id } = await makeTenant(652);
  await inObject("halfway-again", async (connection) => {
    await connected(connection, id);
    await expect(disconnect(losing(connection, false))).rejects.toThrow("connection lost");
    expect(await connected(openConnection(connection), id)).toMatchObject({ created: true });
    expect(copied(connection)).toHaveLength(1);
    expect(await connection.tenantId()).toBe(id);
  });
});

test("an object that ended in the middle of a disconnect finishes it by its alarm", async () => {
  const { tenant_id: id } = await makeTenant(653);
  const org = "halfway-alarm";
  await setUp(org, { tenant_id: id, ...CLIENT });
  const stub = env.TENANT_DIRECTORY.getByName(org);
  const inside = <T>(act: (sql: ReturnType<typeof openSql>, state: DurableObjectState) => T) =>
    runInDurableObject(stub, (_, state) => act(openSql(state.storage), state));
  await inside(async (sql, state) => {
    sql.run(COPIED);
    writeDisconnecting(sql);
    await state.storage.setAlarm(Date.now() + 3_600_000);
  });
  expect(await runDurableObjectAlarm(stub)).toBe(true);
  expect(await rowOf(org)).toBeNull();
  expect(await inside((sql) => copied({ sql }))).toEqual([]);
  expect(await inside((_, state) => state.storage.getAlarm())).toBeNull();
});

test("a disconnect that cannot be finished has asked for the alarm before it fails", async () => {
  const { tenant_id: id } = await makeTenant(654);
  await inObject("halfway-asked", async (connection) => {
    await connected(connection, id);
    const asked: number[] = [];
    const broken = openConnection({ ...losing(connection, false), wakeBy: (at) => void asked.push(at) });
    await expect(disconnect(broken)).rejects.toThrow("connection lost");
    expect(asked).toEqual([connection.clock.now() + 30_000]);
  });
});

test("a copy without a row is forgotten by whoever asks how it stands", async () => {
  const { tenant_id: id } = await makeTenant(655);
  await setUp("rowless", { tenant_id: id, ...CLIENT });
  await runInDurableObject(env.TENANT_DIRECTORY.getByName("rowless"), (_, state) => openSql(state.storage).run(COPIED));
  await env.DB.prepare("delete from tenants where org = 'rowless'").run();
  expect(await statusOf("rowless")).toEqual({ status: 200, connected: false });
  await runInDurableObject(env.TENANT_DIRECTORY.getByName("rowless"), (_, state) =>
    expect(copied({ sql: openSql(state.storage) })).toEqual([]),
  );
  expect(await read(await call("/v1/microsoft/users", adminOf("rowless")))).toMatchObject({
    status: 404,
    ...NOT_CONNECTED,
  });
});

test("a tenant that is connected while somebody asks how it stands is not forgotten", async () => {
  const { tenant_id: id } = await makeTenant(656);
  await inObject("asked-early", async (connection) => {
    const { rows } = connection;
    const gate = Promise.withResolvers<undefined>();
    const find: typeof rows.find = async (org) => {
      const row = await rows.find(org);
      await gate.promise;
      return row;
    };
    const early = standing(openConnection({ ...connection, rows: { ...rows, find } }));
    await connected(connection, id);
    gate.resolve(undefined);
    expect(await early).toEqual({ connected: false });
    expect(copied(connection)).toHaveLength(1);
    expect(await connection.tenantId()).toBe(id);
  });
});
