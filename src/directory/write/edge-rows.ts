/** Edges as they are stored and recorded: from a group to a member or an owner. */
import { EDGE_ROLES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { runOver } from "./bulk.ts";
import { type Change, record } from "./history.ts";
import { unstage } from "./staging.ts";

/** An edge. */
export interface Edge extends Record<string, number> {
  e: number;
  group_n: number;
  /** One of EDGE_ROLES. */
  role: number;
  member_n: number;
}

/** Nodes in one record of the history: a record is one row, and a row has a most of 2 MB. */
const MOST_IN_RECORD = 20_000;

/**
 * Deletes edges for good. With a history they are kept among those that have ended, and a record per group names them.
 * What was staged of them is not any more: numbers are used again.
 */
export function deleteEdges(
  sql: Sql,
  edges: readonly Edge[],
  { now, history }: { readonly now: number; readonly history: boolean },
): void {
  const numbers = edges.map(({ e }) => e);
  if (history) keepEnded(sql, now, numbers);
  runOver(sql, "DELETE FROM edges WHERE e IN (SELECT value FROM json_each(?))", numbers);
  unstage(sql, "members", numbers);
  if (history) recordEdges(sql, now, { added: [], removed: edges });
}

function keepEnded(sql: Sql, now: number, numbers: readonly number[]): void {
  runOver(
    sql,
    `INSERT INTO ended_edges (group_n, role, member_n, since, until)
     SELECT e.group_n, e.role, e.member_n, e.since, ${now} FROM json_each(?) AS j CROSS JOIN edges AS e ON e.e = j.value`,
    numbers,
  );
}

/** Records what became of groups' edges: per group and role one record. */
export function recordEdges(
  sql: Sql,
  now: number,
  { added, removed }: { readonly added: readonly Edge[]; readonly removed: readonly Edge[] },
): void {
  record(sql, now, [...recordsOf(added, "added"), ...recordsOf(removed, "removed")]);
}

function recordsOf(edges: readonly Edge[], word: "added" | "removed"): Change[] {
  const groups = Map.groupBy(edges, ({ group_n, role }) => `${role} ${group_n}`);
  return [...groups.values()].flatMap((group) => pieces(group).flatMap((piece) => changeOf(piece, word)));
}

function pieces(edges: readonly Edge[]): Edge[][] {
  const count = Math.ceil(edges.length / MOST_IN_RECORD);
  return Array.from({ length: count }, (_, at) => edges.slice(at * MOST_IN_RECORD, (at + 1) * MOST_IN_RECORD));
}

function changeOf(edges: readonly Edge[], word: "added" | "removed"): Change[] {
  const [first] = edges;
  if (!first) return [];
  const nodes = edges.map(({ member_n }) => member_n);
  return [
    {
      kind: first.role === EDGE_ROLES.owner ? "owners" : "members",
      n: first.group_n,
      what: "changed",
      diff: word === "added" ? { added: nodes, removed: [] } : { added: [], removed: nodes },
    },
  ];
}
