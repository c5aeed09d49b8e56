/** Writes the audit trail. A record that cannot be written is logged; it never fails what it speaks of. */
import type { AuditRecord } from "../db/audit.ts";
import type { AuditDetail } from "../db/schema-records.ts";
import { type FailureData, failure } from "../lib/errors.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import type { ChainHead } from "./chain.ts";
import type { Vault } from "./vault.ts";

/** Everything that is recorded. A sign-in that the provider or this house refused is a `connect` that failed, or a `refuse` where nobody's sign-in it was. */
export const AUDIT_ACTIONS = [
  "start",
  "connect",
  "refuse",
  "consent",
  "refresh",
  "token_release",
  "proxy",
  "sync",
  "disconnect",
  "revoke",
  "erase",
  "policy_denial",
  "key_rotation",
  "job",
  "operator_read",
  "mail_account",
  "mail_verify",
  "tenant_setup",
  "tenant_sync",
  "tenant_approve",
  "tenant_cancel",
  "tenant_schedule",
  "tenant_disconnect",
  "tenant_export",
] as const;

/** One of {@link AUDIT_ACTIONS}. */
export type AuditAction = (typeof AUDIT_ACTIONS)[number];

/** What happened. Plain data, apart from a Failure thrown here, so that it can come by RPC. */
export interface AuditEvent {
  readonly action: AuditAction;
  readonly outcome: "ok" | "failed";
  /** Absent where it is of no provider: a job, an operator's reading. */
  readonly provider?: ProviderId;
  readonly connection?: ConnectionId;
  readonly failure?: Pick<FailureData, "code" | "extra"> & { readonly reason?: string | undefined };
  /** The caller's subject, or `latchkey` for what happens by itself. */
  readonly actor: string;
  readonly requestId?: string | undefined;
  /** What the action adds. Nothing secret, nothing of a body. */
  readonly detail?: AuditDetail;
  /** How long the provider took, ms: what the latencies of the analytics are made of. */
  readonly tookMs?: number;
  /** How many of its kind this record stands for, where only a sample is recorded. */
  readonly weight?: number;
}

const MAX_DETAIL_CHARACTERS = 4_096;

/** Appends an event to the trail, and says it in the log. Not between a provider's answer and the write of its row: this touches own storage. */
export async function record(vault: Vault, event: AuditEvent): Promise<void> {
  const { action, outcome, provider, connection, failure: failed, actor } = event;
  const line = {
    owner: vault.owner,
    actor,
    provider,
    connection,
    outcome,
    failure: failed?.code,
    reason: failed?.reason ?? failed?.extra?.reason,
    provider_code: failed?.extra?.provider_code,
    request_id: event.requestId,
  };
  // A job has said it by then, with its name and its counts.
  if (action !== "job") vault.log[outcome === "ok" ? "info" : "warn"](action, line);
  try {
    await vault.audit.append(recordOf(vault, event));
  } catch (cause) {
    vault.log.error("audit record not written", { action, connection, cause });
  }
}

/** Brings D1's copy of the trail up to date and gives its head. Fails as `internal` where D1 cannot be written. */
export async function flushTrail(vault: Vault): Promise<ChainHead> {
  try {
    return await vault.audit.flush();
  } catch (cause) {
    throw failure("internal", "The audit trail cannot be brought up to date now.", {
      reason: "D1 cannot be written",
      retryAfterS: 5,
      cause,
    });
  }
}

function recordOf({ owner, clock }: Vault, event: AuditEvent): AuditRecord {
  const { action, outcome, provider, connection, failure: failed, actor, requestId } = event;
  return {
    at: clock.now(),
    actor,
    owner,
    connection: connection ?? null,
    provider: provider ?? "",
    action,
    outcome,
    code: failed?.code ?? null,
    providerCode: failed?.extra?.provider_code ?? null,
    requestId: requestId ?? null,
    detail: detailOf(event),
  };
}

function detailOf({ detail, tookMs, weight }: AuditEvent): AuditDetail | null {
  const measured = {
    ...(tookMs === undefined ? {} : { took_ms: Math.round(tookMs) }),
    ...(weight === undefined || weight === 1 ? {} : { weight: Math.round(weight) }),
  };
  const fits = detail === undefined || JSON.stringify(detail).length <= MAX_DETAIL_CHARACTERS;
  const whole = { ...(fits ? detail : { left_out: "the detail was too long" }), ...measured };
  return Object.keys(whole).length === 0 ? null : whole;
}
