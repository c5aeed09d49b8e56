/** Whole rows of objects by their nodes, as they are or as they were. */
import type { Sql } from "../store/sql.ts";
import { type Past, recordedColumns } from "./past.ts";
import type { ObjectList, Row } from "./question.ts";

/** Which rows, and what of them. */
export interface RowsAsked {
  readonly nodes: readonly number[];
  readonly columns: readonly string[];
  readonly past: Past | undefined;
}

/** The rows of a list by node, with `id`; also of what has gone. Columns that the history does not have are null in the past. */
export function rowsOf(sql: Sql, list: ObjectList, { nodes, columns, past }: RowsAsked): Map<number, Row> {
  if (nodes.length === 0) return new Map();
  const own = [...new Set([...columns, "gone_at"])].filter((column) => column !== "id");
  const names = ["n", "id", ...(past ? ["since"] : []), ...own];
  const values = ["t.n", "nodes.id", ...names.slice(2).map((column) => `t.${column}`)];
  // A row as one text is read in half the time of a row as thirty values.
  const rows = sql.all<{ row: string }>(
    `SELECT json_array(${values.join(", ")}) AS row
     FROM json_each(?) AS j CROSS JOIN ${list} AS t ON t.n = j.value JOIN nodes ON nodes.n = t.n`,
    JSON.stringify(nodes),
  );
  const found = new Map(rows.map(({ row }) => madeOf(names, JSON.parse(row) as Row[string][])));
  return past ? taken(sql, list, { found, nodes, past }) : found;
}

function madeOf(names: readonly string[], values: readonly Row[string][]): [number, Row] {
  const row: Record<string, Row[string]> = {};
  for (const [index, name] of names.entries()) row[name] = values[index] ?? null;
  return [Number(values[0]), row];
}

interface Finding {
  readonly found: ReadonlyMap<number, Row>;
  readonly nodes: readonly number[];
  readonly past: Past;
}

/** Takes back what has changed since, the newest change first. A row that was not there yet is left out. */
function taken(sql: Sql, list: ObjectList, { found, nodes, past }: Finding): Map<number, Row> {
  const recorded = recordedColumns(list);
  const then = new Map<number, Record<string, Row[string]>>();
  for (const [n, row] of found) {
    if (Number(row["since"]) > past.at) continue;
    const known = Object.entries(row).map(([name, value]) => [
      name,
      KEPT.has(name) || recorded.has(name) ? value : null,
    ]);
    then.set(n, Object.fromEntries(known) as Record<string, Row[string]>);
  }
  const changes = sql.all<{ n: number; diff: string }>(
    `SELECT ch.n AS n, ch.diff AS diff FROM json_each(?) AS j CROSS JOIN changes AS ch
     ON ch.n = j.value AND ch.c > ? WHERE ch.kind = ? AND ch.diff IS NOT NULL ORDER BY ch.c DESC`,
    JSON.stringify(nodes),
    past.c,
    list,
  );
  for (const { n, diff } of changes) {
    const row = then.get(n);
    if (!row) continue;
    for (const [column, [before]] of Object.entries(JSON.parse(diff) as Record<string, [Row[string], unknown]>))
      if (Object.hasOwn(row, column)) row[column] = before;
  }
  return then;
}

/** What a row has beside its fields. */
const KEPT: ReadonlySet<string> = new Set(["n", "id", "since", "gone_at"]);
