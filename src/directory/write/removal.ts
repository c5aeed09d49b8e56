/** Removals: staged while a round is read, let through or held by the deletion gate at its end, then applied. */
import { forgetMarks, visitUnmarked } from "../store/marks.ts";
import type { Sql } from "../store/sql.ts";
import { type Removal, REMOVERS } from "./apply.ts";
import type { Removable } from "./page.ts";

/** The least number, and the least share, of a kind whose removal somebody should look at first; both are exceeded. */
const GATE = { rows: 50, share: 0.2 } as const;

interface Live {
  readonly table: string;
  readonly key: "n" | "e";
  /** What makes a row one that is there. */
  readonly where: string;
  /** What further makes it one whose absence from a reading says that it is gone. */
  readonly unless?: string;
}

const isGone = (table: string, n: string) =>
  `EXISTS (SELECT 1 FROM ${table} AS o WHERE o.n = ${n} AND o.gone_at IS NOT NULL)
   OR EXISTS (SELECT 1 FROM staged AS o WHERE o.kind = '${table}' AND o.n = ${n})`;

const LIVE: Readonly<Record<Removable, Live>> = {
  users: { table: "users", key: "n", where: "gone_at IS NULL" },
  groups: { table: "groups", key: "n", where: "gone_at IS NULL" },
  devices: { table: "devices", key: "n", where: "gone_at IS NULL AND entra_id IS NOT NULL" },
  managed_devices: { table: "devices", key: "n", where: "gone_at IS NULL AND intune_id IS NOT NULL" },
  members: {
    table: "edges",
    key: "e",
    where: "true",
    // Graph does not tell the edges of what is deleted, and they are back when it is restored.
    unless: [
      isGone("groups", "edges.group_n"),
      ...["users", "groups", "devices"].map((table) => isGone(table, "edges.member_n")),
    ].join(" OR "),
  },
};

/**
 * At the end of a full reading: stages what is there and was not seen. Edges of what is gone, or is about to be, are left
 * alone. Gives how many are staged now, for whatever reason.
 */
export function stageUnseen(sql: Sql, kind: Removable): number {
  const { table, key, where, unless } = LIVE[kind];
  const last = sql.first<{ last: number | null }>(`SELECT max(${key}) AS last FROM ${table}`)?.last ?? 0;
  const statement = `INSERT INTO staged (kind, n, reason)
    SELECT '${kind}', ${key}, 'unseen' FROM ${table}
    WHERE ${key} IN (SELECT value FROM json_each(?)) AND ${where} ${unless ? `AND NOT (${unless})` : ""}
    ON CONFLICT (kind, n) DO NOTHING`;
  visitUnmarked(sql, kind, { last, visit: (numbers) => sql.run(statement, JSON.stringify(numbers)) });
  return stagedCount(sql, kind);
}

/** How many rows or edges are staged. */
export function stagedCount(sql: Sql, kind: Removable): number {
  return sql.first<{ count: number }>("SELECT count(*) AS count FROM staged WHERE kind = ?", kind)?.count ?? 0;
}

/** How many are there, the staged ones among them; edges with those of what is gone and may return. */
export function liveCount(sql: Sql, kind: Removable): number {
  const { table, where } = LIVE[kind];
  return sql.first<{ count: number }>(`SELECT count(*) AS count FROM ${table} WHERE ${where}`)?.count ?? 0;
}

/** True where so much would be removed that somebody should look first: more than a fifth, and more than 50. */
export function exceedsGate(staged: number, live: number): boolean {
  return staged > GATE.rows && staged > live * GATE.share;
}

/**
 * Removes a part of what is staged: rows are gone from then on, what is gone for good loses its links, edges are deleted.
 * `removed`: how many of the kind; `left` is true where there is more, to be removed in the next transaction.
 */
export function applyStaged(sql: Sql, kind: Removable, removal: Removal): { removed: number; left: boolean } {
  const removed = REMOVERS[kind](sql, removal);
  return { removed, left: stagedCount(sql, kind) > 0 };
}

/** Forgets what is staged: nothing of it is removed. */
export function dropStaged(sql: Sql, kind: Removable): void {
  sql.run("DELETE FROM staged WHERE kind = ?", kind);
}

/** Forgets what a full reading has seen: before one, and after it. */
export function clearMarks(sql: Sql, kind: Removable): void {
  forgetMarks(sql, kind);
}

export { purge } from "./purge.ts";
