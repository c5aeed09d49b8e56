/** Seals a row's values anew with the ring's first key, so that an older key can be taken off. */
import type { Connection } from "../db/connections.ts";
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { maintainRow } from "./maintain.ts";
import { keyOf } from "./sealed-with.ts";
import { resealed } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** What became of it. `lost`: the key that sealed it is not on the ring. `busy`: another time. */
export type Resealed = "resealed" | "current" | "lost" | "busy";

/** Reseals one row. */
export async function reseal(vault: Vault, id: ConnectionId): Promise<Resealed> {
  let outcome: Resealed = "busy";
  await maintainRow(vault, id, async (row) => {
    const { id: key } = await vault.ring.sealing();
    const sealedWith = keyOf(row);
    if (sealedWith === null || sealedWith === key) {
      outcome = "current";
      // A row of before this column was there only needs to say so.
      return row.sealedWith === sealedWith ? undefined : {};
    }
    const values = await openedAnew(vault, row);
    outcome = values ? "resealed" : "lost";
    return values;
  });
  return outcome;
}

async function openedAnew(vault: Vault, row: Connection): Promise<Partial<Connection> | undefined> {
  try {
    return await resealed(vault, row);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    vault.log.error("row not sealed anew", { connection: row.id, reason: error.reason });
    return undefined;
  }
}
