/** Records as they are answered. */
import type { AuditRow } from "../db/audit.ts";
import type { ConsentRecord } from "../db/companions.ts";
import type { ChainCheck } from "../connections/verify-chain.ts";
import { rfc3339 } from "../lib/clock.ts";

/** A record of the trail. Those from before the chain have no `seq` and no hashes. */
export function shapeRecord(row: AuditRow) {
  return {
    id: row.id,
    at: rfc3339(row.at),
    actor: row.actor,
    owner: row.owner,
    connection: row.connection,
    provider: row.provider === "" ? null : row.provider,
    action: row.action,
    outcome: row.outcome,
    code: row.code,
    provider_code: row.providerCode,
    request_id: row.requestId,
    detail: row.detail,
    seq: row.seq,
    prev_hash: row.prevHash,
    hash: row.hash,
  };
}

/** A consent. */
export function shapeConsent(record: ConsentRecord) {
  return {
    id: record.id,
    at: rfc3339(record.at),
    owner: record.owner,
    connection: record.connection,
    provider: record.provider,
    account: record.account,
    asked: record.asked,
    granted: record.granted,
    network: record.network,
    policy_version: record.policyVersion,
    actor: record.actor,
    request_id: record.requestId,
  };
}

/** What a check of a chain found. `ok` speaks of what was checked so far; the whole chain holds where `next_cursor` is null. */
export function shapeCheck({ progress, anchored, broken }: ChainCheck, nextCursor: string | null) {
  return {
    ok: broken === undefined,
    records: progress.records,
    from_seq: progress.from,
    to_seq: progress.seq,
    anchored,
    ...(broken === undefined ? {} : { broken_at: broken.seq, reason: broken.fault }),
    next_cursor: nextCursor,
  };
}
