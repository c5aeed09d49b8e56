/** What the tests of connecting a tenant share: tenants at the stand-in, callers of an organisation, and what is stored. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { openDatabase } from "../../src/db/database.ts";
import { tenantRows } from "../../src/db/tenants.ts";
import { type Connection, openConnection } from "../../src/directory/connect/connection.ts";
import { migrate } from "../../src/directory/store/schema.ts";
import { openSql } from "../../src/directory/store/sql.ts";
import { openHouse } from "../../src/system.ts";
import { call, sandbox, send } from "../support.ts";

/** The stand-in's application and its secret. */
export const CLIENT = { client_id: "11111111-aaaa-4bbb-8ccc-000000000001", client_secret: "sandbox-secret" } as const;

/** Who may connect for an organisation. */
export function adminOf(org: string) {
  return { sub: `admin-of-${org}`, org, roles: ["tenant_admin"] };
}

/** A tenant at the stand-in. */
export async function makeTenant(
  seed: number,
  more: Record<string, unknown> = {},
): Promise<{ readonly tenant_id: string; readonly domain: string }> {
  const answer = await sandbox("POST", "tenant", { users: 5, groups: 2, devices: 2, seed, ...more });
  if (answer.status !== 201) throw new Error(await answer.text());
  return answer.json();
}

/** An answer's status with its body; empty where there is none. */
export async function read(answer: Response): Promise<{ readonly status: number } & Record<string, unknown>> {
  const text = await answer.text();
  return { ...(text === "" ? {} : (JSON.parse(text) as Record<string, unknown>)), status: answer.status };
}

/** Connects a tenant for an organisation. */
export async function setUp(org: string, body: unknown) {
  return read(await send("POST", "/v1/microsoft/setup", adminOf(org), body));
}

/** How an organisation's connection stands. */
export async function statusOf(org: string) {
  return read(await call("/v1/microsoft/status", adminOf(org)));
}

/** Disconnects an organisation's tenant. */
export async function disconnect(org: string) {
  return read(await call("/v1/microsoft/disconnect", adminOf(org), { method: "DELETE" }));
}

/** The organisation's row as it stands in D1. */
export async function rowOf(org: string): Promise<Record<string, unknown> | null> {
  return env.DB.prepare("select * from tenants where org = ?1").bind(org).first();
}

/** A connection as its object would open it, at a time of its own and with other variables. */
export function inObject<T>(
  org: string,
  act: (connection: Connection, time: { now: number }) => Promise<T>,
  variables: Record<string, string> = {},
): Promise<T> {
  return runInDurableObject(env.TENANT_DIRECTORY.getByName(org), (_, state) => {
    const time = { now: Date.now() };
    const { env: bindings, ...house } = openHouse({ ...env, ...variables });
    const clock = {
      now: () => time.now,
      after: (ms: number) => ({ done: scheduler.wait(ms), cancel: () => undefined }),
    };
    const connection = openConnection({
      ...house,
      org,
      clock,
      rows: tenantRows(openDatabase(bindings.DB)),
      sql: openSql(state.storage),
      forget: () => {
        void state.storage.deleteAll();
        migrate(openSql(state.storage));
      },
      wakeBy: (at) => void state.storage.setAlarm(at),
    });
    return act(connection, time);
  });
}
