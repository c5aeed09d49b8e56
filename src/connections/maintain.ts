/**
 * Changes of a row that no owner asked for and no provider waits on: a name that was read again, a key that was
 * replaced, a warning that was given. They must never make a refresh lose its compare-and-set, for what the provider
 * answered then would be dropped: so they take their turn in the queue of refreshes, and give way to one that an
 * earlier life of the object may still be about to store.
 */
import type { Connection } from "../db/connections.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { othersSettled } from "./exchanges.ts";
import { commitRow, loadRows, rereadRow } from "./rows.ts";
import { enqueue, type Vault } from "./vault.ts";

/** What a change makes of the row as it stands; undefined: nothing. */
export type Change = (row: Connection) => Promise<Partial<Connection> | undefined>;

/** Makes a change when it is its turn. Gives the row as it then stands; undefined where there is none, or it had to give way. */
export function maintainRow(vault: Vault, id: ConnectionId, change: Change): Promise<Connection | undefined> {
  return enqueue(vault.memory.refreshQueue, id, async () => {
    await loadRows(vault);
    await othersSettled(vault, id);
    if (vault.journal.markers.get(id)) return undefined;
    // An earlier life may have stored what this one has not read.
    const row = await rereadRow(vault, id);
    const changed = row && (await change(row));
    if (!row || !changed) return row;
    const next = { ...row, ...changed, version: row.version + 1, updatedAt: vault.clock.now() };
    const commit = await commitRow(vault, { before: row, next, decided: false });
    return commit.kind === "stored" ? commit.row : commit.current;
  });
}
