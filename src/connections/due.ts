/** Refreshes that the schedule asks for, spread over time and run by the keeper's alarm. */
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Due } from "./journal.ts";
import { refreshEach } from "./refresh-each.ts";
import { loadRows } from "./rows.ts";
import { isHeld } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** A token that dies within this time is worth renewing when the schedule says so, ms. */
const SOON_MS = 25 * 60_000;

/** Notes that a connection is to be refreshed at that time. Asking twice changes nothing. */
export function plan(vault: Vault, id: ConnectionId, due: Due): void {
  const known = vault.journal.due.get(id);
  if (known?.generation === due.generation) return;
  vault.journal.due.put(id, due);
  vault.wakeBy(due.at);
}

/** Runs what is due until `until`, ms, and gives how many were refreshed; asks to be woken for the rest. A failure is the refresh's own to log; the next tick of the schedule asks again. */
export async function runDue(vault: Vault, until: number): Promise<number> {
  let done = 0;
  for (const [id, due] of vault.journal.due.all()) {
    if (due.at > vault.clock.now()) {
      vault.wakeBy(due.at);
      continue;
    }
    if (vault.clock.now() >= until) {
      vault.wakeBy(vault.clock.now());
      break;
    }
    vault.journal.due.drop(id);
    done += await refreshGeneration(vault, id, due.generation);
  }
  return done;
}

async function refreshGeneration(vault: Vault, id: ConnectionId, generation: number): Promise<number> {
  const row = (await loadRows(vault)).get(id);
  if (row?.status !== "active" || row.generation !== generation) return 0;
  try {
    await refreshEach(vault, { id, resources: resourcesToRenew(vault, id) });
    return 1;
  } catch (error) {
    if (error instanceof Failure) return 0;
    throw error;
  }
}

/** The resources whose token dies soon. What has long been dead nobody has asked for since: it stays so. */
function resourcesToRenew(vault: Vault, id: ConnectionId): string[] {
  const row = vault.memory.rows?.get(id);
  if (!row) return [];
  const provider = vault.provider(row.provider);
  const held = Object.keys(provider.resources).filter((name) => isHeld(provider, name, row.scopes));
  const endOf = (name: string) => row.accessTokens[name]?.expiresAt ?? Number.NEGATIVE_INFINITY;
  const now = vault.clock.now();
  const dying = held.filter((name) => endOf(name) > now && endOf(name) < now + SOON_MS);
  if (dying.length > 0) return dying;
  // The alarm came late, or the refresh token is to be shown, with whichever: the one that was of use last.
  return held.toSorted((left, right) => endOf(right) - endOf(left)).slice(0, 1);
}
