/**
 * Shortens what grows for ever: chains of the audit trail from their beginning, and daily counters. What is removed of
 * a chain leaves its last hash behind as an anchor, in the same transaction, so that the rest can still be verified.
 */
import { and, asc, eq, inArray, isNotNull, isNull, lt, type SQL, sql } from "drizzle-orm";
import { EVERYBODY } from "./counters.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

/** Removes what is old, a bounded part at a time. Every method fails as D1 does, and may be repeated. */
export interface Retention {
  /** Chains that hold a record older than `before` (ms), at most `limit`. */
  owners(before: number, limit: number): Promise<string[]>;
  /** Removes from the beginning of a chain what is older than `before`, at most `limit` records; gives how many. */
  shorten(owner: string, before: number, limit: number): Promise<number>;
  /** Removes records from before the chain that are older than `before`; gives how many. */
  purgeUnchained(before: number, limit: number): Promise<number>;
  /** Removes counters of days before `day`: everybody's, and those of the next `owners` owners after `after`. `last` is where to go on; empty: from the beginning. */
  purgeCounters(purge: CounterPurge): Promise<{ readonly removed: number; readonly last: string }>;
}

/** How many of the oldest records are looked at for their owners. */
const OLDEST = 5_000;

/** Binds the statements to one system's tables. */
export function retention(db: Database, tables: Tables): Retention {
  const { audit: table } = tables;
  return {
    async owners(before, limit) {
      const old = db
        .select({ owner: table.owner })
        .from(table)
        .where(and(lt(table.at, before), isNotNull(table.seq)))
        .orderBy(asc(table.at), asc(table.id))
        .limit(OLDEST)
        .as("old");
      const rows = await db.selectDistinct({ owner: old.owner }).from(old).limit(limit);
      return rows.map(({ owner }) => owner);
    },
    shorten: (owner, before, limit) => shorten(db, tables, { owner, before, limit }),
    async purgeUnchained(before, limit) {
      const old = db
        .select({ id: table.id })
        .from(table)
        .where(and(lt(table.at, before), isNull(table.seq)))
        .limit(limit);
      const { meta } = await db.delete(table).where(inArray(table.id, old));
      return meta.changes;
    },
    purgeCounters: (purge) => purgeCounters(db, tables, purge),
  };
}

async function shorten(
  db: Database,
  { audit: table, auditAnchors: anchors }: Tables,
  { owner, before, limit }: { readonly owner: string; readonly before: number; readonly limit: number },
): Promise<number> {
  const first = await db
    .select({ seq: table.seq, at: table.at })
    .from(table)
    .where(and(eq(table.owner, owner), isNotNull(table.seq)))
    .orderBy(asc(table.seq))
    .limit(limit);
  // Clocks are set back: only what has nothing younger before it may go, or the chain would get a hole.
  const young = first.findIndex(({ at }) => at >= before);
  const last = (young === -1 ? first : first.slice(0, young)).at(-1)?.seq;
  if (last === undefined || last === null) return 0;
  const prefix = and(eq(table.owner, owner), sql`${table.seq} <= ${last}`);
  const removed = sql`(select count(*) from ${table} where ${prefix})`;
  const end = sql`select ${table.owner}, ${table.seq}, ${table.hash}, ${table.at}, ${removed} from ${table}
    where ${table.owner} = ${owner} and ${table.seq} = ${last}`;
  const anchor = db
    .insert(anchors)
    .select(end)
    .onConflictDoUpdate({
      target: anchors.owner,
      set: {
        seq: sql`excluded.seq`,
        hash: sql`excluded.hash`,
        at: sql`excluded.at`,
        removed: sql`${anchors.removed} + excluded.removed`,
      },
    });
  // A second run of the same finds no row to make an anchor of, and none to remove.
  const [, gone] = await db.batch([anchor, db.delete(table).where(prefix)]);
  return gone.meta.changes;
}

/** See {@link Retention.purgeCounters}. */
export interface CounterPurge {
  readonly day: string;
  readonly after: string;
  readonly owners: number;
}

async function purgeCounters(
  db: Database,
  { counters }: Tables,
  { day, after, owners }: CounterPurge,
): Promise<{ readonly removed: number; readonly last: string }> {
  // From owner to owner by the key: a day alone has no index, and looking at every row each tick would cost too much.
  const next = (than: SQL) => sql`(select min(${counters.owner}) from ${counters} where ${counters.owner} > ${than})`;
  const walked = await db.all<{ owner: string }>(sql`with recursive walk(owner, n) as (
      select ${next(sql`${after}`)}, 1
      union all select ${next(sql`walk.owner`)}, n + 1 from walk where owner is not null and n < ${owners}
    ) select owner from walk where owner is not null`);
  const names = walked.map(({ owner }) => owner);
  const those = sql`${counters.owner} in (select value from json_each(${JSON.stringify([EVERYBODY, ...names])}))`;
  const { meta } = await db.delete(counters).where(and(those, lt(counters.day, day)));
  return { removed: meta.changes, last: names.length < owners ? "" : (names.at(-1) ?? "") };
}
