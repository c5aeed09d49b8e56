/** The members and owners that a page of groups tells. */
import { openMarks } from "../store/marks.ts";
import type { Sql } from "../store/sql.ts";
import { allOver, runOver } from "./bulk.ts";
import { type Edge, recordEdges } from "./edge-rows.ts";
import type { PageInput } from "./page.ts";
import { stage, unstage } from "./staging.ts";

/** The last word of a page about an edge. */
export interface EdgeWord {
  readonly group_n: number;
  readonly role: number;
  readonly member_n: number;
  readonly added: boolean;
}

interface KnownEdge extends Edge {
  /** 1 where its removal is staged. */
  staged: number;
}

/**
 * Writes edges; of several words about one edge the last counts. An edge that is not any more is staged for the end of
 * the round, one that was never there is no news. Gives how many were written.
 */
export function writeEdges(sql: Sql, page: PageInput, words: readonly EdgeWord[]): number {
  const last = new Map(words.map((word) => [keyOf(word), word]));
  if (last.size === 0) return 0;
  const known = new Map(readEdges(sql, last.values()).map((edge) => [keyOf(edge), edge]));
  const added = insertEdges(
    sql,
    page.now,
    [...last].flatMap(([key, word]) => (word.added && !known.has(key) ? [word] : [])),
  );
  const kept: KnownEdge[] = [];
  const ended: KnownEdge[] = [];
  for (const [key, edge] of known) (last.get(key)?.added ? kept : ended).push(edge);
  stage(
    sql,
    "members",
    ended.filter(({ staged }) => staged === 0).map(({ e }) => [e, "hard"]),
  );
  unstage(
    sql,
    "members",
    kept.filter(({ staged }) => staged === 1).map(({ e }) => e),
  );
  if (page.full) mark(sql, [...kept, ...added]);
  if (page.history) recordEdges(sql, page.now, { added, removed: [] });
  return added.length;
}

function keyOf({ group_n, role, member_n }: Omit<EdgeWord, "added">): string {
  return `${group_n} ${role} ${member_n}`;
}

function readEdges(sql: Sql, words: Iterable<EdgeWord>): KnownEdge[] {
  return allOver<KnownEdge>(
    sql,
    `SELECT edges.e, edges.group_n, edges.role, edges.member_n, s.n IS NOT NULL AS staged
     FROM jsonb_each(?) AS i
     CROSS JOIN edges ON edges.group_n = i.value ->> 0 AND edges.role = i.value ->> 1 AND edges.member_n = i.value ->> 2
     LEFT JOIN staged AS s ON s.kind = 'members' AND s.n = edges.e`,
    triples(words),
  );
}

function insertEdges(sql: Sql, now: number, words: readonly EdgeWord[]): Edge[] {
  if (words.length === 0) return [];
  const first = (sql.first<{ last: number | null }>("SELECT max(e) AS last FROM edges")?.last ?? 0) + 1;
  const edges = words.map(({ group_n, role, member_n }, at) => ({ e: first + at, group_n, role, member_n }));
  runOver(
    sql,
    `INSERT INTO edges (e, group_n, role, member_n, since)
     SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?)`,
    edges.map(({ e, group_n, role, member_n }) => [e, group_n, role, member_n, now]),
  );
  return edges;
}

function* triples(words: Iterable<EdgeWord>): Iterable<number[]> {
  for (const { group_n, role, member_n } of words) yield [group_n, role, member_n];
}

function mark(sql: Sql, edges: readonly Edge[]): void {
  const marks = openMarks(sql, "members");
  for (const { e } of edges) marks.put(e, true);
  marks.save();
}
