/** The table of mail accounts, one per system. */
import { index, integer, sqliteTable, text, uniqueIndex } from "drizzle-orm/sqlite-core";

/** How a mail client proves itself to the mailbox's servers. */
export const AUTH_METHODS = ["password", "oauth"] as const;

/** One of {@link AUTH_METHODS}. */
export type AuthMethod = (typeof AUTH_METHODS)[number];

/** Whose servers a grant for mail is for: Exchange Online's, or Gmail's. */
export type MailProvider = "outlook" | "google";

/** A server as its owner wrote it down. */
export interface StoredMailServer {
  readonly host: string;
  readonly port: number;
  readonly security: "tls" | "starttls";
}

/** The table of one system. */
export function mailAccountsTable(prefix: string) {
  return sqliteTable(
    `${prefix}mail_accounts`,
    {
      id: text("id").primaryKey(),
      owner: text("owner").notNull(),
      /** In small letters: what tells accounts apart. */
      address: text("address").notNull(),
      /** Null: the address. */
      username: text("username"),
      /** Null: unknown, or none that is known here. It stays when the grant goes, so that the servers are still known. */
      provider: text("provider").$type<MailProvider>(),
      authMethod: text("auth_method", { enum: AUTH_METHODS }).notNull(),
      /** The grant that is used; null where a password is. */
      connection: text("connection"),
      /** Null: as the provider's are known. */
      imap: text("imap", { mode: "json" }).$type<StoredMailServer>(),
      smtp: text("smtp", { mode: "json" }).$type<StoredMailServer>(),
      /** Sealed, field `mail_password`; null where none was given. */
      password: text("password"),
      sealedWith: text("sealed_with"),
      /** When its owner last decided about it, ms: of several the latest is meant. */
      chosenAt: integer("chosen_at").notNull(),
      createdAt: integer("created_at").notNull(),
      updatedAt: integer("updated_at").notNull(),
      version: integer("version").notNull(),
    },
    (table) => [
      uniqueIndex(`${prefix}mail_accounts_address`).on(table.owner, table.address),
      index(`${prefix}mail_accounts_sealed`).on(table.sealedWith, table.id),
    ],
  );
}
