/** Reads and writes of mail accounts. Every statement that names one names its owner too, but for what jobs ask. */
import { and, asc, count, eq, exists, gt, isNotNull, isNull, ne, or, sql } from "drizzle-orm";
import type { ConnectionId, MailAccountId, Owner } from "../lib/ids.ts";
import type { Connection } from "./connections.ts";
import type { Database } from "./database.ts";
import { rowWhere } from "./insert-where.ts";
import type { mailAccounts, Tables } from "./schema.ts";

/** A mail account as it stands in D1: its password sealed, times in ms since the epoch. */
export type MailAccount = Readonly<Omit<typeof mailAccounts.$inferSelect, "id" | "owner" | "connection">> & {
  readonly id: MailAccountId;
  readonly owner: Owner;
  readonly connection: ConnectionId | null;
};

/** An account whose keeper is to be asked. */
export type NamedMailAccount = Pick<MailAccount, "id" | "owner">;

/** What an account is written over. */
export interface MailAccountOver {
  /** The account as it was read; undefined where there was none of that address. */
  readonly before?: MailAccount | undefined;
  /** The grant that it is to use, as it was read. */
  readonly grant?: Connection | undefined;
}

/** The accounts of one system. Every method fails as D1 does; nothing is caught here. */
export interface MailAccountRows {
  /** All of an owner's accounts. */
  listOf(owner: Owner): Promise<MailAccount[]>;
  /** Compare-and-set: writes `row` over `before`, or as the first of its address, where `grant` still is as it was; false, and nothing is written, where anything is not. */
  save(row: MailAccount, over: MailAccountOver): Promise<boolean>;
  /** Removes that account of the owner; false where it was not there. */
  remove(owner: Owner, id: MailAccountId): Promise<boolean>;
  /** Accounts whose password another key than `key` sealed, in the order of their ids, behind `after`. */
  sealedOtherwise(window: { key: string; after: string; limit: number }): Promise<NamedMailAccount[]>;
  /** Sealed passwords by the key that sealed them. */
  sealCounts(): Promise<{ key: string | null; rows: number }[]>;
}

/** Binds the statements to one system's table. */
export function mailAccountRows(db: Database, tables: Tables): MailAccountRows {
  const { mailAccounts: table, connections } = tables;
  // Written from branded values alone.
  const typed = (row: typeof table.$inferSelect) => row as MailAccount;
  const isStored = ({ id, owner, version }: NonNullable<MailAccountOver["grant"]>) =>
    db
      .select({ id: connections.id })
      .from(connections)
      .where(and(eq(connections.id, id), eq(connections.owner, owner), eq(connections.version, version)));
  const one = (owner: Owner, id: MailAccountId) => and(eq(table.id, id), eq(table.owner, owner));
  return {
    async listOf(owner) {
      return (await db.select().from(table).where(eq(table.owner, owner))).map(typed);
    },
    async save(row, { before, grant }) {
      const granted = grant === undefined ? sql`true` : exists(isStored(grant));
      if (before) {
        const current = and(one(row.owner, row.id), eq(table.version, before.version), granted);
        return (await db.update(table).set(row).where(current)).meta.changes > 0;
      }
      return (
        (
          await db
            .insert(table)
            .select(rowWhere(table, row, granted))
            .onConflictDoNothing()
        ).meta.changes > 0
      );
    },
    async remove(owner, id) {
      const { meta } = await db.delete(table).where(one(owner, id));
      return meta.changes > 0;
    },
    async sealedOtherwise({ key, after, limit }) {
      const other = or(isNull(table.sealedWith), ne(table.sealedWith, key));
      const where = and(isNotNull(table.password), other, gt(table.id, after));
      const named = { id: table.id, owner: table.owner };
      const rows = await db.select(named).from(table).where(where).orderBy(asc(table.id)).limit(limit);
      return rows as NamedMailAccount[];
    },
    sealCounts: () =>
      db
        .select({ key: table.sealedWith, rows: count() })
        .from(table)
        .where(isNotNull(table.password))
        .groupBy(table.sealedWith),
  };
}
