/**
 * Refresh: one at a time per connection, and everybody waits on the same one.
 *
 * The order matters: (1) a marker in own storage, which the output gate makes durable before the request leaves;
 * (2) the provider; (3) D1; (4) the marker goes. A marker that is found without a newer row means an answer that never
 * arrived: the old refresh token is shown once more, and if the provider refuses it the loss is named as such.
 */
import type { Connection } from "../db/connections.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Marker } from "./journal.ts";
import { requireNoPause } from "./pauses.ts";
import { requireResource } from "./permit.ts";
import { requireActive } from "./reauth.ts";
import { tryRefresh } from "./refresh-attempt.ts";
import { loadRows, rereadRow } from "./rows.ts";
import { ticketOf } from "./tokens.ts";
import { recordRefused } from "./tidy-refresh.ts";
import { enqueue, type Vault } from "./vault.ts";

const POLL_MS = 1_000;
/** After its request has ended, an earlier life may still be writing to D1. Both together are the 30 s that a Durable Object has to shut down. */
const WRITE_MARGIN_MS = 5_000;

/** What to refresh. */
export interface RefreshInput {
  readonly id: ConnectionId;
  readonly resource: string;
  /** Of the first caller that needed it, for the log. */
  readonly requestId?: string | undefined;
}

/** Refreshes one resource of a connection. Gives the row as it then stands. Fails as the provider does, or as `provider_timeout` at the caller's deadline. */
export function refresh(vault: Vault, { id, resource, requestId }: RefreshInput): Promise<Connection> {
  const name = `${id}/${resource}`;
  const known = vault.memory.refreshes.get(name);
  if (known) return known;
  const seen = vault.memory.rows?.get(id)?.accessTokens[resource];
  const seenTicket = seen && ticketOf(seen);
  const work = enqueue(vault.memory.refreshQueue, id, () => perform(vault, { id, resource, requestId, seenTicket }));
  const shared = withDeadline(vault, work);
  vault.memory.refreshes.set(name, shared);
  // The answer is wanted even when every caller has gone: the entry stays until the work itself has ended.
  const ended = work.then(
    () => undefined,
    () => undefined,
  );
  vault.background(ended.then(() => void vault.memory.refreshes.delete(name)));
  return shared;
}

async function withDeadline(vault: Vault, work: Promise<Connection>): Promise<Connection> {
  const timer = vault.clock.after(vault.times.deadlineMs);
  const late = timer.done.then((): never => {
    throw failure("provider_timeout", "The provider did not answer in time.", { retryAfterS: 5 });
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    timer.cancel();
  }
}

interface Job extends RefreshInput {
  /** The token that its askers had seen. */
  readonly seenTicket: string | undefined;
}

async function perform(vault: Vault, job: Job): Promise<Connection> {
  const row = await currentRow(vault, job);
  // It may have been taken away while this stood in the queue.
  requireResource(vault, row, job.resource);
  // What was queued before, or an earlier life, may have brought what is wanted.
  const token = row.accessTokens[job.resource];
  if (token && ticketOf(token) !== job.seenTicket) {
    // The provider was not asked: if the API refuses this one as well, it need not wait to be replaced.
    vault.memory.forced.delete(`${job.id}/${job.resource}`);
    return row;
  }
  requireNoPause(vault, job.id);
  try {
    return await tryRefresh(vault, { row, resource: job.resource, requestId: job.requestId, mayReread: true });
  } catch (error) {
    if (error instanceof Failure && !RECORDED.has(error.code))
      await recordRefused(vault, row, { ...job, failure: error });
    throw error;
  }
}

/** What ends a grant, or part of it, is recorded with the row that says so; that somebody disconnected is no failure. */
const RECORDED = new Set<string>(["reauth_required", "admin_consent_required", "scope_insufficient", "not_connected"]);

/** The row to refresh: past any refresh of an earlier life that may still be under way. */
async function currentRow(vault: Vault, { id }: Job): Promise<Connection> {
  const row = requireActive(vault, (await loadRows(vault)).get(id));
  const marker = vault.journal.markers.get(id);
  if (!marker || marker.ended || marker.life === vault.life) return row;
  return outlive(vault, id, marker);
}

/** An object that was shut down may still be waiting for its answer, and will write it to D1: perhaps after this life read its rows. */
async function outlive(vault: Vault, id: ConnectionId, marker: Marker): Promise<Connection> {
  for (;;) {
    const row = requireActive(vault, await rereadRow(vault, id));
    const leftMs = marker.at + vault.times.requestMs + WRITE_MARGIN_MS - vault.clock.now();
    if (marker.generation < row.generation || leftMs <= 0) return row;
    await vault.clock.after(Math.min(leftMs, POLL_MS)).done;
  }
}
