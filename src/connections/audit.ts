/** Writes the audit trail. A record that cannot be written is logged; it never fails what it speaks of. */
import type { Failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Vault } from "./vault.ts";

/** What happened to a grant. */
export interface AuditEvent {
  readonly action: "connect" | "refresh" | "disconnect";
  readonly outcome: "ok" | "failed";
  readonly provider: ProviderId;
  readonly connection?: ConnectionId;
  readonly failure?: Failure;
  /** The caller's subject, or `latchkey` for what happens by itself. */
  readonly actor: string;
  readonly requestId?: string | undefined;
}

/** Appends an event to the trail, and says it in the log. */
export async function record(vault: Vault, event: AuditEvent): Promise<void> {
  const { action, outcome, connection, failure, actor, requestId } = event;
  const at = vault.clock.now();
  const providerCode = failure?.extra.provider_code ?? null;
  const line = {
    owner: vault.owner,
    connection,
    outcome,
    failure: failure?.code,
    reason: failure?.reason,
    provider_code: providerCode,
    request_id: requestId,
  };
  if (outcome === "ok") vault.log.info(action, line);
  else vault.log.warn(action, line);
  try {
    await vault.audit.append({
      at,
      actor,
      owner: vault.owner,
      connection: connection ?? null,
      provider: event.provider,
      action,
      outcome,
      code: failure?.code ?? null,
      providerCode,
      requestId: requestId ?? null,
    });
  } catch (cause) {
    vault.log.error("audit record not written", { action, connection, cause });
  }
}
