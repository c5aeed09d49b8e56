/** Which tenant the copy is of, as the object itself remembers it: so that a reading asks no other place. */
import * as z from "zod";
import { type Failure, failure } from "../../lib/errors.ts";
import type { Sql } from "../store/sql.ts";
import { readState, writeState } from "../store/state.ts";

const NAME = "connected";
const Connected = z.object({ id: z.string(), tenantId: z.string() });

/** The connection that the copy belongs to: its row's id, and the tenant's GUID. */
export type Connected = Readonly<z.infer<typeof Connected>>;

/** The connection; undefined where there is none. */
export function connectedTenant(sql: Sql): Connected | undefined {
  return Connected.safeParse(readState(sql, NAME)).data;
}

/** Remembers it. */
export function writeConnected(sql: Sql, { id, tenantId }: Connected): void {
  writeState(sql, NAME, { id, tenantId });
}

const LEAVING = "disconnecting";

/** Remembers that the tenant is to be forgotten: from now on nothing of the copy is told, whatever becomes of the rest. */
export function writeDisconnecting(sql: Sql): void {
  writeState(sql, LEAVING, true);
}

/** True while a disconnect was begun and has not come to its end. */
export function isDisconnecting(sql: Sql): boolean {
  return readState(sql, LEAVING) === true;
}

/** The failure of whatever needs a connected tenant. */
export function notConnected(): Failure {
  return failure("not_connected", "No tenant is connected. Connect one first.", {
    extra: { authorize_path: "/v1/microsoft/setup", mend: "admin" },
  });
}
