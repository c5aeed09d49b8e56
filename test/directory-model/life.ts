/**
 * One life of a tenant's object: its storage as that life sees it. A life ends between two statements, in the middle of
 * a transaction, or while its requests are under way; what it still tries to write then is refused, as the platform does.
 */
import { openSql, type Sql } from "../../src/directory/store/sql.ts";

/** How a life ends. evicted: its storage is closed. disconnected: the storage goes on, and nothing may be written to it. */
export type Ending = "evicted" | "disconnected";

/** See the head of this file. */
export interface Life {
  ended: Ending | undefined;
  /** What ends it, or one statement of it: the so-many-th that writes, most often in the middle of a transaction. */
  fuse: { left: number; readonly ends: "life" | "statement" } | undefined;
  /** Statements that wrote although the tenant was disconnected. */
  readonly late: string[];
  readonly sql: Sql;
}

/** What a life is told by, and tells. */
export interface LifePorts {
  readonly storage: Pick<DurableObjectStorage, "sql" | "transactionSync">;
  /** Is told of each statement that wrote, with the rows that are billed for it. */
  readonly wrote: (statement: string, rows: () => number) => void;
  /** The fuse has burned down, and it was to end the life. */
  readonly died: () => void;
}

const WRITES = /^\s*(?:INSERT|UPDATE|DELETE|REPLACE|DROP|CREATE)\b/i;

/** Begins a life. */
export function beginLife(ports: LifePorts): Life {
  const { storage } = ports;
  const exec = <T extends Record<string, SqlStorageValue>>(statement: string, ...params: unknown[]) => {
    if (life.ended === "evicted") throw new Error("this object has been evicted");
    const writes = WRITES.test(statement);
    if (writes && life.ended === "disconnected") life.late.push(statement.slice(0, 80));
    if (writes) burn(life, ports);
    const cursor = storage.sql.exec<T>(statement, ...params);
    if (writes) ports.wrote(statement, () => cursor.rowsWritten);
    return cursor;
  };
  const sql = new Proxy(storage.sql, {
    get: (target, name) => (name === "exec" ? exec : (Reflect.get(target, name, target) as unknown)),
  });
  const transactionSync = <T>(act: () => T): T => {
    if (life.ended === "evicted") throw new Error("this object has been evicted");
    return storage.transactionSync(act);
  };
  const life: Life = { ended: undefined, fuse: undefined, late: [], sql: openSql({ sql, transactionSync }) };
  return life;
}

function burn(life: Life, { died }: LifePorts): void {
  const { fuse } = life;
  if (!fuse) return;
  fuse.left -= 1;
  if (fuse.left > 0) return;
  life.fuse = undefined;
  if (fuse.ends === "statement") throw new Error("SQLITE_IOERR: disk I/O error");
  died();
  throw new Error("this object has been evicted");
}
