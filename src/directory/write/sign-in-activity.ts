/** When users signed in last: three columns of users who are known; it brings nobody. */
import type { Sql } from "../store/sql.ts";
import { allOver, differing, updateRows, type Values } from "./bulk.ts";
import { columnsOf, time, valuesOf } from "./columns.ts";
import { readItems, isObject, Unreadable } from "./item.ts";
import type { PageInput, PageResult } from "./page.ts";

const COLUMNS = columnsOf({
  last_sign_in_at: ["lastSignInDateTime", time],
  last_non_interactive_at: ["lastNonInteractiveSignInDateTime", time],
  last_success_at: ["lastSuccessfulSignInDateTime", time],
});
const NAMES = COLUMNS.map(({ column }) => column);
const NONE: Values = Object.fromEntries(NAMES.map((name) => [name, null]));

/** The activity of one page of users. In a reading of everything no activity is none. */
export function writeSignInActivity(sql: Sql, page: PageInput): PageResult {
  const { read, setAside } = readItems(page.items, (item, id) => {
    const activity = item["signInActivity"] ?? null;
    if (activity !== null && !isObject(activity)) {
      throw new Unreadable("signInActivity is of another type than Microsoft Graph documents.");
    }
    return { id, values: activity ? { ...NONE, ...valuesOf(activity, COLUMNS) } : page.full ? NONE : {} };
  });
  const told = new Map(read.map(({ id, values }) => [id, values]));
  const rows = allOver<Values & { id: string }>(sql, READ, told.keys());
  const updates = rows.flatMap(({ id, ...stored }) => {
    const values: Values = { ...stored, ...told.get(id) };
    const changed = differing(NAMES, stored, values);
    return changed.length > 0 ? [{ values, changed }] : [];
  });
  updateRows(sql, { table: "users", key: "n", columns: NAMES, indexed: new Set() }, updates);
  return { seen: read.length, written: updates.length, staged: 0, setAside };
}

const READ = `SELECT nodes.id, users.n, ${NAMES.join(", ")} FROM json_each(?) AS i
  CROSS JOIN nodes ON nodes.id = i.value CROSS JOIN users ON users.n = nodes.n`;
