/** Reads and writes of connection rows. Every statement that names a connection names its owner too. */
import { and, eq, sql } from "drizzle-orm";
import type { ConnectionId, Owner } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import type { connections, Tables } from "./schema.ts";

/** A connection as it stands in D1: tokens sealed, times in ms since the epoch. */
export type Connection = Readonly<Omit<typeof connections.$inferSelect, "id" | "owner">> & {
  readonly id: ConnectionId;
  readonly owner: Owner;
};

/** The rows of one system. Every method fails as D1 does; nothing is caught here. */
export interface ConnectionRows {
  /** All of an owner's rows, revoked ones included. */
  listOf(owner: Owner): Promise<Connection[]>;
  find(owner: Owner, id: ConnectionId): Promise<Connection | undefined>;
  /** Adds a row; false where that account of that provider is already there. */
  insert(row: Connection): Promise<boolean>;
  /** Compare-and-set: writes `row` where the stored version is `expected`; false where it is not. */
  replace(row: Connection, expected: number): Promise<boolean>;
  /** Notes a use and the failures since the last refresh, without a new version: these are not the grant. */
  note(
    owner: Owner,
    id: ConnectionId,
    seen: { usedAt?: number; failures?: number; lastFailure?: string },
  ): Promise<void>;
}

/** Binds the statements to one system's table. */
export function connectionRows(db: Database, { connections: table }: Tables): ConnectionRows {
  // The table's own types know neither brand; both columns were written from branded values alone.
  const typed = (row: typeof table.$inferSelect) => row as Connection;
  const one = (owner: Owner, id: ConnectionId) => and(eq(table.id, id), eq(table.owner, owner));
  return {
    async listOf(owner) {
      const rows = await db.select().from(table).where(eq(table.owner, owner));
      return rows.map(typed);
    },
    async find(owner, id) {
      const [row] = await db.select().from(table).where(one(owner, id));
      return row && typed(row);
    },
    async insert(row) {
      const { meta } = await db.insert(table).values(row).onConflictDoNothing();
      return meta.changes === 1;
    },
    async replace(row, expected) {
      const { lastUsedAt: _written, ...rest } = row;
      const { meta } = await db
        .update(table)
        .set(rest)
        .where(and(one(row.owner, row.id), eq(table.version, expected)));
      return meta.changes === 1;
    },
    async note(owner, id, { usedAt, failures, lastFailure }) {
      await db
        .update(table)
        .set({
          ...(usedAt === undefined ? {} : { lastUsedAt: sql`max(coalesce(${table.lastUsedAt}, 0), ${usedAt})` }),
          ...(failures === undefined ? {} : { refreshFailures: failures }),
          ...(lastFailure === undefined ? {} : { lastFailure }),
        })
        .where(one(owner, id));
    },
  };
}
