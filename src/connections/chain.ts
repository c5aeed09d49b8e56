/** How the records of an owner are chained: each carries the hash of the one before it. No I/O. No clock. */
import type { AuditEntry, AuditRecord, AuditRow } from "../db/audit.ts";
import { sha256 } from "../lib/digest.ts";
import type { Owner, SystemName } from "../lib/ids.ts";

/** The last link of a chain: how many records it has had, and the hash of the newest. */
export interface ChainHead {
  readonly seq: number;
  readonly hash: string;
}

/** The head of a chain without records. */
export const NO_RECORDS: ChainHead = { seq: 0, hash: "" };

/** Whose chain it is. A record of another system or owner has another hash. */
export interface ChainOf {
  readonly system: SystemName;
  readonly owner: Owner;
}

/** Goes into every hash. Another encoding takes another name, and rows of this one are still checked by it. */
const ENCODING = "latchkey-audit-1";

/**
 * The hash of a row, as it follows from everything else in it: SHA-256 of a JSON array, in which no two different
 * records look alike. Written down in docs/storage.md, so that it can be checked without this code.
 */
export function hashOf({ system, owner }: ChainOf, row: Omit<AuditRow, "hash">): Promise<string> {
  const { seq, prevHash, id, at, actor, connection, provider, action, outcome, code, providerCode, requestId } = row;
  const what = [actor, connection, provider, action, outcome, code, providerCode, requestId];
  const detail = row.detail && Object.entries(row.detail).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sha256(JSON.stringify([ENCODING, system, owner, seq, prevHash, id, at, ...what, detail]));
}

/** The record in its place behind `head`. */
export async function linked(
  chain: ChainOf,
  head: ChainHead,
  { id, ...record }: AuditRecord & { readonly id: string },
): Promise<AuditEntry> {
  const entry = { ...storable(record), id, owner: chain.owner, seq: head.seq + 1, prevHash: head.hash };
  return { ...entry, hash: await hashOf(chain, entry) };
}

/** What comes back from D1 as it went in: a text that is not well-formed Unicode, or that holds a NUL, would not, and the chain would look broken. */
function storable(record: AuditRecord): AuditRecord {
  const clean = (_key: string, value: unknown) =>
    typeof value === "string" ? value.toWellFormed().replaceAll("\0", "\uFFFD") : value;
  // Of the same shape: only characters were replaced, and what JSON does not know was left out.
  return JSON.parse(JSON.stringify(record, clean)) as AuditRecord;
}
