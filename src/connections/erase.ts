/**
 * Erasure: everything of an owner goes but the audit trail. What a provider or the application is still to be told stays
 * until it has been told; a note in own storage keeps the alarm at it until nothing is left.
 */
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { inParallel } from "../lib/parallel.ts";
import { record } from "./audit.ts";
import { disconnect } from "./disconnect.ts";
import type { PendingErasure } from "./journal.ts";
import { loadRows, rereadRows } from "./rows.ts";
import type { Asker } from "./sync.ts";
import type { Vault } from "./vault.ts";

const AT_ONCE = 4;
const AGAIN_MS = 60_000;

/** Disconnects all of the owner's connections and erases what is stored of them. Gives how many were connected. Fails as `internal` where D1 cannot be read. */
export async function eraseOwner(vault: Vault, asker: Asker): Promise<number> {
  await rereadRows(vault);
  const live = [...(await loadRows(vault)).values()].filter((row) => row.status !== "revoked");
  // From here on an interruption leaves an alarm that goes on.
  vault.journal.erasure.put("owner", { since: vault.clock.now(), ...asker });
  vault.wakeBy(vault.clock.now() + AGAIN_MS);
  for (const [flow] of vault.journal.flows.all()) vault.journal.flows.drop(flow);
  await inParallel(live, AT_ONCE, ({ id }) => disconnectStill(vault, id, asker));
  await record(vault, { action: "erase", outcome: "ok", detail: { connections: live.length }, ...asker });
  await goOnErasing(vault);
  return live.length;
}

/** Somebody may have disconnected one of them meanwhile: then that is done. */
async function disconnectStill(vault: Vault, id: ConnectionId, asker: Asker): Promise<void> {
  try {
    await disconnect(vault, { id, erase: true, ...asker });
  } catch (error) {
    if (!(error instanceof Failure) || error.code !== "not_found") throw error;
  }
}

/** Erases what may go by now. True where nothing is left to erase. */
export async function goOnErasing(vault: Vault): Promise<boolean> {
  const erasure = vault.journal.erasure.get("owner");
  if (!erasure) return true;
  const { memory } = vault;
  try {
    await disconnectRest(vault, erasure);
    // Rows that wait are written behind these statements, and refreshes under way leave notes in own storage.
    const settled = memory.pending.size === 0 && memory.refreshes.size === 0;
    // What the trail brings to D1 later would be counted there anew.
    await vault.audit.flush();
    const left = await vault.erasure.erase(vault.owner, erasure.since);
    for (const [id, row] of memory.rows ?? [])
      if (row.status === "revoked" && !row.revocation && !memory.pending.has(id)) memory.rows?.delete(id);
    if (left === 0 && settled) {
      sweep(vault);
      vault.journal.erasure.drop("owner");
      // An alarm may have rung meanwhile, too early for what was still there: another one looks at what is left of limits.
      vault.wakeBy(vault.clock.now() + AGAIN_MS);
      return true;
    }
  } catch (cause) {
    vault.log.warn("owner not erased yet", { cause });
  }
  vault.wakeBy(vault.clock.now() + AGAIN_MS);
  return false;
}

/** What an earlier life did not come to. What was connected since stays. */
async function disconnectRest(vault: Vault, { since, actor = "latchkey", requestId }: PendingErasure): Promise<void> {
  const rows = [...(await loadRows(vault)).values()];
  const rest = rows.filter(({ status, connectedAt }) => status !== "revoked" && connectedAt <= since);
  await inParallel(rest, AT_ONCE, ({ id }) => disconnectStill(vault, id, { actor, requestId }));
}

/** What a refresh that failed after its row was gone has left in own storage. */
function sweep({ journal, memory }: Vault): void {
  for (const shelf of [journal.markers, journal.due, journal.pauses])
    for (const [id] of shelf.all()) if (!memory.rows?.has(id)) shelf.drop(id);
}
