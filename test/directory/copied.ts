/** What the tests of the reading routes share: an organisation whose copy is a seeded one. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { openSql, type Sql } from "../../src/directory/store/sql.ts";
import { call } from "../support.ts";
import { adminOf, CLIENT, makeTenant, read, setUp } from "./connecting.ts";
import { seed } from "./seed.ts";

/** Where the routes are. */
export const base = "/v1/microsoft";

/** What is in the copy. */
export const SIZE = { users: 2_300, groups: 40, members: 300, devices: 50, signIns: 100, nested: 0 };

/** Connects a tenant and puts a copy in the place of what would be read of it. */
export async function connected(
  org: string,
  number: number,
  write: (sql: Sql) => void = () => undefined,
): Promise<void> {
  const { tenant_id: id } = await makeTenant(number);
  await setUp(org, { tenant_id: id, ...CLIENT });
  await runInDurableObject(env.TENANT_DIRECTORY.getByName(org), (_, state) => {
    const sql = openSql(state.storage);
    seed(sql, SIZE);
    write(sql);
  });
}

/** Asks for a path as the organisation's administrator; gives the answer's body with its status. */
export const get = async (org: string, path: string) => read(await call(base + path, adminOf(org)));
/** The rows of an answer. */
export type Rows = readonly Record<string, unknown>[];
