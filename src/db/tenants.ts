/** Reads and writes of the rows of connected tenants. Only an organisation's own directory writes its row; the schedule writes when it is due. */
import { and, asc, count, eq, gt, inArray, isNotNull, isNull, lte, ne, or, sql } from "drizzle-orm";
import type { Database } from "./database.ts";
import { tenants as table } from "./schema-tenants.ts";

/** A connected tenant as it stands in D1: its credential sealed, times in ms since the epoch. */
export type Tenant = Readonly<typeof table.$inferSelect>;

/** A row whose directory is to be asked. */
export interface NamedTenant {
  readonly id: string;
  readonly org: string;
}

/** The rows. Every method fails as D1 does; nothing is caught here. */
export interface TenantRows {
  /** The organisation's row. */
  find(org: string): Promise<Tenant | undefined>;
  /** Adds a row; false, and nothing is written, where the organisation has one. */
  insert(row: Tenant): Promise<boolean>;
  /** Compare-and-set: writes all of `row` but when it is due where the stored version is `expected`; false, and nothing is written, where it is not. */
  replace(row: Tenant, expected: number): Promise<boolean>;
  /** Removes that row of the organisation, and no other that came after it. */
  remove(row: NamedTenant): Promise<void>;
  /** Takes those that are due by `now`, soonest first, `limit` at most: until `until` nobody else takes them. */
  claimDue(window: { now: number; until: number; limit: number }): Promise<NamedTenant[]>;
  /** Writes when each is due next, in one statement; one that was changed since it was taken is left as it is. */
  setDue(due: readonly { readonly id: string; readonly at: number }[], until: number): Promise<void>;
  /** Makes the organisation's directory due at that time. */
  makeDue(org: string, at: number): Promise<void>;
  /** Rows that were sealed with another key than `key`, in the order of their ids, behind `after`. */
  sealedOtherwise(window: { key: string; after: string; limit: number }): Promise<NamedTenant[]>;
  /** Rows by the key that sealed them. */
  sealCounts(): Promise<{ key: string | null; rows: number }[]>;
}

/** Binds the statements to a database. */
export function tenantRows(db: Database): TenantRows {
  const named = { id: table.id, org: table.org };
  return {
    async find(org) {
      const [row] = await db.select().from(table).where(eq(table.org, org));
      return row;
    },
    async insert(row) {
      const { meta } = await db.insert(table).values(row).onConflictDoNothing();
      return meta.changes > 0;
    },
    async replace({ dueAt: _schedule, ...row }, expected) {
      const current = and(eq(table.id, row.id), eq(table.org, row.org), eq(table.version, expected));
      const { meta } = await db.update(table).set(row).where(current);
      return meta.changes > 0;
    },
    async remove({ id, org }) {
      await db.delete(table).where(and(eq(table.id, id), eq(table.org, org)));
    },
    async claimDue({ now, until, limit }) {
      const due = db.select({ id: table.id }).from(table).where(lte(table.dueAt, now));
      const first = due.orderBy(asc(table.dueAt)).limit(limit);
      return db.update(table).set({ dueAt: until }).where(inArray(table.id, first)).returning(named);
    },
    async setDue(due, until) {
      const given = JSON.stringify(Object.fromEntries(due.map(({ id, at }) => [id, at])));
      // The plus keeps the index on the time out of it: each row is to be found by its id, not among all that were taken.
      const same = sql`${table.id} = given.key and +${table.dueAt} = ${until}`;
      await db.run(sql`update ${table} set due_at = given.value from json_each(${given}) as given where ${same}`);
    },
    async makeDue(org, at) {
      await db.update(table).set({ dueAt: at }).where(eq(table.org, org));
    },
    async sealedOtherwise({ key, after, limit }) {
      const other = or(isNull(table.sealedWith), ne(table.sealedWith, key));
      const where = and(other, isNotNull(table.credential), gt(table.id, after));
      return db.select(named).from(table).where(where).orderBy(asc(table.id)).limit(limit);
    },
    sealCounts: () =>
      db
        .select({ key: table.sealedWith, rows: count() })
        .from(table)
        .where(isNotNull(table.credential))
        .groupBy(table.sealedWith),
  };
}

/** How many tenants are connected, by how their credential stands; `late` are those whose directory should have been woken before `before`, ms. */
export async function countTenants(db: Database, before: number) {
  const late = sql<number>`sum(case when ${table.dueAt} < ${before} then 1 else 0 end)`;
  const by = { status: table.status, code: table.statusCode };
  return db
    .select({ ...by, tenants: count(), late })
    .from(table)
    .groupBy(table.status, table.statusCode);
}
