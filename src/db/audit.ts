/** The audit trail in D1. Rows of an owner's chain come from that owner's keeper alone, in batches; nothing changes one. */
import { and, desc, eq, getTableColumns, gte, isNotNull, lt, lte, max, type SQL, sql } from "drizzle-orm";
import type { Owner } from "../lib/ids.ts";
import { countEntries } from "./counters.ts";
import type { Database } from "./database.ts";
import type { audit, auditAnchors, Tables } from "./schema.ts";

/** A row of the trail. Those from before the chain have no `seq` and no hashes. `at`: ms since the epoch. */
export type AuditRow = Readonly<typeof audit.$inferSelect>;

/** What is recorded, before it gets its place in the chain. */
export type AuditRecord = Omit<AuditRow, "id" | "seq" | "prevHash" | "hash">;

/** A record in its place: `seq` counts from 1, `prevHash` is the hash of the one before, empty for the first. */
export type AuditEntry = AuditRow & { readonly seq: number; readonly prevHash: string; readonly hash: string };

/** What stands before the first row that is left of a chain. */
export type AuditAnchor = Readonly<typeof auditAnchors.$inferSelect>;

/** A row's place in the order of lists: newest first, and within one millisecond by the chain. */
export interface AuditPlace {
  readonly at: number;
  readonly seq: number;
  readonly id: string;
}

/** Which records; `from` is included and `to` is not, ms. Without `owner`: everybody's, for operators alone. */
export interface AuditFilter {
  readonly owner?: Owner | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly provider?: string | undefined;
  readonly connection?: string | undefined;
  readonly action?: string | undefined;
  readonly outcome?: "ok" | "failed" | undefined;
}

/** The trail of one system. Every method fails as D1 does. */
export interface AuditRows {
  /** Adds entries of one owner's chain and counts them, in one transaction. What is there already changes nothing and is not counted again. */
  append(owner: Owner, entries: readonly AuditEntry[]): Promise<void>;
  /** Newest first, after `after`. */
  list(
    filter: AuditFilter,
    page: { readonly after?: AuditPlace | undefined; readonly limit: number },
  ): Promise<AuditRow[]>;
  /** An owner's chain in its order: those with `after` < seq ≤ `to`. */
  chain(
    owner: Owner,
    range: { readonly after: number; readonly to: number; readonly limit: number },
  ): Promise<AuditRow[]>;
  anchor(owner: Owner): Promise<AuditAnchor | undefined>;
  /** The highest `seq` that is stored; 0 where there is none. */
  lastSeq(owner: Owner): Promise<number>;
}

/** Binds the statements to one system's tables. */
export function auditRows(db: Database, tables: Tables): AuditRows {
  const { audit: table, auditAnchors: anchors } = tables;
  const rank = sql<number>`coalesce(${table.seq}, 0)`;
  return {
    async append(owner, entries) {
      const insert = db.insert(table).select(valuesOf(table, entries)).onConflictDoNothing();
      // Counted first: what the insert adds would look as if it had been there.
      await db.batch([countEntries(db, tables, { owner, entries }), insert]);
    },
    list(filter, { after, limit }) {
      const older =
        after &&
        sql`${table.at} <= ${after.at} and (${table.at}, ${rank}, ${table.id}) < (${after.at}, ${after.seq}, ${after.id})`;
      return db
        .select()
        .from(table)
        .where(and(...conditions(table, filter), older))
        .orderBy(desc(table.at), desc(rank), desc(table.id))
        .limit(limit);
    },
    chain: (owner, { after, to, limit }) =>
      db
        .select()
        .from(table)
        .where(and(eq(table.owner, owner), sql`${table.seq} > ${after}`, lte(table.seq, to)))
        .orderBy(table.seq)
        .limit(limit),
    async anchor(owner) {
      const [anchor] = await db.select().from(anchors).where(eq(anchors.owner, owner));
      return anchor;
    },
    async lastSeq(owner) {
      const last = { seq: max(table.seq) };
      const [found] = await db
        .select(last)
        .from(table)
        .where(and(eq(table.owner, owner), isNotNull(table.seq)));
      return found?.seq ?? 0;
    },
  };
}

function conditions(table: Tables["audit"], filter: AuditFilter): (SQL | undefined)[] {
  const { owner, from, to, provider, connection, action, outcome } = filter;
  return [
    owner === undefined ? undefined : eq(table.owner, owner),
    from === undefined ? undefined : gte(table.at, from),
    to === undefined ? undefined : lt(table.at, to),
    provider === undefined ? undefined : eq(table.provider, provider),
    connection === undefined ? undefined : eq(table.connection, connection),
    action === undefined ? undefined : eq(table.action, action),
    outcome === undefined ? undefined : eq(table.outcome, outcome),
  ];
}

/** All entries as one parameter: D1 takes 100 of them per statement. The detail is a text within it, so that it is stored as it was hashed. */
function valuesOf(table: Tables["audit"], entries: readonly AuditEntry[]): SQL {
  const rows = entries.map((entry) => ({ ...entry, detail: entry.detail && JSON.stringify(entry.detail) }));
  const values = Object.keys(getTableColumns(table)).map((key) => sql.raw(`value->>'${key}'`));
  return sql`select ${sql.join(values, sql`, `)} from json_each(${JSON.stringify(rows)}) where true`;
}
