/** The tables beside the connections: what happened, who consented, what the application is told, how often. */
import { index, integer, primaryKey, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** The audit trail: append-only, each record chained to the one before it of the same owner. */
export function auditTable(prefix: string) {
  return sqliteTable(
    `${prefix}audit`,
    {
      id: text("id").primaryKey(),
      at: integer("at").notNull(),
      actor: text("actor").notNull(),
      owner: text("owner").notNull(),
      connection: text("connection"),
      provider: text("provider").notNull(),
      action: text("action").notNull(),
      outcome: text("outcome", { enum: ["ok", "failed"] }).notNull(),
      code: text("code"),
      providerCode: text("provider_code"),
      requestId: text("request_id"),
      detail: text("detail", { mode: "json" }).$type<AuditDetail>(),
      seq: integer("seq"),
      prevHash: text("prev_hash"),
      hash: text("hash"),
    },
    (table) => [
      index(`${prefix}audit_owner`).on(table.owner, table.at),
      uniqueIndex(`${prefix}audit_chain`).on(table.owner, table.seq),
      index(`${prefix}audit_at`).on(table.at, table.id),
    ],
  );
}

/** What an action adds to its audit record. Nothing secret, nothing of a body. */
export type AuditDetail = Readonly<Record<string, string | number | boolean | readonly string[] | null>>;

/** Where an owner's chain begins after older records have been removed: the last of those. */
export function anchorsTable(prefix: string) {
  return sqliteTable(`${prefix}audit_anchors`, {
    owner: text("owner").primaryKey(),
    seq: integer("seq").notNull(),
    hash: text("hash").notNull(),
    at: integer("at").notNull(),
    removed: integer("removed").notNull(),
  });
}

/** Who granted what, when. Kept after a disconnect. */
export function consentsTable(prefix: string) {
  return sqliteTable(
    `${prefix}consents`,
    {
      id: text("id").primaryKey(),
      at: integer("at").notNull(),
      owner: text("owner").notNull(),
      connection: text("connection").notNull(),
      provider: text("provider").notNull(),
      account: text("account").notNull(),
      asked: text("asked", { mode: "json" }).$type<readonly string[]>().notNull(),
      granted: text("granted", { mode: "json" }).$type<readonly string[]>().notNull(),
      /** The client's network, never its whole address. */
      network: text("network"),
      policyVersion: text("policy_version").notNull(),
      actor: text("actor").notNull(),
      requestId: text("request_id"),
    },
    (table) => [
      index(`${prefix}consents_owner`).on(table.owner, table.at, table.id),
      index(`${prefix}consents_at`).on(table.at, table.id),
    ],
  );
}

/** How far an event has come at one endpoint. `nextAt`: when to try again, ms; null where nothing is left to do. */
export interface EventDelivery {
  readonly state: "pending" | "delivered" | "failed";
  readonly attempts: number;
  readonly nextAt: number | null;
  readonly lastStatus: number | null;
  readonly lastError: string | null;
  /** From when the time for giving up counts, ms, where somebody asked to deliver it again; else from the event. */
  readonly since?: number;
}

/** What the application is told, and how far each endpoint has come. */
export function eventsTable(prefix: string) {
  return sqliteTable(
    `${prefix}events`,
    {
      id: text("id").primaryKey(),
      at: integer("at").notNull(),
      owner: text("owner").notNull(),
      connection: text("connection").notNull(),
      /** The row's version that the event speaks of: the order within a connection. */
      version: integer("version").notNull(),
      type: text("type").notNull(),
      /** The exact bytes that are signed and sent. */
      body: text("body").notNull(),
      state: text("state", { enum: ["pending", "delivered", "failed"] }).notNull(),
      dueAt: integer("due_at"),
      deliveries: text("deliveries", { mode: "json" }).$type<Readonly<Record<string, EventDelivery>>>().notNull(),
    },
    (table) => [
      index(`${prefix}events_owner`).on(table.owner, table.at, table.id),
      index(`${prefix}events_at`).on(table.at, table.id),
      index(`${prefix}events_due`).on(table.state, table.dueAt),
    ],
  );
}

/** Counts per day. `owner` is empty where a row counts everybody; `code` is empty where there is none. */
export function countersTable(prefix: string) {
  return sqliteTable(
    `${prefix}counters`,
    {
      day: text("day").notNull(),
      owner: text("owner").notNull(),
      provider: text("provider").notNull(),
      action: text("action").notNull(),
      outcome: text("outcome").notNull(),
      code: text("code").notNull(),
      count: integer("count").notNull(),
    },
    (table) => [
      primaryKey({
        name: `${prefix}counters_key`,
        columns: [table.owner, table.day, table.provider, table.action, table.outcome, table.code],
      }),
    ],
  );
}

/** What a job remembers from one tick to the next. */
export function jobStateTable(prefix: string) {
  return sqliteTable(`${prefix}job_state`, {
    name: text("name").primaryKey(),
    value: text("value", { mode: "json" }).$type<Readonly<Record<string, unknown>>>().notNull(),
    updatedAt: integer("updated_at").notNull(),
  });
}
