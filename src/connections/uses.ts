/** When a connection was last used, written behind: at most once a minute each, never on a request's path. */
import type { Vault } from "./vault.ts";

const LEAST_PAUSE_MS = 60_000;

/** Writes the uses that D1 does not know of yet and that are a minute newer than what it knows. Gives how many. */
export function noteUses(vault: Vault): number {
  const { rows, used } = vault.memory;
  let written = 0;
  for (const [id, usedAt] of used) {
    const row = rows?.get(id);
    used.delete(id);
    if (!row || usedAt - (row.lastUsedAt ?? 0) < LEAST_PAUSE_MS) continue;
    rows?.set(id, { ...row, lastUsedAt: usedAt });
    vault.background(vault.rows.note(vault.owner, id, { usedAt }));
    written += 1;
  }
  return written;
}
