/** What is left to do in own storage when D1 has what a refresh brought. */
import type { Connection } from "../db/connections.ts";
import type { Failure } from "../lib/errors.ts";
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

/** Records a refresh that failed, of one resource or, without it, of the whole grant. */
export function recordRefused(
  vault: Vault,
  { id, provider }: Connection,
  {
    failure,
    requestId,
    resource,
  }: Pick<AuditEvent, "requestId"> & {
    readonly failure: Failure;
    readonly resource?: string;
  },
): Promise<void> {
  const detail = resource === undefined ? {} : { detail: { resource } };
  const by = { provider, connection: id, actor: "latchkey", requestId };
  return record(vault, { action: "refresh", outcome: "failed", failure, ...by, ...detail });
}
