/** Pauses after transient failures: exponential with jitter, or as long as the provider asks. */
import type { Connection } from "../db/connections.ts";
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { StoredPause } from "./journal.ts";
import type { Vault } from "./vault.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** A pause that outlasts the object's memory is worth a write to its storage. */
const WORTH_KEEPING_MS = 10_000;

/** Throws the last failure while the provider is to be left alone; `Retry-After` says for how long. */
export function requireNoPause(vault: Vault, id: ConnectionId): void {
  const pause = vault.memory.pauses.get(id);
  const leftMs = (pause?.until ?? 0) - vault.clock.now();
  if (pause && leftMs > 0) throw new Failure({ ...pause.failure, retryAfterS: Math.ceil(leftMs / 1000) });
}

/** Which refresh failed. */
export interface Failed {
  readonly row: Connection;
  readonly resource: string;
  readonly requestId: string | undefined;
}

/** Begins or lengthens a pause, and notes the failure on the row, in the background. */
export function pauseAfter(vault: Vault, { row, resource, requestId }: Failed, failed: Failure): void {
  const failures = Math.max(vault.memory.pauses.get(row.id)?.failures ?? 0, row.refreshFailures) + 1;
  const backoffMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.5 + vault.random());
  // A Retry-After that came from us (after a timeout, say) must not outweigh the backoff's own beginning.
  const askedMs = failed.code === "provider_throttled" ? (failed.retryAfterS ?? 0) * 1000 : 0;
  const lengthMs = Math.max(backoffMs, askedMs);
  const { generation } = row;
  const pause = { until: vault.clock.now() + lengthMs, failures, failure: failed.toData(), generation };
  vault.memory.pauses.set(row.id, pause);
  // D1 cannot be told of failures of a generation that it does not have yet.
  if (lengthMs > WORTH_KEEPING_MS || vault.memory.pending.has(row.id)) vault.journal.pauses.put(row.id, pause);
  vault.log.warn("refresh failed", { ...described(row, failed), resource, failures, request_id: requestId });
  vault.background(note(vault, row, pause));
}

/** The count outlives this object in D1, or in own storage where D1 does not take it. */
async function note(vault: Vault, row: Connection, pause: StoredPause): Promise<void> {
  try {
    const { failures, failure } = pause;
    await vault.rows.note(row.owner, row.id, { failures, lastFailure: failure.code, generation: row.generation });
  } catch (cause) {
    if (vault.memory.pauses.get(row.id) === pause) vault.journal.pauses.put(row.id, pause);
    throw cause;
  }
}

/** How many refreshes of this generation have failed. The row in memory may lag behind: failures are noted beside it. */
export function failuresOf(vault: Vault, row: Connection): number {
  return Math.max(pauseOf(vault, row)?.failures ?? 0, row.refreshFailures);
}

/** The code of what the last refresh of this generation failed with; null where it did not. */
export function lastFailureOf(vault: Vault, row: Connection): string | null {
  return pauseOf(vault, row)?.failure.code ?? row.lastFailure;
}

/** A pause that an earlier life could not take back speaks of a generation that is gone. */
function pauseOf(vault: Vault, row: Connection): StoredPause | undefined {
  const pause = vault.memory.pauses.get(row.id);
  return (pause?.generation ?? row.generation) === row.generation ? pause : undefined;
}

/** Brings back the pauses that an earlier life of the object left. */
export function recallPauses(vault: Vault): void {
  const { pauses } = vault.memory;
  for (const [id, pause] of vault.journal.pauses.all()) if (!pauses.has(id)) pauses.set(id, pause);
}

/** Ends a pause: the provider has given what was asked, or the user has connected again. */
export function endPause(vault: Vault, id: ConnectionId): void {
  vault.memory.pauses.delete(id);
  vault.journal.pauses.drop(id);
}

function described(row: Connection, { code, reason, extra }: Failure) {
  return { connection: row.id, provider: row.provider, failure: code, reason, provider_code: extra.provider_code };
}
