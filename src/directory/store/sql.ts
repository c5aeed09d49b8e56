/** The SQLite of one tenant's object, as this folder uses it. */

/** A value that SQLite stores. Booleans are 0 and 1, times are ms since the epoch. */
export type SqlValue = string | number | null | ArrayBuffer;

/** A row as it was read. */
export type SqlRow = Record<string, SqlValue>;

/** The database of a directory. Synchronous: nothing else runs between two statements of one turn. */
export interface Sql {
  /** Runs one statement and gives all its rows. */
  all<T extends SqlRow>(statement: string, ...params: readonly SqlValue[]): T[];
  /** Runs one statement and gives its first row, if it has one. */
  first<T extends SqlRow>(statement: string, ...params: readonly SqlValue[]): T | undefined;
  /** Runs one statement that gives nothing back. */
  run(statement: string, ...params: readonly SqlValue[]): void;
  /** Everything that `act` writes is kept, or nothing where it throws. Not to be nested. */
  transaction<T>(act: () => T): T;
  /** Size of the database, bytes. */
  size(): number;
}

/** A Durable Object's storage as a database. */
export function openSql(storage: Pick<DurableObjectStorage, "sql" | "transactionSync">): Sql {
  const exec = <T extends SqlRow>(statement: string, params: readonly SqlValue[]) =>
    storage.sql.exec<T>(statement, ...params);
  return {
    all: <T extends SqlRow>(statement: string, ...params: readonly SqlValue[]) => exec<T>(statement, params).toArray(),
    first: <T extends SqlRow>(statement: string, ...params: readonly SqlValue[]) =>
      exec<T>(statement, params).toArray()[0],
    run: (statement, ...params) => void exec(statement, params).toArray(),
    transaction: (act) => storage.transactionSync(act),
    size: () => storage.sql.databaseSize,
  };
}
