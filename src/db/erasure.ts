/** Erasing an owner: one batch in code, no cascade. */
import { and, count, eq, isNull, lt, lte, ne, sql } from "drizzle-orm";
import type { Owner } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

/** Removes an owner's rows. */
export interface Erasure {
  /** Removes everything of the owner that nobody is to be told of any more and that was there at `since`, ms. Gives how many rows are left of it. */
  erase(owner: Owner, since: number): Promise<number>;
}

/** Binds the statements to one system's tables. */
export function erasure(db: Database, tables: Tables): Erasure {
  const { connections, consents, events, counters, mailAccounts } = tables;
  const gone = eq(connections.status, "revoked");
  return {
    async erase(owner, since) {
      const [, , , , , , rows, pending] = await db.batch([
        db.delete(connections).where(and(eq(connections.owner, owner), gone, isNull(connections.revocation))),
        db
          .delete(events)
          .where(and(eq(events.owner, owner), lte(events.at, since + GRACE_MS), ne(events.state, "pending"))),
        db.delete(consents).where(and(eq(consents.owner, owner), lte(consents.at, since))),
        db.delete(mailAccounts).where(and(eq(mailAccounts.owner, owner), lte(mailAccounts.chosenAt, since))),
        // What was chosen since is a later sign-in's; what its owner wrote before goes.
        db
          .update(mailAccounts)
          .set({ username: null, imap: null, smtp: null, password: null, sealedWith: null, createdAt: since })
          .where(and(eq(mailAccounts.owner, owner), lt(mailAccounts.createdAt, since))),
        db
          .delete(counters)
          .where(and(eq(counters.owner, owner), lte(counters.day, sql`date(${since / 1000}, 'unixepoch')`))),
        db
          .select({ left: count() })
          .from(connections)
          .where(and(eq(connections.owner, owner), gone)),
        db
          .select({ left: count() })
          .from(events)
          .where(and(eq(events.owner, owner), lte(events.at, since + GRACE_MS))),
      ]);
      return (rows[0]?.left ?? 0) + (pending[0]?.left ?? 0);
    },
  };
}

/** The events of the erasure itself come a little after its beginning, ms. */
const GRACE_MS = 5 * 60_000;
