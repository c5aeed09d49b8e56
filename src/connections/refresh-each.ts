/** Refreshes several resources of a connection, one after the other, because they share a refresh token. */
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { refresh } from "./refresh.ts";
import { isHeld } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** What to refresh. */
export interface RefreshEach {
  readonly id: ConnectionId;
  readonly resources: readonly string[];
  readonly requestId?: string | undefined;
}

/** Refreshes each, whatever becomes of the others; what is taken away while it waits for another is left out. Fails as the first that failed. */
export async function refreshEach(vault: Vault, { id, resources, requestId }: RefreshEach): Promise<void> {
  let failed: Failure | undefined;
  for (const [position, resource] of resources.entries()) {
    if (position > 0 && isGone(vault, id, resource)) continue;
    try {
      await refresh(vault, { id, resource, requestId });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed ??= error;
    }
  }
  if (failed) throw failed;
}

function isGone(vault: Vault, id: ConnectionId, resource: string): boolean {
  const row = vault.memory.rows?.get(id);
  return row?.status === "active" && !isHeld(vault.provider(row.provider), resource, row.scopes);
}
