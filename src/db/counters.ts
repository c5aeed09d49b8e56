/** Daily counters, kept by the same transaction that stores the audit entries that they count. */
import { and, asc, between, eq, sql } from "drizzle-orm";
import { bucketOf } from "../lib/histogram.ts";
import type { Owner } from "../lib/ids.ts";
import type { AuditEntry } from "./audit.ts";
import type { Database } from "./database.ts";
import type { counters, Tables } from "./schema.ts";

/** Whose counters count everybody. */
export const EVERYBODY = "";

/** The action whose counters are a histogram of how long providers took; its code is a bucket's upper bound in ms. */
export const LATENCY = "latency";

/** A counter. */
export type Counter = Readonly<typeof counters.$inferSelect>;

/** One count that an entry causes. */
type Tick = Omit<Counter, "owner"> & { readonly seq: number };

/**
 * The statement that counts entries of one owner, for that owner and for everybody, leaving out those whose row is
 * there already: it goes before their insert in the same batch, so a batch that is repeated counts nothing twice.
 */
export function countEntries(
  db: Database,
  { audit, counters: table }: Tables,
  { owner, entries }: { readonly owner: Owner; readonly entries: readonly AuditEntry[] },
) {
  const part = (name: string) => sql.raw(`t.value->>'${name}'`);
  const columns = ["provider", "action", "outcome", "code"].map(part);
  const counted = sql`select ${part("day")}, o.value, ${sql.join(columns, sql`, `)}, sum(${part("count")})
    from json_each(${JSON.stringify(entries.flatMap(ticksOf))}) t, json_each(${JSON.stringify([owner, EVERYBODY])}) o
    where not exists (select 1 from ${audit} where ${audit.owner} = ${owner} and ${audit.seq} = ${part("seq")})
    group by 1, 2, 3, 4, 5, 6`;
  return db
    .insert(table)
    .select(counted)
    .onConflictDoUpdate({
      target: [table.owner, table.day, table.provider, table.action, table.outcome, table.code],
      set: { count: sql`${table.count} + excluded.count` },
    });
}

function ticksOf({ seq, at, provider, action, outcome, code, detail }: AuditEntry): Tick[] {
  const count = numberIn(detail, "weight") ?? 1;
  const tick = { seq, day: dayOf(at), provider, action, outcome, code: code ?? "", count };
  const tookMs = numberIn(detail, "took_ms");
  if (tookMs === undefined) return [tick];
  return [tick, { ...tick, action: LATENCY, code: String(bucketOf(tookMs)) }];
}

function numberIn(detail: AuditEntry["detail"], name: string): number | undefined {
  const value = detail?.[name];
  return typeof value === "number" ? value : undefined;
}

/** Reads the counters of one system. */
export interface CounterRows {
  /** Of one owner, or of {@link EVERYBODY}, by day; `from` and `to` are days and both included. Fails as D1 does. */
  daily(owner: string, range: CounterRange): Promise<Counter[]>;
}

/** Which counters. */
export interface CounterRange {
  readonly from: string;
  readonly to: string;
  readonly provider?: string | undefined;
}

/** Binds the statement to one system's table. */
export function counterRows(db: Database, { counters: table }: Tables): CounterRows {
  return {
    daily(owner, { from, to, provider }) {
      const mine = and(eq(table.owner, owner), between(table.day, from, to));
      const where = provider === undefined ? mine : and(mine, eq(table.provider, provider));
      return db.select().from(table).where(where).orderBy(asc(table.day), asc(table.provider));
    },
  };
}

/** The day of a moment in UTC, `2026-11-20`. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10);
}
