/** Many rows in one statement, by `jsonb_each`: some times faster than a statement per row, and free of its limits. With `json_each` SQLite would read a row anew for each of its columns. */
import type { Sql, SqlRow, SqlValue } from "../store/sql.ts";

/** SQLite in an object refuses texts of more than 2 MB, counted in UTF-8: three bytes per character at most. */
const MOST_CHARACTERS = 500_000;

/** The rows as JSON arrays, each of them short enough to be one parameter. */
function batches(rows: Iterable<unknown>): string[] {
  const found: string[] = [];
  let batch: string[] = [];
  let size = 0;
  for (const row of rows) {
    const text = JSON.stringify(row);
    if (size + text.length > MOST_CHARACTERS && batch.length > 0) {
      found.push(`[${batch.join(",")}]`);
      batch = [];
      size = 0;
    }
    batch.push(text);
    size += text.length + 1;
  }
  if (batch.length > 0) found.push(`[${batch.join(",")}]`);
  return found;
}

/** Runs a statement over rows; its last parameter is their JSON. Nothing is run for no rows. */
export function runOver(sql: Sql, statement: string, rows: Iterable<unknown>): void {
  for (const json of batches(rows)) sql.run(statement, json);
}

/** Runs a query over rows and gives all that it finds; its last parameter is their JSON. */
export function allOver<T extends SqlRow>(sql: Sql, query: string, rows: Iterable<unknown>): T[] {
  return batches(rows).flatMap((json) => sql.all<T>(query, json));
}

/** Values by column. */
export type Values = Record<string, SqlValue>;

/** Inserts rows into a table. */
export function insertRows(
  sql: Sql,
  { table, columns }: { readonly table: string; readonly columns: readonly string[] },
  rows: readonly Values[],
): void {
  if (rows.length === 0) return;
  const picked = columns.map((_, at) => `value ->> ${at}`).join(", ");
  runOver(
    sql,
    `INSERT INTO ${table} (${columns.join(", ")}) SELECT ${picked} FROM jsonb_each(?)`,
    rows.map((row) => columns.map((column) => row[column] ?? null)),
  );
}

/** What `updateRows` needs to know of a table. */
export interface UpdatedTable {
  readonly table: string;
  /** Its key. */
  readonly key: string;
  readonly columns: readonly string[];
  /** Those of its columns that an index holds. */
  readonly indexed: ReadonlySet<string>;
}

/** A row to write, with its key among the values. */
export interface Update {
  readonly values: Values;
  /** The columns that differ. */
  readonly changed: readonly string[];
}

/**
 * Updates rows. SQLite rewrites every index of whose columns a statement names one, whether or not its value differs,
 * and each is a row that is billed. So rows are written together by the indexed columns in which they differ.
 */
export function updateRows(sql: Sql, spec: UpdatedTable, updates: readonly Update[]): void {
  const groups = Map.groupBy(updates, ({ changed }) => changed.filter((column) => spec.indexed.has(column)).join());
  for (const [touched, group] of groups) {
    const named = new Set(touched.split(","));
    const columns = spec.columns.filter((column) => !spec.indexed.has(column) || named.has(column));
    const set = columns.map((column, at) => `${column} = v.value ->> ${at + 1}`).join(", ");
    runOver(
      sql,
      `UPDATE ${spec.table} SET ${set} FROM jsonb_each(?) AS v WHERE ${spec.table}.${spec.key} = v.value ->> 0`,
      group.map(({ values }) => [values[spec.key], ...columns.map((column) => values[column] ?? null)]),
    );
  }
}

/** The columns in which two rows differ. */
export function differing(columns: readonly string[], before: Values, after: Values): string[] {
  return columns.filter((column) => (before[column] ?? null) !== (after[column] ?? null));
}
