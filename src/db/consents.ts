/** Consent records: who granted what, and when. They are stored with the row of the grant (companions.ts) and outlive it. */
import { and, desc, eq, gte, lt, sql } from "drizzle-orm";
import type { Owner } from "../lib/ids.ts";
import type { ConsentRecord } from "./companions.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

/** Which consents; `from` is included and `to` is not, ms. Without `owner`: everybody's, for operators alone. */
export interface ConsentFilter {
  readonly owner?: Owner | undefined;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
  readonly provider?: string | undefined;
  readonly connection?: string | undefined;
}

/** A consent's place in the order of lists: newest first. */
export interface ConsentPlace {
  readonly at: number;
  readonly id: string;
}

/** The consents of one system. */
export interface ConsentRows {
  /** Newest first, after `after`. Fails as D1 does. */
  list(
    filter: ConsentFilter,
    page: { readonly after?: ConsentPlace | undefined; readonly limit: number },
  ): Promise<ConsentRecord[]>;
}

/** Binds the statements to one system's table. */
export function consentRows(db: Database, { consents: table }: Tables): ConsentRows {
  return {
    list({ owner, from, to, provider, connection }, { after, limit }) {
      const conditions = [
        owner === undefined ? undefined : eq(table.owner, owner),
        from === undefined ? undefined : gte(table.at, from),
        to === undefined ? undefined : lt(table.at, to),
        provider === undefined ? undefined : eq(table.provider, provider),
        connection === undefined ? undefined : eq(table.connection, connection),
        after && sql`(${table.at}, ${table.id}) < (${after.at}, ${after.id})`,
      ];
      return db
        .select()
        .from(table)
        .where(and(...conditions))
        .orderBy(desc(table.at), desc(table.id))
        .limit(limit);
    },
  };
}
