/**
 * The tables, one set per system, from one factory. drizzle-kit sees only top-level exports, hence the flat
 * re-exports below. Column names are explicit: a casing option misnames columns in D1 without an error.
 *
 * No ON DELETE CASCADE and no migration that drops a table: on D1 a rebuild wipes the children and reports success.
 * Every stored shape is described in docs/storage.md.
 */
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";
import type { Mender } from "../lib/errors.ts";
import { type ProviderId, type SystemName } from "../lib/ids.ts";
import { mailAccountsTable } from "./schema-mail.ts";
import {
  anchorsTable,
  auditTable,
  consentsTable,
  countersTable,
  eventsTable,
  jobStateTable,
} from "./schema-records.ts";

export { tenants } from "./schema-tenants.ts";

/** Status of a connection. */
export const CONNECTION_STATUSES = ["active", "reauth_required", "revoked"] as const;

/** One of {@link CONNECTION_STATUSES}. */
export type ConnectionStatus = (typeof CONNECTION_STATUSES)[number];

/** Who the account is at the provider, as shown to people. Never used as a key. */
export interface AccountProfile {
  readonly name: string | null;
  readonly address: string | null;
  readonly tenant: string | null;
  /** Address of a picture of the person; absent in rows that were written before it was asked for. */
  readonly picture?: string | null;
}

/** A token that the provider is still to be told of: the owner has disconnected, and it could not be revoked there yet. */
export interface PendingRevocation {
  /** Sealed in the field `revocation`. */
  readonly sealed: string;
  readonly hint: "refresh_token" | "access_token";
  readonly attempts: number;
  /** True where the row itself goes once the provider has been told, or cannot be. */
  readonly erase: boolean;
}

/** A cached access token of one resource, sealed. Times in ms since the epoch. */
export interface StoredAccessToken {
  readonly sealed: string;
  readonly tokenType: string;
  readonly scopes: readonly string[];
  readonly issuedAt: number;
  /** Null where the provider gives no lifetime. */
  readonly expiresAt: number | null;
}

function connectionsTable(prefix: string) {
  return sqliteTable(
    `${prefix}connections`,
    {
      id: text("id").primaryKey(),
      owner: text("owner").notNull(),
      provider: text("provider").$type<ProviderId>().notNull(),
      account: text("account").notNull(),
      profile: text("profile", { mode: "json" }).$type<AccountProfile>().notNull(),
      status: text("status", { enum: CONNECTION_STATUSES }).notNull(),
      statusReason: text("status_reason"),
      statusCode: text("status_code"),
      statusClaims: text("status_claims"),
      statusMend: text("status_mend").$type<Mender>(),
      scopes: text("scopes", { mode: "json" }).$type<readonly string[]>().notNull(),
      refreshToken: text("refresh_token"),
      refreshTokenAt: integer("refresh_token_at"),
      accessTokens: text("access_tokens", { mode: "json" })
        .$type<Readonly<Record<string, StoredAccessToken>>>()
        .notNull(),
      tokenExpiresAt: integer("token_expires_at"),
      generation: integer("generation").notNull(),
      version: integer("version").notNull(),
      refreshFailures: integer("refresh_failures").notNull(),
      lastFailure: text("last_failure"),
      lastRefreshedAt: integer("last_refreshed_at"),
      lastUsedAt: integer("last_used_at"),
      connectedAt: integer("connected_at").notNull(),
      createdAt: integer("created_at").notNull(),
      updatedAt: integer("updated_at").notNull(),
      /** What the owner took back here although the provider still grants it; null: nothing. */
      withheld: text("withheld", { mode: "json" }).$type<readonly string[]>(),
      askedScopes: text("asked_scopes", { mode: "json" }).$type<readonly string[]>(),
      grantExpiresAt: integer("grant_expires_at"),
      expiryAnnouncedAt: integer("expiry_announced_at"),
      sealedWith: text("sealed_with"),
      revocation: text("revocation", { mode: "json" }).$type<PendingRevocation>(),
      revocationDueAt: integer("revocation_due_at"),
    },
    (table) => [
      uniqueIndex(`${prefix}connections_account`).on(table.owner, table.provider, table.account),
      index(`${prefix}connections_expiry`).on(table.status, table.tokenExpiresAt),
      index(`${prefix}connections_idle`).on(table.status, table.refreshTokenAt),
      index(`${prefix}connections_shared`).on(table.account, table.provider),
      index(`${prefix}connections_sealed`).on(table.sealedWith, table.id),
      index(`${prefix}connections_revocation`).on(table.revocationDueAt),
      index(`${prefix}connections_death`).on(table.status, table.grantExpiresAt),
    ],
  );
}

/** The tables of one system. */
export function tablesFor(system: SystemName) {
  return TABLES[system];
}

/** The tables of a system, whichever. */
export type Tables = (typeof TABLES)[SystemName];

/** Main's connections. */
export const connections = connectionsTable("");
/** Main's audit trail. */
export const audit = auditTable("");
/** Main's anchors of shortened chains. */
export const auditAnchors = anchorsTable("");
/** Main's consent records. */
export const consents = consentsTable("");
/** Main's events to the application. */
export const events = eventsTable("");
/** Main's daily counters. */
export const counters = countersTable("");
/** Main's state of its jobs. */
export const jobState = jobStateTable("");
/** Main's mail accounts. */
export const mailAccounts = mailAccountsTable("");
/** Beta's connections. */
export const betaConnections = connectionsTable("beta_");
/** Beta's audit trail. */
export const betaAudit = auditTable("beta_");
/** Beta's anchors of shortened chains. */
export const betaAuditAnchors = anchorsTable("beta_");
/** Beta's consent records. */
export const betaConsents = consentsTable("beta_");
/** Beta's events to the application. */
export const betaEvents = eventsTable("beta_");
/** Beta's daily counters. */
export const betaCounters = countersTable("beta_");
/** Beta's state of its jobs. */
export const betaJobState = jobStateTable("beta_");
/** Beta's mail accounts. */
export const betaMailAccounts = mailAccountsTable("beta_");

const TABLES = {
  main: { connections, audit, auditAnchors, consents, events, counters, jobState, mailAccounts },
  beta: {
    connections: betaConnections,
    audit: betaAudit,
    auditAnchors: betaAuditAnchors,
    consents: betaConsents,
    events: betaEvents,
    counters: betaCounters,
    jobState: betaJobState,
    mailAccounts: betaMailAccounts,
  },
} as const;
