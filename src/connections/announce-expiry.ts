/** Tells the application once that a grant is about to die whatever Latchkey does. */
import type { ConnectionId } from "../lib/ids.ts";
import { maintainRow } from "./maintain.ts";
import type { Vault } from "./vault.ts";

/** Notes that the coming end was announced; the event goes with the row. */
export async function announceExpiry(vault: Vault, id: ConnectionId): Promise<void> {
  await maintainRow(vault, id, async ({ status, grantExpiresAt, expiryAnnouncedAt }) => {
    const due = status === "active" && grantExpiresAt !== null && expiryAnnouncedAt === null;
    return due ? { expiryAnnouncedAt: vault.clock.now() } : undefined;
  });
}
