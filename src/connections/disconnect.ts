/**
 * Disconnect: the grant is forgotten here, and the provider is told where it can be. What is left of the row says that it
 * was revoked, and is purged later. That the provider cannot be reached now keeps nothing here: the token waits, sealed,
 * in the same row until it could be revoked.
 */
import type { Connection } from "../db/connections.ts";
import type { PendingRevocation } from "../db/schema.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { record } from "./audit.ts";
import { endPause } from "./pauses.ts";
import { unlinkOf } from "./mail-links.ts";
import { revokePending } from "./revoke.ts";
import { commitRow, loadRows } from "./rows.ts";
import { openAccessToken, openRefreshToken, sealForRevocation } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** Whoever disconnects waits this long for the provider at most, ms. */
const TOLD_WITHIN_MS = 4_000;

/** What is to be forgotten, and who asks. */
export interface DisconnectInput {
  readonly id: ConnectionId;
  readonly actor: string;
  readonly requestId?: string | undefined;
  /** True where the row itself is to go as well. */
  readonly erase?: boolean;
}

/** Forgets a connection's tokens. Fails as `not_found`. A refresh in flight loses against it, and its answer is dropped. */
export async function disconnect(vault: Vault, input: DisconnectInput): Promise<Connection> {
  let row = (await loadRows(vault)).get(input.id);
  for (;;) {
    if (!row || row.status === "revoked") throw failure("not_found", "No such connection.");
    const now = vault.clock.now();
    const next = revoked(row, await revocationOf(vault, row, input.erase ?? false), now);
    const commit = await commitRow(vault, { before: row, next, decided: true, also: { mail: unlinkOf(row, now) } });
    if (commit.kind === "stored") {
      forget(vault, commit.row);
      await record(vault, {
        action: "disconnect",
        outcome: "ok",
        provider: row.provider,
        connection: row.id,
        actor: input.actor,
        requestId: input.requestId,
      });
      await tellProvider(vault, row.id);
      return commit.row;
    }
    row = commit.current;
  }
}

/** A provider that is down holds nobody up: what takes longer goes on alone, and what fails is tried again by the alarm. */
async function tellProvider(vault: Vault, id: ConnectionId): Promise<void> {
  const telling = revokePending(vault, id);
  vault.background(telling);
  const timer = vault.clock.after(TOLD_WITHIN_MS);
  await Promise.race([telling, timer.done]);
  timer.cancel();
}

/** What the provider is to be told; null where it takes no revocations, or there is nothing to revoke. */
async function revocationOf(vault: Vault, row: Connection, erase: boolean): Promise<PendingRevocation | null> {
  try {
    if (!vault.provider(row.provider).revocation) return null;
    const refreshToken = await openRefreshToken(vault, row);
    const token = refreshToken ?? (await openAccessToken(vault, row));
    if (token === undefined) return null;
    const hint = refreshToken === undefined ? "access_token" : "refresh_token";
    return { sealed: await sealForRevocation(vault, row, token), hint, attempts: 0, erase };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    // A key or a provider's variables have gone: forgetting the grant here is what is left to do.
    vault.log.error("grant cannot be revoked at its provider", { connection: row.id, reason: error.reason });
    return null;
  }
}

function revoked(row: Connection, revocation: PendingRevocation | null, now: number): Connection {
  return {
    ...row,
    status: "revoked",
    statusReason: "disconnected",
    statusCode: null,
    statusClaims: null,
    statusMend: null,
    refreshToken: null,
    refreshTokenAt: null,
    accessTokens: {},
    tokenExpiresAt: null,
    grantExpiresAt: null,
    revocation,
    revocationDueAt: revocation === null ? null : now,
    version: row.version + 1,
    updatedAt: now,
  };
}

function forget(vault: Vault, row: Connection): void {
  vault.journal.markers.drop(row.id);
  vault.journal.due.drop(row.id);
  endPause(vault, row.id);
  vault.memory.used.delete(row.id);
  for (const name of vault.memory.grants.keys()) if (name.startsWith(`${row.id}/`)) vault.memory.grants.delete(name);
}
