/** Takes what is staged out of the copy, a bounded part at a time. */
import type { Sql } from "../store/sql.ts";
import { updateRows } from "./bulk.ts";
import type { Side } from "./device-columns.ts";
import { KIND_OF, openDesk, saveDesk } from "./device-desk.ts";
import { leave } from "./device-joining.ts";
import { deleteEdges, type Edge } from "./edge-rows.ts";
import { record } from "./history.ts";
import type { Removable } from "./page.ts";
import { type Reason, unstage } from "./staging.ts";
import { unlink } from "./unlink.ts";

/** How to remove. */
export interface Removal {
  /** ms since the epoch. */
  readonly now: number;
  readonly history: boolean;
  /** Most rows of the kind, and most links of what is gone for good, in one call. */
  readonly limit: number;
}

type Remover = (sql: Sql, removal: Removal) => number;

/** Removes a part of what is staged of a kind, and gives how many objects or edges were removed. */
export const REMOVERS: Readonly<Record<Removable, Remover>> = {
  users: (sql, removal) => removeObjects(sql, "users", removal),
  groups: (sql, removal) => removeObjects(sql, "groups", removal),
  devices: (sql, removal) => removeSide(sql, "entra", removal),
  managed_devices: (sql, removal) => removeSide(sql, "intune", removal),
  members: removeEdges,
};

function removeObjects(sql: Sql, kind: "users" | "groups", { now, history, limit }: Removal): number {
  const rows = sql.all<{ n: number; reason: Reason; live: number }>(
    `SELECT s.n, s.reason, t.n IS NOT NULL AND t.gone_at IS NULL AS live
     FROM staged AS s LEFT JOIN ${kind} AS t ON t.n = s.n WHERE s.kind = ? ORDER BY s.n LIMIT ?`,
    kind,
    limit,
  );
  const live = rows.filter((row) => row.live === 1);
  updateRows(
    sql,
    { table: kind, key: "n", columns: ["gone_at", "gone"], indexed: new Set() },
    live.map(({ n, reason }) => ({ values: { n, gone_at: now, gone: reason }, changed: ["gone_at"] })),
  );
  if (history) {
    record(
      sql,
      now,
      live.map(({ n, reason }) => ({ kind, n, what: "removed", diff: { gone_at: [null, now], gone: [null, reason] } })),
    );
  }
  const hard = rows.filter(({ reason }) => reason === "hard").map(({ n }) => n);
  // With many links a row stays staged, out of sight, until the last of them is gone.
  const { left } = unlink(sql, { numbers: hard, now, history, limit });
  const done = left ? rows.filter(({ reason }) => reason !== "hard") : rows;
  unstage(
    sql,
    kind,
    done.map(({ n }) => n),
  );
  return live.length;
}

/** A device is in few groups: their edges need no bound of their own. */
const MOST_DEVICE_LINKS = 100_000;

function removeSide(sql: Sql, side: Side, { now, history, limit }: Removal): number {
  const kind = KIND_OF[side];
  const rows = sql.all<{ n: number; reason: Reason }>(
    "SELECT n, reason FROM staged WHERE kind = ? ORDER BY n LIMIT ?",
    kind,
    limit,
  );
  const desk = openDesk(
    sql,
    now,
    rows.map(({ n }) => [n, null, null]),
  );
  for (const { n, reason } of rows) {
    const device = desk.byNode.get(n);
    if (device) leave(desk, device, { side, reason });
  }
  const removed = saveDesk(sql, desk, { nodes: undefined, history });
  // Groups have Entra's object in them. Where its row goes on for Intune's sake, nothing else would hide the links to it;
  // of what may be restored they are kept.
  const out = rows.filter(
    ({ n, reason }) => reason === "hard" || (reason === "unseen" && desk.byNode.get(n)?.goneAt === null),
  );
  if (side === "entra") {
    unlink(sql, { numbers: out.map(({ n }) => n), now, history, limit: MOST_DEVICE_LINKS });
  }
  unstage(
    sql,
    kind,
    rows.map(({ n }) => n),
  );
  return removed;
}

function removeEdges(sql: Sql, { now, history, limit }: Removal): number {
  const edges = sql.all<Edge>(
    `SELECT edges.e, edges.group_n, edges.role, edges.member_n FROM staged AS s CROSS JOIN edges ON edges.e = s.n
     WHERE s.kind = 'members' ORDER BY s.n LIMIT ?`,
    limit,
  );
  if (edges.length === 0) sql.run("DELETE FROM staged WHERE kind = 'members'");
  deleteEdges(sql, edges, { now, history });
  return edges.length;
}
