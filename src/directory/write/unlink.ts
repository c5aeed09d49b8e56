/** The links of what is gone for good: memberships of and to it, managers, devices' users. */
import type { Sql } from "../store/sql.ts";
import { runOver } from "./bulk.ts";
import { deleteEdges, type Edge } from "./edge-rows.ts";
import { type Change, record } from "./history.ts";

/** What to unlink. */
export interface Unlinking {
  /** Nodes. */
  readonly numbers: readonly number[];
  /** ms since the epoch. */
  readonly now: number;
  readonly history: boolean;
  /** Most links to remove. */
  readonly limit: number;
}

/** Removes links of the nodes. `removed`: how many; `left` is true where more may be left than the limit let be removed. */
export function unlink(sql: Sql, work: Unlinking): { readonly removed: number; readonly left: boolean } {
  if (work.numbers.length === 0) return { removed: 0, left: false };
  const json = JSON.stringify(work.numbers);
  let room = work.limit;
  room -= unlinkEdges(sql, json, { ...work, limit: room });
  room -= unlinkColumn(sql, { kind: "users", column: "manager_n" }, { ...work, json, limit: room });
  room -= unlinkColumn(sql, { kind: "devices", column: "user_n" }, { ...work, json, limit: room });
  return { removed: work.limit - room, left: room <= 0 };
}

function unlinkEdges(sql: Sql, json: string, { now, history, limit }: Unlinking): number {
  const edges = sql.all<Edge>(
    `SELECT e, group_n, role, member_n FROM edges WHERE group_n IN (SELECT value FROM json_each(?1))
     UNION SELECT e, group_n, role, member_n FROM edges WHERE member_n IN (SELECT value FROM json_each(?1)) LIMIT ?2`,
    json,
    limit,
  );
  deleteEdges(sql, edges, { now, history });
  return edges.length;
}

function unlinkColumn(
  sql: Sql,
  { kind, column }: { readonly kind: "users" | "devices"; readonly column: "manager_n" | "user_n" },
  { json, now, history, limit }: Omit<Unlinking, "numbers"> & { readonly json: string },
): number {
  if (limit <= 0) return 0;
  const rows = sql.all<{ n: number; other: number }>(
    `SELECT n, ${column} AS other FROM ${kind} WHERE ${column} IN (SELECT value FROM json_each(?)) LIMIT ?`,
    json,
    limit,
  );
  runOver(
    sql,
    `UPDATE ${kind} SET ${column} = NULL WHERE n IN (SELECT value FROM json_each(?))`,
    rows.map(({ n }) => n),
  );
  if (history) {
    record(
      sql,
      now,
      rows.map(({ n, other }): Change => ({ kind, n, what: "changed", diff: { [column]: [other, null] } })),
    );
  }
  return rows.length;
}
