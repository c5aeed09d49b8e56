/**
 * Proves an owner's chain: that no record was changed, removed, added or moved since it was written. D1 alone could be
 * rewritten as a whole, so the last hash is compared with the one in the keeper's own storage; what retention removed
 * from the beginning is stood for by its anchor.
 */
import type { AuditAnchor, AuditRow, AuditRows } from "../db/audit.ts";
import { type ChainHead, type ChainOf, hashOf, NO_RECORDS } from "./chain.ts";

/** Why a chain does not hold. */
export type ChainFault =
  /** The row is not what its hash was made of. */
  | "changed"
  /** A row in the middle is not there. */
  | "missing"
  /** The row is sound in itself, but follows another than the one before it. */
  | "unlinked"
  /** The keeper has written more rows than are there. */
  | "truncated"
  /** The rows are a sound chain, but not the one that the keeper wrote. */
  | "rewritten"
  /** There are rows that the keeper has not written. */
  | "added";

/** How far a chain has been checked: the last link that holds. */
export interface ChainProgress extends ChainHead {
  /** The first `seq` that was checked. */
  readonly from: number;
  readonly records: number;
}

/** What a check found. `next`: there is more, and the check goes on there. */
export interface ChainCheck {
  readonly progress: ChainProgress;
  readonly anchored: boolean;
  readonly broken?: ChainBreak;
  readonly next?: ChainProgress;
}

/** Where a chain does not hold. */
export interface ChainBreak {
  readonly seq: number;
  readonly fault: ChainFault;
}

/** Progress, and where it ended early. */
export interface RowsCheck {
  readonly progress: ChainProgress;
  readonly broken?: ChainBreak;
}

/** What {@link verifyChain} works with. `head`: asks the keeper, which has brought D1 up to date by then. */
export interface ChainPorts extends ChainOf {
  readonly rows: Pick<AuditRows, "chain" | "anchor" | "lastSeq">;
  readonly head: () => Promise<ChainHead>;
}

const PAGE = 1_000;
/** Records per call; about half a second of hashing. */
const MOST_RECORDS = 20_000;

/** Checks up to 20,000 records, from the beginning or from where another call ended. Fails as D1 does. */
export async function verifyChain(
  ports: ChainPorts,
  { after, most = MOST_RECORDS }: { readonly after?: ChainProgress | undefined; readonly most?: number } = {},
): Promise<ChainCheck> {
  const { rows, owner } = ports;
  // Before the keeper is asked: rows that come later are more than this, and no fault.
  const stored = await rows.lastSeq(owner);
  const head = await ports.head();
  const anchor = await rows.anchor(owner);
  let progress = beginning(anchor, after);
  const anchored = anchor !== undefined;
  if (Math.max(stored, anchor?.seq ?? 0) > head.seq)
    return { progress, anchored, broken: { seq: head.seq + 1, fault: "added" } };
  const enough = progress.records + most;
  while (progress.seq < head.seq) {
    if (progress.records >= enough) return { progress, anchored, next: progress };
    const page = await rows.chain(owner, {
      after: progress.seq,
      to: head.seq,
      limit: Math.min(PAGE, enough - progress.records),
    });
    const checked = await checkRows(ports, progress, page);
    const broken =
      checked.broken ?? (page.length === 0 ? { seq: progress.seq + 1, fault: "truncated" as const } : undefined);
    if (broken === undefined) {
      progress = checked.progress;
      continue;
    }
    // Retention may have shortened the chain while it was read.
    const moved = await rows.anchor(owner);
    if (!moved || moved.seq <= checked.progress.seq) return { progress: checked.progress, anchored, broken };
    progress = beginning(moved, checked.progress);
  }
  return progress.hash === head.hash
    ? { progress, anchored }
    : { progress, anchored, broken: { seq: head.seq, fault: "rewritten" } };
}

/** Checks rows that are to follow `progress`. No I/O. */
export async function checkRows(
  chain: ChainOf,
  progress: ChainProgress,
  rows: readonly AuditRow[],
): Promise<RowsCheck> {
  let at = progress;
  for (const row of rows) {
    const seq = at.seq + 1;
    if (row.seq !== seq) return { progress: at, broken: { seq, fault: "missing" } };
    const hash = await hashOf(chain, row);
    if (hash !== row.hash) return { progress: at, broken: { seq, fault: "changed" } };
    if (row.prevHash !== at.hash) return { progress: at, broken: { seq, fault: "unlinked" } };
    at = { ...at, seq, hash, records: at.records + 1 };
  }
  return { progress: at };
}

/** Where a check begins: behind what was checked already, or behind the anchor where that is further. */
function beginning(anchor: AuditAnchor | undefined, after: ChainProgress | undefined): ChainProgress {
  const first = anchor ?? NO_RECORDS;
  if (after === undefined) return { from: first.seq + 1, seq: first.seq, hash: first.hash, records: 0 };
  return after.seq >= first.seq ? after : { ...after, seq: first.seq, hash: first.hash };
}
