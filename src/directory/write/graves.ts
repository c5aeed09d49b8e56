/** Users who are gone for good. */
import type { Sql } from "../store/sql.ts";
import { allOver } from "./bulk.ts";

/** Which of the ids are of users who were deleted for good: nothing is linked to them again, whatever still names them. */
export function graves(sql: Sql, ids: readonly string[]): ReadonlySet<string> {
  const rows = allOver<{ id: string }>(
    sql,
    `SELECT nodes.id FROM json_each(?) AS i CROSS JOIN nodes ON nodes.id = i.value
     CROSS JOIN users ON users.n = nodes.n WHERE users.gone = 'hard'`,
    new Set(ids),
  );
  return new Set(rows.map(({ id }) => id));
}
