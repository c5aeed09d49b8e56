/** Pauses after transient failures: exponential with jitter, or as long as the provider asks. */
import type { Connection } from "../db/connections.ts";
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Vault } from "./vault.ts";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 5 * 60_000;

/** Throws the last failure while the provider is to be left alone; `Retry-After` says for how long. */
export function requireNoPause(vault: Vault, id: ConnectionId): void {
  const pause = vault.memory.pauses.get(id);
  const leftMs = (pause?.until ?? 0) - vault.clock.now();
  if (pause && leftMs > 0) throw new Failure({ ...pause.failure, retryAfterS: Math.ceil(leftMs / 1000) });
}

/** Begins or lengthens a pause, and notes the failure on the row, in the background. */
export function pauseAfter(vault: Vault, row: Connection, failed: Failure): void {
  const failures = (vault.memory.pauses.get(row.id)?.failures ?? 0) + 1;
  const backoffMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)) * (0.5 + vault.random());
  // A Retry-After that came from us (after a timeout, say) must not outweigh the backoff's own beginning.
  const askedMs = failed.code === "provider_throttled" ? (failed.retryAfterS ?? 0) * 1000 : 0;
  const until = vault.clock.now() + Math.max(backoffMs, askedMs);
  vault.memory.pauses.set(row.id, { until, failures, failure: failed.toData() });
  vault.log.warn("refresh failed", {
    owner: vault.owner,
    connection: row.id,
    failure: failed.code,
    reason: failed.reason,
    provider_code: failed.extra.provider_code,
    failures,
  });
  vault.background(vault.rows.note(row.owner, row.id, { failures, lastFailure: failed.code }));
}
