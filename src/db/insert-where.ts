/** Inserting a record where something holds: `INSERT … SELECT … WHERE`. */
import { getTableColumns, type SQL, sql } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";

/** The record as a row of its table's columns, or no row where `when` does not hold. */
export function rowWhere<T extends SQLiteTable>(table: T, record: T["$inferSelect"], when: SQL): SQL {
  const columns = Object.entries(getTableColumns(table));
  const values = columns.map(([key, column]) => sql.param(record[key], column));
  return sql`select ${sql.join(values, sql`, `)} where ${when}`;
}
