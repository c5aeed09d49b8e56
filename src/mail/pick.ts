/** Which mail account, and which grant, a caller means. */
import { mailProviderOf, opensMailbox } from "../connections/mail-links.ts";
import { loadRows, rereadRows } from "../connections/rows.ts";
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { Failure, failure, notValid } from "../lib/errors.ts";
import { loadAccounts, type MailDesk, readAccounts } from "./desk.ts";
import { mailAuthorizePath } from "./surface.ts";

/** What a caller says of the mailbox that is meant; nothing: the account chosen last. */
export interface MailboxNamed {
  readonly address?: string | undefined;
}

/** The account of that address among `accounts`, or the one chosen last. Fails as `not_found`. */
export function accountNamed(accounts: readonly MailAccount[], { address }: MailboxNamed): MailAccount {
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
  const [found] = await mailboxes(desk, servers, { ...named, accounts: await loadAccounts(desk) });
  if (found) return found;
  await rereadRows(desk.vault);
  const [now] = await mailboxes(desk, servers, { ...named, accounts: await readAccounts(desk) });
  if (now) return now;
  throw failure("not_connected", "No mailbox is connected.", { extra: { authorize_path: mailAuthorizePath(servers) } });
}

/** The mailboxes of these servers that fit, the one meant first: what was written down and uses a grant, then what grants open by themselves. */
export async function mailboxes(
  desk: MailDesk,
  servers: MailProvider,
  { address, accounts }: MailboxNamed & { readonly accounts: readonly MailAccount[] },
): Promise<OpenedMailbox[]> {
  const wanted = address?.toLowerCase();
  const fits = (one: string) => wanted === undefined || one === wanted;
  const found: OpenedMailbox[] = [];
  for (const account of accounts) {
    if (account.provider !== servers || account.authMethod !== "oauth" || !fits(account.address)) continue;
    const grant = await grantOf(desk, account);
    if (grant) found.push({ address: account.address, account, grant });
  }
  // One that was written down to go by its password is not opened behind its owner's back.
  const byPassword = new Set(accounts.filter((one) => one.authMethod === "password").map((one) => one.address));
  for (const grant of await mailGrants(desk, servers)) {
    const own = grant.profile.address?.toLowerCase();
    if (own === undefined || byPassword.has(own) || !fits(own)) continue;
    if (!found.some((one) => one.address === own)) found.push({ address: own, account: undefined, grant });
  }
  return found;
}

/** Live grants that open a mailbox at these servers: those that work before those that wait for their user, those for mail alone first, the one connected last first. */
export async function mailGrants({ vault }: MailDesk, servers: MailProvider): Promise<Connection[]> {
  const live = [...(await loadRows(vault)).values()].filter(
    (row) => row.status !== "revoked" && mailProviderOf(row.provider) === servers && opensIts(vault, row),
  );
  const works = ({ status }: Connection) => Number(status === "active");
  const forMail = ({ provider }: Connection) => Number(provider === servers);
  return live.toSorted(
    (left, right) =>
      works(right) - works(left) || forMail(right) - forMail(left) || right.connectedAt - left.connectedAt,
  );
}

/** True where the row's scopes open its mailbox. */
function opensIts(vault: MailDesk["vault"], row: Connection): boolean {
  try {
    return opensMailbox(vault.provider(row.provider), row.scopes);
  } catch (error) {
    // A provider whose variables have gone opens nothing now.
    if (error instanceof Failure) return false;
    throw error;
  }
}

/** Fails as `validation_failed` where several mailboxes are meant: what cannot be taken back is not guessed. */
export function requireOne(addresses: readonly string[]): void {
  const different = [...new Set(addresses)];
  if (different.length > 1)
    throw notValid([{ path: "address", message: `say which is meant: ${different.join(", ")}` }]);
}
