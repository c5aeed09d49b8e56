/**
 * Takes mail away from a grant. One that is for mail alone is forgotten and revoked; one that serves more keeps serving
 * that, and its mail is withheld: it opens no mailbox any more until its owner signs in for one again.
 */
import { record } from "../connections/audit.ts";
import { disconnect } from "../connections/disconnect.ts";
import { MAILBOX_FEATURES, unlinkOf } from "../connections/mail-links.ts";
import { commitRow, loadRows, rereadRows } from "../connections/rows.ts";
import { type ConnectionSummary, summarise } from "../connections/summary.ts";
import type { Asker } from "../connections/sync.ts";
import { soonestOf } from "../connections/tokens.ts";
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { failure } from "../lib/errors.ts";
import type { Feature } from "../lib/features.ts";
import { unlocks } from "../providers/features.ts";
import type { Provider } from "../providers/provider.ts";
import { isOpenidScope, shortScope, unionOf } from "../providers/scopes.ts";
import { shownAccount, type ShownMailAccount } from "./account.ts";
import { attemptD1, type MailDesk, readAccounts, writing } from "./desk.ts";
import { mailboxes, type MailboxNamed, mailGrants, type OpenedMailbox, requireOne } from "./pick.ts";
import { mailAuthorizePath } from "./surface.ts";

/** What became of it. `kept_for`: what the grant goes on serving, features and scopes; none where it was forgotten. */
export interface MailDisconnected {
  readonly connection: ConnectionSummary;
  readonly kept_for: readonly string[];
  readonly mail_accounts: readonly ShownMailAccount[];
}

/** Which mailbox is to be disconnected, and who asks. */
export type DisconnectMailInput = MailboxNamed & Asker & { readonly servers: MailProvider };

/** Disconnects a mailbox. Failures: `not_connected`; `validation_failed` where several are connected and none is named. */
export async function disconnectMail(desk: MailDesk, input: DisconnectMailInput): Promise<MailDisconnected> {
  const { vault } = desk;
  const { grant: row, account } = await mailboxMeant(desk, input);
  const asker = { actor: input.actor, requestId: input.requestId };
  const isBorrowed = account !== undefined && account.address !== row.profile.address?.toLowerCase();
  const keptFor = isBorrowed ? MAILBOX_FEATURES : servesBesides(vault.provider(row.provider), row);
  const after = isBorrowed
    ? await giveBack(desk, { account, row, asker })
    : keptFor.length === 0
      ? await disconnect(vault, { id: row.id, ...asker })
      : await withhold(desk, row, asker);
  const grants = await loadRows(vault);
  const accounts = (await readAccounts(desk)).filter(({ provider }) => provider === input.servers);
  return {
    connection: summarise(after),
    kept_for: keptFor,
    mail_accounts: accounts.map((one) => {
      const connection = one.connection === null ? undefined : grants.get(one.connection);
      return shownAccount(one, { connection, place: desk });
    }),
  };
}

async function mailboxMeant(
  desk: MailDesk,
  { servers, address }: DisconnectMailInput,
): Promise<Pick<OpenedMailbox, "grant" | "account">> {
  await rereadRows(desk.vault);
  const accounts = await readAccounts(desk);
  const opened = await mailboxes(desk, servers, { address, accounts });
  const grants = await mailGrants(desk, servers);
  // A grant whose account goes by its password meanwhile would else never be ended.
  const unused = grants.filter((row) => isMeant(row, address) && !opened.some(({ grant }) => grant.id === row.id));
  if (address === undefined)
    requireOne([...opened.map((one) => one.address), ...unused.map(({ id, profile }) => profile.address ?? id)]);
  const [first = unused.map((grant) => ({ grant, account: undefined }))[0]] = opened;
  if (first) return first;
  throw failure("not_connected", "No mailbox is connected.", { extra: { authorize_path: mailAuthorizePath(servers) } });
}

