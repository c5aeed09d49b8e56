/** Old runs are forgotten with everything that was kept of them. */
import type { Sql } from "../store/sql.ts";

/** Removes runs that ended before `before`, ms, with everything that was kept of them. */
export function forgetRuns(sql: Sql, before: number): void {
  const old = "SELECT r FROM runs WHERE ended_at < ? AND status <> 'held'";
  sql.run(`DELETE FROM tasks WHERE r IN (${old})`, before);
  sql.run(`DELETE FROM set_aside WHERE run IN (SELECT CAST(r AS TEXT) FROM (${old}))`, before);
  sql.run("DELETE FROM runs WHERE ended_at < ? AND status <> 'held'", before);
}
