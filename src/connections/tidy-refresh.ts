/** What is left to do in own storage when D1 has what a refresh brought. */
import type { Connection } from "../db/connections.ts";
import { type AuditEvent, record } from "./audit.ts";
import { othersSettled } from "./exchanges.ts";
import { endPause } from "./pauses.ts";
import type { Vault } from "./vault.ts";

/** What own storage has of a refresh that is over. It may come late: what belongs to a newer one stays. */
export async function tidyRefresh(
  vault: Vault,
  { id, generation, provider }: Connection,
  about: Pick<AuditEvent, "requestId" | "tookMs" | "detail"> & Partial<Pick<AuditEvent, "outcome" | "failure">>,
): Promise<void> {
  await othersSettled(vault, id);
  if (vault.journal.markers.get(id)?.generation === generation) vault.journal.markers.drop(id);
  if (!vault.memory.pauses.has(id)) endPause(vault, id);
  await record(vault, { action: "refresh", outcome: "ok", provider, connection: id, actor: "latchkey", ...about });
}
