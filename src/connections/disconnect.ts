/** Disconnect: the grant is forgotten here. What is left of the row says that it was revoked, and is purged later. */
import type { Connection } from "../db/connections.ts";
import { failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { record } from "./audit.ts";
import { endPause } from "./pauses.ts";
import { commitRow, loadRows } from "./rows.ts";
import type { Vault } from "./vault.ts";

/** Forgets a connection's tokens. Fails as `not_found`. A refresh in flight loses against it, and its answer is dropped. */
export async function disconnect(
  vault: Vault,
  input: { readonly id: ConnectionId; readonly actor: string; readonly requestId?: string },
): Promise<Connection> {
  let row = (await loadRows(vault)).get(input.id);
  for (;;) {
    if (!row || row.status === "revoked") throw failure("not_found", "No such connection.");
    const commit = await commitRow(vault, { before: row, next: revoked(row, vault.clock.now()), decided: true });
    if (commit.kind === "stored") {
      forget(vault, commit.row);
      await record(vault, {
        action: "disconnect",
        outcome: "ok",
        provider: row.provider,
        connection: row.id,
        actor: input.actor,
        ...(input.requestId ? { requestId: input.requestId } : {}),
      });
      return commit.row;
    }
    row = commit.current;
  }
}

function revoked(row: Connection, now: number): Connection {
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
