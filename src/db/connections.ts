/** Reads and writes of connection rows. Every statement that names a connection names its owner too. */
import { and, eq, exists, inArray, isNotNull, ne, not, or, type SQL, sql } from "drizzle-orm";
import type { ConnectionId, Owner, ProviderId } from "../lib/ids.ts";
import { type Companions, withCompanions } from "./companions.ts";
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
  /** Adds a row with its companions; false, and nothing is written, where that account of that provider is already there. */
  insert(row: Connection, also?: Companions): Promise<boolean>;
  /** Compare-and-set: writes `row` with its companions where the stored version is `expected`; false, and nothing is written, where it is not. */
  replace(row: Connection, expected: number, also?: Companions): Promise<boolean>;
  /** True where another live row of the same account at one of these providers holds a token, whoever's. */
  hasOther(row: Connection, providers: readonly ProviderId[]): Promise<boolean>;
  /** Notes a use and the failures since the last refresh, without a new version: these are not the grant. With a generation, only where it still is the stored one. */
  note(
    owner: Owner,
    id: ConnectionId,
    seen: { usedAt?: number; failures?: number; lastFailure?: string; generation?: number },
  ): Promise<void>;
}

/** Binds the statements to one system's table. */
export function connectionRows(db: Database, tables: Tables): ConnectionRows {
  const { connections: table } = tables;
  // The table's own types know neither brand; both columns were written from branded values alone.
  const typed = (row: typeof table.$inferSelect) => row as Connection;
  const one = (owner: Owner, id: ConnectionId) => and(eq(table.id, id), eq(table.owner, owner));
  const write = withCompanions(db, tables);
  const stored = (which: SQL | undefined) => exists(db.select({ id: table.id }).from(table).where(which));
  return {
    async listOf(owner) {
      const rows = await db.select().from(table).where(eq(table.owner, owner));
      return rows.map(typed);
    },
    async find(owner, id) {
      const [row] = await db.select().from(table).where(one(owner, id));
      return row && typed(row);
    },
    insert(row, also) {
      const same = [eq(table.owner, row.owner), eq(table.provider, row.provider), eq(table.account, row.account)];
      const there = stored(or(eq(table.id, row.id), and(...same)));
      return write(db.insert(table).values(row).onConflictDoNothing(), { also, when: not(there) });
    },
    replace(row, expected, also) {
      const { lastUsedAt: _written, ...rest } = row;
      const current = and(one(row.owner, row.id), eq(table.version, expected));
      return write(db.update(table).set(rest).where(current), { also, when: stored(current) });
    },
    async hasOther({ id, account }, providers) {
      const same = and(eq(table.account, account), inArray(table.provider, [...providers]));
      // One that holds nothing any more cannot die of it, and could not take the grant back later.
      const holds = or(isNotNull(table.refreshToken), ne(table.accessTokens, {}));
      const others = and(same, ne(table.id, id), ne(table.status, "revoked"), holds);
      return (await db.select({ id: table.id }).from(table).where(others).limit(1)).length > 0;
    },
    async note(owner, id, { usedAt, failures, lastFailure, generation }) {
      await db
        .update(table)
        .set({
          ...(usedAt === undefined ? {} : { lastUsedAt: sql`max(coalesce(${table.lastUsedAt}, 0), ${usedAt})` }),
          ...(failures === undefined ? {} : { refreshFailures: failures }),
          ...(lastFailure === undefined ? {} : { lastFailure }),
        })
        .where(and(one(owner, id), generation === undefined ? undefined : eq(table.generation, generation)));
    },
  };
}
