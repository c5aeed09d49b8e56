/** The organisation's row, and nothing of a copy that is not this row's. */
import type { Tenant } from "../../db/tenants.ts";
import { connectedTenant } from "./connected.ts";
import type { Connection } from "./connection.ts";

/** The row, once a disconnect that was begun has come to its end. A copy that belongs to no row, or to another, is forgotten. Fails as D1 does. */
export async function currentRow(connection: Connection): Promise<Tenant | undefined> {
  const { rows, org, sql } = connection;
  if (await connection.finishDisconnect()) return undefined;
  const known = connectedTenant(sql)?.id;
  const row = await rows.find(org);
  // What was connected while the row was looked for is nobody's remains.
  if (known !== undefined && row?.id !== known && connectedTenant(sql)?.id === known) {
    connection.hold(undefined);
    connection.forget();
  }
  return row;
}
