/** The table of connected tenants. The directory has no second population, so there is one table for both systems. */
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** How a tenant's application proves itself. environment: with what the operator's variables hold. */
export const CREDENTIAL_KINDS = ["secret", "certificate", "environment"] as const;

/** One row per organisation: the tenant that it has connected. Times in ms since the epoch. */
export const tenants = sqliteTable(
  "tenants",
  {
    id: text("id").primaryKey(),
    org: text("org").notNull(),
    tenantId: text("tenant_id").notNull(),
    tenantName: text("tenant_name"),
    domains: text("domains", { mode: "json" }).$type<readonly string[]>().notNull(),
    clientId: text("client_id").notNull(),
    credentialKind: text("credential_kind", { enum: CREDENTIAL_KINDS }).notNull(),
    /** Sealed JSON, field `credential`; null where the environment's is used. */
    credential: text("credential"),
    secretExpiresAt: integer("secret_expires_at"),
    sealedWith: text("sealed_with"),
    status: text("status", { enum: ["active", "refused"] }).notNull(),
    statusReason: text("status_reason"),
    statusCode: text("status_code"),
    connectedBy: text("connected_by").notNull(),
    createdAt: integer("created_at").notNull(),
    updatedAt: integer("updated_at").notNull(),
    version: integer("version").notNull(),
    /** When the schedule is to wake the directory; written without a new version. */
    dueAt: integer("due_at").notNull(),
  },
  (table) => [
    uniqueIndex("tenants_org").on(table.org),
    index("tenants_due").on(table.dueAt),
    index("tenants_sealed").on(table.sealedWith, table.id),
  ],
);
