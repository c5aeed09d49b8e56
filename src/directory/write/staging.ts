/** What is to be removed at the end of a round, if the deletion gate lets it. */
import type { Sql } from "../store/sql.ts";
import { runOver } from "./bulk.ts";
import type { Removable } from "./page.ts";

/** Why something is to be removed. soft: it may be restored. hard: it never returns. unseen: a full reading lacks it. */
export type Reason = "soft" | "hard" | "unseen";

/** Stages rows (nodes; edges for `members`) that are not staged for that reason yet. */
export function stage(sql: Sql, kind: Removable, rows: readonly (readonly [n: number, reason: Reason])[]): void {
  runOver(
    sql,
    `INSERT INTO staged (kind, n, reason) SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?) WHERE true
     ON CONFLICT (kind, n) DO UPDATE SET reason = excluded.reason`,
    rows.map(([n, reason]) => [kind, n, reason]),
  );
}

/** Takes rows back that were staged. */
export function unstage(sql: Sql, kind: Removable, numbers: readonly number[]): void {
  runOver(sql, `DELETE FROM staged WHERE kind = '${kind}' AND n IN (SELECT value FROM json_each(?))`, numbers);
}
