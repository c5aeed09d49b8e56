/** Which mail account, and which grant, a caller means. */
import { mailProviderOf, opensMailbox } from "../connections/mail-links.ts";
import { loadRows, rereadRows } from "../connections/rows.ts";
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { Failure, failure } from "../lib/errors.ts";
import { forgetRead, loadAccounts, type MailDesk } from "./desk.ts";
import { mailAuthorizePath } from "./surface.ts";

/** What a caller says of the mailbox that is meant; nothing: the account chosen last. */
export interface MailboxNamed {
  readonly address?: string | undefined;
}

/** The account of that address, or the one chosen last. Fails as `not_found`. */
export async function accountNamed(desk: MailDesk, { address }: MailboxNamed): Promise<MailAccount> {
  const accounts = await loadAccounts(desk);
  const found = address === undefined ? accounts[0] : accounts.find((one) => one.address === address.toLowerCase());
  if (found) return found;
  throw failure("not_found", address === undefined ? "There is no mail account." : "There is no such mail account.");
}

/** The account's grant; undefined where it uses none, or that has gone. */
export async function grantOf({ vault }: MailDesk, { connection }: MailAccount): Promise<Connection | undefined> {
  if (connection === null) return undefined;
  const row = (await loadRows(vault)).get(connection);
  return row?.status === "revoked" ? undefined : row;
}

/** A mailbox that a grant opens. Without `account` nobody wrote it down: it is the grant's own. */
export interface OpenedMailbox {
  readonly address: string;
  readonly account: MailAccount | undefined;
  readonly grant: Connection;
}

/** The mailbox of these servers that is meant, and its grant. Fails as `not_connected` with `authorize_path`. A refusal is believed only of what was read just now. */
export async function mailboxNamed(desk: MailDesk, servers: MailProvider, named: MailboxNamed): Promise<OpenedMailbox> {
  try {
    return await pickMailbox(desk, servers, named);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    forgetRead(desk);
    await rereadRows(desk.vault);
    return pickMailbox(desk, servers, named);
  }
}

async function pickMailbox(desk: MailDesk, servers: MailProvider, { address }: MailboxNamed): Promise<OpenedMailbox> {
  const wanted = address?.toLowerCase();
  const accounts = (await loadAccounts(desk)).filter(({ provider }) => provider === servers);
  for (const account of accounts) {
    if (wanted !== undefined && account.address !== wanted) continue;
    const grant = account.authMethod === "oauth" ? await grantOf(desk, account) : undefined;
    if (grant) return { address: account.address, account, grant };
  }
  const written = new Set(accounts.map((account) => account.address));
  for (const grant of await mailGrants(desk, servers)) {
    const own = grant.profile.address?.toLowerCase();
    // One that was written down and uses no grant has gone back to its password.
    if (own === undefined || written.has(own) || (wanted !== undefined && own !== wanted)) continue;
    return { address: own, account: undefined, grant };
  }
  throw failure("not_connected", "No mailbox is connected.", { extra: { authorize_path: mailAuthorizePath(servers) } });
}

/** Live grants that open a mailbox at these servers, the one connected last first; one made for mail alone comes before one that does more. */
export async function mailGrants({ vault }: MailDesk, servers: MailProvider): Promise<Connection[]> {
  const live = [...(await loadRows(vault)).values()].filter(
    (row) => row.status !== "revoked" && mailProviderOf(row.provider) === servers && opens(vault, row),
  );
  const forMail = ({ provider }: Connection) => Number(provider === servers);
  return live.toSorted((left, right) => forMail(right) - forMail(left) || right.connectedAt - left.connectedAt);
}

function opens(vault: MailDesk["vault"], row: Connection): boolean {
  try {
    return opensMailbox(vault.provider(row.provider), row.scopes);
  } catch (error) {
    // A provider whose variables have gone opens nothing now.
    if (error instanceof Failure) return false;
    throw error;
  }
}
