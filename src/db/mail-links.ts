/** Which grant a mail account uses: changed together with the grant's own row, so that neither says what the other does not. */
import { and, eq, lte, type SQL, sql } from "drizzle-orm";
import type { ConnectionId, MailAccountId, Owner } from "../lib/ids.ts";
import type { Database } from "./database.ts";
import { rowWhere } from "./insert-where.ts";
import type { MailAccount } from "./mail-accounts.ts";
import type { MailProvider } from "./schema-mail.ts";
import type { Tables } from "./schema.ts";

/** A mailbox that is used by a grant from now on. */
export interface MailLink {
  /** Of the account, where the owner has none of that address. */
  readonly id: MailAccountId;
  readonly owner: Owner;
  /** In small letters. */
  readonly address: string;
  readonly provider: MailProvider;
  readonly connection: ConnectionId;
  /** ms since the epoch. */
  readonly at: number;
}

/** A grant that no mail account is to use any more. Each goes back to its password. */
export interface MailUnlink {
  readonly owner: Owner;
  readonly connection: ConnectionId;
  /** ms since the epoch. */
  readonly at: number;
}

/** See {@link MailLink} and {@link MailUnlink}. */
export type MailChange = { readonly link: MailLink } | { readonly unlink: MailUnlink };

/** The statement of a change, which happens where `when` holds. */
export function mailStatement(db: Database, { mailAccounts: table }: Pick<Tables, "mailAccounts">, when: SQL) {
  return (change: MailChange) => {
    if ("unlink" in change) {
      const { owner, connection, at } = change.unlink;
      const used = and(eq(table.owner, owner), eq(table.connection, connection), when);
      return db
        .update(table)
        .set({ ...byPassword(table.version), updatedAt: at })
        .where(used);
    }
    const { provider, connection, at } = change.link;
    return db
      .insert(table)
      .select(rowWhere(table, linkedNew(change.link), when))
      .onConflictDoUpdate({
        target: [table.owner, table.address],
        set: {
          authMethod: "oauth",
          provider,
          connection,
          chosenAt: at,
          updatedAt: at,
          version: sql`${table.version} + 1`,
        },
        // One that waited for D1 does not undo what its owner has decided since.
        setWhere: lte(table.chosenAt, at),
      });
  };
}

function byPassword(version: Tables["mailAccounts"]["version"]) {
  return { authMethod: "password", connection: null, version: sql`${version} + 1` } as const;
}

const NEW = {
  username: null,
  authMethod: "oauth",
  imap: null,
  smtp: null,
  password: null,
  sealedWith: null,
  version: 1,
} as const satisfies Partial<MailAccount>;

function linkedNew({ id, owner, address, provider, connection, at }: MailLink): MailAccount {
  return { ...NEW, id, owner, address, provider, connection, chosenAt: at, createdAt: at, updatedAt: at };
}

/** An owner's accounts as they are after a change: what its statement does, of what was read before it ran. */
export function changed(accounts: readonly MailAccount[], change: MailChange): MailAccount[] {
  if ("unlink" in change) {
    const { connection, at } = change.unlink;
    return accounts.map((account) =>
      account.connection === connection
        ? { ...account, authMethod: "password", connection: null, updatedAt: at, version: account.version + 1 }
        : account,
    );
  }
  const { address, provider, connection, at } = change.link;
  const known = accounts.find((account) => account.address === address);
  if (!known) return [...accounts, linkedNew(change.link)];
  if (known.chosenAt > at) return [...accounts];
  const times = { chosenAt: at, updatedAt: at };
  const next = { ...known, authMethod: "oauth", provider, connection, ...times, version: known.version + 1 } as const;
  return accounts.map((account) => (account === known ? next : account));
}
