/** The parameters of one statement. What a caller sent reaches SQLite through here and no other way. */
import type { Sql, SqlRow, SqlValue } from "../store/sql.ts";

/** Collects the values of a statement while its text is put together. */
export interface Binds {
  /** Takes a value and gives what stands for it in the text, such as `?1`; the same value is taken once. */
  put(value: SqlValue): string;
  /** Runs the statement and gives its rows. Values that its text does not use after all are left out. */
  all<T extends SqlRow>(sql: Sql, statement: string): T[];
  /** The same, of which the first row alone is wanted. */
  first<T extends SqlRow>(sql: Sql, statement: string): T | undefined;
  /** The statement with its values, as one text that no other has. */
  key(statement: string): string;
}

/** A statement's parameters, none yet. */
export function openBinds(): Binds {
  const values: SqlValue[] = [];
  const used = (statement: string) => {
    const given: SqlValue[] = [];
    const places = new Map<string, number>();
    const text = statement.replaceAll(/\?(\d+)/g, (_, number: string) => {
      const place = places.get(number) ?? given.push(values[Number(number) - 1] ?? null);
      places.set(number, place);
      return `?${place}`;
    });
    return { text, given };
  };
  return {
    put(value) {
      const known = values.indexOf(value);
      return `?${known < 0 ? values.push(value) : known + 1}`;
    },
    all(sql, statement) {
      const { text, given } = used(statement);
      return sql.all(text, ...given);
    },
    first(sql, statement) {
      const { text, given } = used(statement);
      return sql.first(text, ...given);
    },
    key(statement) {
      return JSON.stringify(used(statement));
    },
  };
}
