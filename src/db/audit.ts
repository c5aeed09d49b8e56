/** The audit trail: who did what to which grant, and how it ended. Append-only. */
import { newAuditId } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import type { audit, Tables } from "./schema.ts";

/** One record, without what this file adds. `at`: ms since the epoch. */
export type AuditRecord = Readonly<Omit<typeof audit.$inferInsert, "id">>;

/** Appends to the trail of one system. */
export interface AuditTrail {
  append(record: AuditRecord): Promise<void>;
}

/** Binds the trail to one system's table. */
export function auditTrail(db: Database, { audit: table }: Tables): AuditTrail {
  return {
    async append(record) {
      await db.insert(table).values({ id: newAuditId(), ...record });
    },
  };
}