function isMeant({ profile }: Connection, address: string | undefined): boolean {
  return address === undefined || profile.address?.toLowerCase() === address.toLowerCase();
}

/** What a grant holds that is no mail client's business: its features, and scopes that no feature knows. */
function servesBesides(provider: Provider, row: Connection): string[] {
  const rest = row.scopes.filter(
    (scope) => !isOpenidScope(provider, scope) && !unlocksAny(provider, scope, [...MAILBOX_FEATURES, "profile"]),
  );
  const features = (Object.keys(provider.features) as Feature[]).filter(
    (feature) => feature !== "profile" && provider.features[feature]?.length && unlocks(provider, feature, rest),
  );
  const isKnown = (scope: string) => features.some((feature) => unlocks(provider, feature, [scope]));
  return [...features, ...rest.filter((scope) => !isKnown(scope)).map((scope) => shortScope(provider, scope))];
}

/** True where a scope alone unlocks one of these; a feature that comes with every grant says nothing of a scope. */
function unlocksAny(provider: Provider, scope: string, any: readonly Feature[]): boolean {
  return any.some((feature) => provider.features[feature]?.length && unlocks(provider, feature, [scope]));
}

interface Borrowed {
  readonly account: MailAccount;
  readonly row: Connection;
  readonly asker: Asker;
}

/** Another mailbox's account, such as a shared one: it goes back to its password, and the grant's own stays open. */
async function giveBack(desk: MailDesk, { account, row, asker }: Borrowed): Promise<Connection> {
  const { vault, rows } = desk;
  const now = vault.clock.now();
  const changes = { authMethod: "password", connection: null, chosenAt: now, updatedAt: now } as const;
  const next = { ...account, ...changes, version: account.version + 1 };
  const stored = await writing(desk, () => attemptD1(() => rows.save(next, { before: account }), "written"));
  if (!stored) throw failure("conflict", "The mail account was changed meanwhile. Try again.", { retryAfterS: 1 });
  const { provider, id: connection } = row;
  const detail = { id: account.id, auth_method: "password" };
  await record(vault, { action: "mail_account", outcome: "ok", provider, connection, ...asker, detail });
  return row;
}

/** The grant stays, its mail goes. */
async function withhold({ vault }: MailDesk, given: Connection, asker: Asker): Promise<Connection> {
  let row: Connection | undefined = given;
  while (row && row.status !== "revoked") {
    const now = vault.clock.now();
    const fields = withoutMail(vault.provider(row.provider), row, now);
    const next: Connection = { ...row, ...fields, version: row.version + 1, updatedAt: now };
    const commit = await commitRow(vault, { before: row, next, decided: true, also: { mail: unlinkOf(row, now) } });
    if (commit.kind === "stored") {
      vault.memory.grants.delete(`${row.id}/outlook`);
      const { provider, id: connection } = row;
      const detail = { withheld: fields.withheld };
      await record(vault, { action: "mail_account", outcome: "ok", provider, connection, ...asker, detail });
      return commit.row;
    }
    row = commit.current;
  }
  const authorize_path = mailAuthorizePath("outlook");
  throw failure("not_connected", "The mailbox is no longer connected.", { extra: { authorize_path } });
}

/** What opens the mailbox leaves the row, and is withheld from what the provider goes on granting; no later sign-in asks for it by itself. */
function withoutMail(provider: Provider, row: Connection, now: number) {
  const opens = (scope: string) => unlocksAny(provider, scope, MAILBOX_FEATURES);
  const { outlook: _exchange, ...accessTokens } = row.accessTokens;
  return {
    scopes: row.scopes.filter((scope) => !opens(scope)),
    askedScopes: row.askedScopes?.filter((scope) => !opens(scope)) ?? null,
    withheld: unionOf(provider, row.withheld ?? [], row.scopes.filter(opens)),
    accessTokens,
    tokenExpiresAt: soonestOf(accessTokens, now),
  };
}
