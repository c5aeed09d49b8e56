/** Pauses after transient failures: exponential with jitter, or as long as the provider asks. */
import type { Connection } from "../db/connections.ts";
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Vault } from "./vault.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;
/** A pause that outlasts the object's memory is worth a write to its storage. */
const WORTH_KEEPING_MS = 10_000;

/** Throws the last failure while the provider is to be left alone; `Retry-After` says for how long. */
export function requireNoPause(vault: Vault, id: ConnectionId): void {
  const pause = vault.memory.pauses.get(id) ?? vault.journal.pauses.get(id);
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
  const pause = { until: vault.clock.now() + lengthMs, failures, failure: failed.toData() };
  vault.memory.pauses.set(row.id, pause);
  if (lengthMs > WORTH_KEEPING_MS) vault.journal.pauses.put(row.id, pause);
  vault.log.warn("refresh failed", { ...described(row, failed), resource, failures, request_id: requestId });
  vault.background(vault.rows.note(row.owner, row.id, { failures, lastFailure: failed.code }));
}

/** Ends a pause: the provider has given what was asked, or the user has connected again. */
export function endPause(vault: Vault, id: ConnectionId): void {
  vault.memory.pauses.delete(id);
  vault.journal.pauses.drop(id);
}

function described(row: Connection, { code, reason, extra }: Failure) {
  return { connection: row.id, provider: row.provider, failure: code, reason, provider_code: extra.provider_code };
}
