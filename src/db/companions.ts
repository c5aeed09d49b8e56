/**
 * What is stored together with a row or not at all: the events that its change causes, the consent behind it, and which
 * mail account uses it. Each is written in the batch of the row's compare-and-set, on the same condition, so neither exists without the other.
 */
import type { BatchItem } from "drizzle-orm/batch";
import type { SQL } from "drizzle-orm";
import type { SQLiteTable } from "drizzle-orm/sqlite-core";
import type { Database } from "./database.ts";
import { rowWhere } from "./insert-where.ts";
import { type MailChange, mailStatement } from "./mail-links.ts";
import type { consents, events, Tables } from "./schema.ts";

/** An event as it is stored. Times in ms since the epoch. */
export type EventRecord = Readonly<typeof events.$inferSelect>;

/** A consent as it is stored. `at`: ms since the epoch. */
export type ConsentRecord = Readonly<typeof consents.$inferSelect>;

/** Records that belong to one change of a row. Their ids are made once: writing them again changes nothing. */
export interface Companions {
  readonly events?: readonly EventRecord[];
  readonly consents?: readonly ConsentRecord[];
  readonly mail?: readonly MailChange[];
}

/** Both sets of records, the earlier ones first: for writes of one row that wait on each other. */
export function together(earlier: Companions | undefined, later: Companions | undefined): Companions | undefined {
  if (!earlier || !later) return earlier ?? later;
  return {
    events: [...(earlier.events ?? []), ...(later.events ?? [])],
    consents: [...(earlier.consents ?? []), ...(later.consents ?? [])],
    mail: [...(earlier.mail ?? []), ...(later.mail ?? [])],
  };
}

/** The same records for a row that is stored `by` versions later than they were made for. */
export function laterBy(by: number, also: Companions): Companions {
  if (!also.events || by === 0) return also;
  return { ...also, events: also.events.map((event) => ({ ...event, version: event.version + by })) };
}

/** A write of one row, not yet run. */
type RowWrite = BatchItem<"sqlite"> & PromiseLike<D1Result>;

/** Gives a way to run a compare-and-set with what belongs to it. `when`: the condition on which the set happens. True where it did. */
export function withCompanions(db: Database, tables: Tables) {
  return async (write: RowWrite, { also, when }: { also: Companions | undefined; when: SQL }): Promise<boolean> => {
    const insert = inserting(db, when);
    const [first, ...others] = [
      ...(also?.events ?? []).map((event) => insert(tables.events, event)),
      ...(also?.consents ?? []).map((consent) => insert(tables.consents, consent)),
      ...(also?.mail ?? []).map(mailStatement(db, tables, when)),
    ];
    if (first === undefined) return (await write).meta.changes === 1;
    // They go before the write, so that they and it judge the same stored row.
    const results: readonly D1Result[] = await db.batch([first, ...others, write]);
    return results.at(-1)?.meta.changes === 1;
  };
}

function inserting(db: Database, when: SQL) {
  return <T extends SQLiteTable>(table: T, record: T["$inferSelect"]) => {
    // A write whose answer was lost is repeated with what it had brought along.
    return db
      .insert(table)
      .select(rowWhere(table, record, when))
      .onConflictDoNothing();
  };
}
