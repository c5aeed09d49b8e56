/** What the scheduled jobs and the operator's health page ask of the connection rows. */
import { and, asc, between, count, eq, gt, inArray, isNotNull, lt, min, or, sql, sum } from "drizzle-orm";
import type { ConnectionId, Owner, ProviderId } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import type { Tables } from "./schema.ts";

/** A connection that a job wants refreshed. */
export interface DueConnection {
  readonly id: ConnectionId;
  readonly owner: Owner;
  /** When its first access token dies, ms; null where unknown. */
  readonly tokenExpiresAt: number | null;
  readonly generation: number;
}

type Unbranded = Omit<DueConnection, "id" | "owner"> & { readonly id: string; readonly owner: string };

/** Counts of one (provider, status). */
export interface StatusCount {
  readonly provider: string;
  readonly status: string;
  readonly connections: number;
  readonly expiringSoon: number;
  readonly refreshFailures: number;
  /** The longest time that an active grant has gone without a refresh, as its moment, ms. */
  readonly oldestRefresh: number | null;
}

/** Queries over all owners of one system: for cron and operators alone. */
export interface Schedule {
  /** Active, used since `usedAfter`, with a token that is alive now and dies before `expiresBefore`; soonest first. */
  expiring(window: { now: number; usedAfter: number; expiresBefore: number; limit: number }): Promise<DueConnection[]>;
  /** Active, with a refresh token last renewed before `renewedBefore`; those that keep failing last, so that they starve nobody, then longest idle first. */
  idle(window: { renewedBefore: number; provider: ProviderId; limit: number }): Promise<DueConnection[]>;
  /** Active, with a refresh token that a refresh may give a new end: two thirds of its life are over, or it dies before `before`; the soonest to die first. */
  ending(window: { now: number; before: number; provider: ProviderId; limit: number }): Promise<DueConnection[]>;
  /** Removes revoked rows that were last touched before `before`, `limit` at most; gives how many. */
  purgeRevoked(before: number, limit: number): Promise<number>;
  counts(now: number, soonMs: number): Promise<StatusCount[]>;
}

/** Binds the queries to one system's table. */
export function schedule(db: Database, { connections: table }: Tables): Schedule {
  const due = { id: table.id, owner: table.owner, tokenExpiresAt: table.tokenExpiresAt, generation: table.generation };
  const typed = (rows: Unbranded[]) => rows as DueConnection[]; // written branded
  const active = and(eq(table.status, "active"), isNotNull(table.refreshToken));
  return {
    async expiring({ now, usedAfter, expiresBefore, limit }) {
      const soon = and(active, gt(table.lastUsedAt, usedAfter), between(table.tokenExpiresAt, now, expiresBefore));
      return typed(await db.select(due).from(table).where(soon).orderBy(asc(table.tokenExpiresAt)).limit(limit));
    },
    async idle({ renewedBefore, provider, limit }) {
      const idle = and(active, eq(table.provider, provider), lt(table.refreshTokenAt, renewedBefore));
      return typed(
        await db
          .select(due)
          .from(table)
          .where(idle)
          .orderBy(asc(table.refreshFailures), asc(table.refreshTokenAt))
          .limit(limit),
      );
    },
    async ending({ now, before, provider, limit }) {
      const { grantExpiresAt: end, refreshTokenAt: renewed } = table;
      const late = or(lt(end, before), sql`${renewed} + (${end} - ${renewed}) * 2 / 3 < ${now}`);
      const where = and(active, eq(table.provider, provider), gt(end, now), late);
      return typed(await db.select(due).from(table).where(where).orderBy(asc(end)).limit(limit));
    },
    async purgeRevoked(before, limit) {
      const dead = db
        .select({ id: table.id })
        .from(table)
        .where(and(eq(table.status, "revoked"), lt(table.updatedAt, before)))
        .limit(limit);
      const { meta } = await db.delete(table).where(inArray(table.id, dead));
      return meta.changes;
    },
    counts: (now, soonMs) =>
      db
        .select({
          provider: table.provider,
          status: table.status,
          connections: count(),
          expiringSoon: sql<number>`sum(case when ${table.tokenExpiresAt} between ${now} and ${now + soonMs} then 1 else 0 end)`,
          refreshFailures: sql<number>`coalesce(${sum(table.refreshFailures)}, 0)`.mapWith(Number),
          oldestRefresh: min(table.lastRefreshedAt),
        })
        .from(table)
        .groupBy(table.provider, table.status),
  };
}
