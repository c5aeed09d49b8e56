/** What the jobs that keep rows in order ask of them, and how far they have come. */
import { and, asc, count, eq, gt, isNotNull, isNull, lte, ne, or } from "drizzle-orm";
import type { ConnectionId, Owner } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import { mailAccountRows } from "./mail-accounts.ts";
import { connections, type Tables } from "./schema.ts";
import { tenantRows } from "./tenants.ts";

/** A connection whose keeper is to be asked. */
export interface Named {
  readonly id: ConnectionId;
  readonly owner: Owner;
}

/** Rows by the key that sealed them; null: nothing is sealed, or it is not known yet. */
export interface SealCount {
  readonly key: string | null;
  readonly rows: number;
}

/** Queries over all owners of one system: for cron and operators alone. */
export interface Upkeep {
  /** Rows that hold something sealed with another key than `key`, in the order of their ids, behind `after`. */
  sealedOtherwise(window: { key: string; after: string; limit: number }): Promise<Named[]>;
  /** Rows whose provider is to be told by now of a disconnect. */
  revocationsDue(now: number, limit: number): Promise<Named[]>;
  /** Live rows that die by `before` whatever is done, and whose application was not told. */
  dying(window: { now: number; before: number; limit: number }): Promise<Named[]>;
  sealCounts(): Promise<SealCount[]>;
  /** How many providers are still to be told of a disconnect. */
  revocationsPending(): Promise<number>;
}

/** Binds the queries to one system's tables. */
export function upkeep(db: Database, tables: Tables): Upkeep {
  const { connections: table } = tables;
  const named = { id: table.id, owner: table.owner };
  // Written from branded values alone.
  const typed = (rows: { id: string; owner: string }[]) => rows as Named[];
  const holdsSecrets = or(isNotNull(table.refreshToken), ne(table.accessTokens, {}), isNotNull(table.revocation));
  return {
    async sealedOtherwise({ key, after, limit }) {
      const other = or(isNull(table.sealedWith), ne(table.sealedWith, key));
      const where = and(other, holdsSecrets, gt(table.id, after));
      return typed(await db.select(named).from(table).where(where).orderBy(asc(table.id)).limit(limit));
    },
    async revocationsDue(now, limit) {
      const due = lte(table.revocationDueAt, now);
      return typed(await db.select(named).from(table).where(due).orderBy(asc(table.revocationDueAt)).limit(limit));
    },
    async dying({ now, before, limit }) {
      const soon = and(gt(table.grantExpiresAt, now), lte(table.grantExpiresAt, before));
      const where = and(eq(table.status, "active"), soon, isNull(table.expiryAnnouncedAt));
      return typed(await db.select(named).from(table).where(where).orderBy(asc(table.grantExpiresAt)).limit(limit));
    },
    async sealCounts() {
      const key = table.sealedWith;
      const own = await db.select({ key, rows: count() }).from(table).where(holdsSecrets).groupBy(key);
      const mail = await mailAccountRows(db, tables).sealCounts();
      // Tenants belong to no system. They are told beside main's, or a key would be taken off that they still need.
      const tenants = table === connections ? await tenantRows(db).sealCounts() : [];
      return together([...own, ...mail, ...tenants]);
    },
    async revocationsPending() {
      const [row] = await db.select({ rows: count() }).from(table).where(isNotNull(table.revocationDueAt));
      return row?.rows ?? 0;
    },
  };
}

function together(counts: readonly SealCount[]): SealCount[] {
  const rows = new Map<string | null, number>();
  for (const one of counts) rows.set(one.key, (rows.get(one.key) ?? 0) + one.rows);
  return [...rows].map(([key, total]) => ({ key, rows: total }));
}
