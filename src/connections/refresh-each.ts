/** Refreshes several resources of a connection, one after the other, because they share a refresh token. */
import { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { refresh } from "./refresh.ts";
import type { Vault } from "./vault.ts";

/** What to refresh. */
export interface RefreshEach {
  readonly id: ConnectionId;
  readonly resources: readonly string[];
  readonly requestId?: string | undefined;
}

/** Refreshes each, whatever becomes of the others. Fails as the first that failed. */
export async function refreshEach(vault: Vault, { id, resources, requestId }: RefreshEach): Promise<void> {
  let failed: Failure | undefined;
  for (const resource of resources) {
    try {
      await refresh(vault, { id, resource, requestId });
    } catch (error) {
      if (!(error instanceof Failure)) throw error;
      failed ??= error;
    }
  }
  if (failed) throw failed;
}
