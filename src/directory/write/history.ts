/** The change log: what became different of an object in one page. Kept 90 days. */
import type { Sql } from "../store/sql.ts";
import { runOver, type Values } from "./bulk.ts";

/** One record. The kinds `members` and `owners` are of the group `n`. */
export interface Change {
  readonly kind: "users" | "groups" | "devices" | "members" | "owners";
  readonly n: number;
  readonly what: "added" | "changed" | "removed" | "restored";
  /**
   * By column the value before and after, `gone_at` and `gone` among them where it was removed or restored; for edges
   * `added` and `removed`, lists of nodes; null for what was added.
   */
  readonly diff: Readonly<Record<string, unknown>> | null;
}

/** Writes records, in one statement. */
export function record(sql: Sql, now: number, changes: readonly Change[]): void {
  runOver(
    sql,
    "INSERT INTO changes (at, kind, n, what, diff) SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4 FROM jsonb_each(?)",
    changes.map(({ kind, n, what, diff }) => [now, kind, n, what, diff && JSON.stringify(diff)]),
  );
}

/** The diff of the columns that are told, or null where none of them differs. */
export function diffOf(columns: readonly string[], before: Values, after: Values): Change["diff"] {
  if (columns.length === 0) return null;
  return Object.fromEntries(columns.map((column) => [column, [before[column] ?? null, after[column] ?? null]]));
}
