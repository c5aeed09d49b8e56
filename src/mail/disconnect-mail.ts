/**
 * Takes mail away from a grant. One that is for mail alone is forgotten and revoked; one that serves more keeps serving
 * that: what Microsoft gave for Exchange is forgotten here, and what cannot be parted from the rest, as at Google, is
 * used by no mail account any more.
 */
import { record } from "../connections/audit.ts";
import { disconnect } from "../connections/disconnect.ts";
import { unlinkOf } from "../connections/mail-links.ts";
import { commitRow, loadRows, rereadRows } from "../connections/rows.ts";
import { type ConnectionSummary, summarise } from "../connections/summary.ts";
import type { Asker } from "../connections/sync.ts";
import { scopesOf } from "../connections/tokens.ts";
import type { Connection } from "../db/connections.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { Failure, failure, notValid } from "../lib/errors.ts";
import type { Feature } from "../lib/features.ts";
import { newMailAccountId } from "../lib/ids.ts";
import { unlocks } from "../providers/features.ts";
import type { Provider } from "../providers/provider.ts";
import { isOpenidScope } from "../providers/scopes.ts";
import { shownAccount, type ShownMailAccount } from "./account.ts";
import { attemptD1, forgetRead, loadAccounts, type MailDesk } from "./desk.ts";
import { type MailboxNamed, mailboxNamed, mailGrants } from "./pick.ts";
import { mailAuthorizePath } from "./surface.ts";

/** What became of it. `kept_for`: what the grant goes on serving; none where it was forgotten. */
export interface MailDisconnected {
  readonly connection: ConnectionSummary;
  readonly kept_for: readonly Feature[];
  readonly mail_accounts: readonly ShownMailAccount[];
}

/** Which mailbox is to be disconnected, and who asks. */
export type DisconnectMailInput = MailboxNamed & Asker & { readonly servers: MailProvider };

/** Disconnects a mailbox. Failures: `not_connected`; `validation_failed` where several are connected and none is named. */
export async function disconnectMail(desk: MailDesk, input: DisconnectMailInput): Promise<MailDisconnected> {
  const { vault } = desk;
  const row = await grantMeant(desk, input);
  const keptFor = servesBesides(vault.provider(row.provider), row);
  const asker = { actor: input.actor, requestId: input.requestId };
  const after = keptFor.length === 0 ? await disconnect(vault, { id: row.id, ...asker }) : await keep(desk, row, asker);
  forgetRead(desk);
  const grants = await loadRows(vault);
  const accounts = (await loadAccounts(desk)).filter(({ provider }) => provider === input.servers);
  return {
    connection: summarise(after),
    kept_for: keptFor,
    mail_accounts: accounts.map((account) =>
      shownAccount(account, { connection: grants.get(account.connection ?? row.id), cloud: desk.cloud }),
    ),
  };
}

async function grantMeant(desk: MailDesk, { servers, address }: DisconnectMailInput): Promise<Connection> {
  await rereadRows(desk.vault);
  forgetRead(desk);
  if (address === undefined) {
    const used = (await loadAccounts(desk)).filter((one) => one.provider === servers && one.authMethod === "oauth");
    const grants = new Set(used.map(({ connection }) => connection));
    const message = `several mailboxes are connected: ${used.map((one) => one.address).join(", ")}`;
    if (grants.size > 1) throw notValid([{ path: "address", message }]);
  }
  try {
    return (await mailboxNamed(desk, servers, { address })).grant;
  } catch (error) {
    const [unused] = error instanceof Failure ? await unusedGrants(desk, servers, address) : [];
    if (unused) return unused;
    throw error;
  }
}

/** Grants for mail alone whose account goes by its password meanwhile: nothing else would ever end them. */
async function unusedGrants(desk: MailDesk, servers: MailProvider, address: string | undefined): Promise<Connection[]> {
  const wanted = address?.toLowerCase();
  return (await mailGrants(desk, servers)).filter(
    (row) =>
      servesBesides(desk.vault.provider(row.provider), row).length === 0 &&
      (wanted === undefined || row.profile.address?.toLowerCase() === wanted),
  );
}

const MAIL_FEATURES = new Set<Feature>(["mail.imap", "mail.smtp", "profile"]);

/** What a grant unlocks that is no mail client's business. */
function servesBesides(provider: Provider, row: Connection): Feature[] {
  const rest = row.scopes.filter((scope) => !isOpenidScope(provider, scope) && !isForMail(provider, scope));
  return (Object.keys(provider.features) as Feature[]).filter(
    (feature) => !MAIL_FEATURES.has(feature) && unlocks(provider, feature, rest),
  );
}

function isForMail(provider: Provider, scope: string): boolean {
  return unlocks(provider, "mail.imap", [scope]) || unlocks(provider, "mail.smtp", [scope]);
}

/** The grant stays, its mail goes. */
async function keep(desk: MailDesk, given: Connection, asker: Asker): Promise<Connection> {
  const { vault } = desk;
  await writtenDown(desk, given);
  let row: Connection | undefined = given;
  for (;;) {
    if (!row || row.status === "revoked") break;
    const now = vault.clock.now();
    const next = {
      ...row,
      ...withoutMail(vault.provider(row.provider), row),
      version: row.version + 1,
      updatedAt: now,
    };
    const commit = await commitRow(vault, { before: row, next, decided: true, also: { mail: unlinkOf(row, now) } });
    if (commit.kind === "stored") {
      vault.memory.grants.delete(`${row.id}/outlook`);
      const { provider, id: connection } = row;
      await record(vault, {
        action: "mail_account",
        outcome: "ok",
        provider,
        connection,
        ...asker,
        detail: { kept: true },
      });
      return commit.row;
    }
    row = commit.current;
  }
  const authorize_path = mailAuthorizePath("outlook");
  throw failure("not_connected", "The mailbox is no longer connected.", { extra: { authorize_path } });
}

/** What Exchange alone takes is forgotten, so that no later sign-in asks for it again by itself. */
function withoutMail(provider: Provider, row: Connection): Partial<Connection> {
  if (!Object.hasOwn(provider.resources, "outlook")) return {};
  const gone = new Set(scopesOf(provider, "outlook", row.scopes));
  const { outlook: _exchange, ...accessTokens } = row.accessTokens;
  const asked = row.askedScopes && row.askedScopes.filter((scope) => !scopesOf(provider, "outlook", [scope]).length);
  return { scopes: row.scopes.filter((scope) => !gone.has(scope)), askedScopes: asked, accessTokens };
}

/** A mailbox that nobody wrote down would be opened by the grant that stays. */
async function writtenDown(desk: MailDesk, row: Connection): Promise<void> {
  const address = row.profile.address?.toLowerCase();
  const known = (await loadAccounts(desk)).some((one) => one.address === address);
  if (address === undefined || known) return;
  const now = desk.vault.clock.now();
  const times = { chosenAt: now, createdAt: now, updatedAt: now };
  const names = { id: newMailAccountId(), owner: desk.vault.owner, address, username: null };
  const unused = { authMethod: "password", connection: null, imap: null, smtp: null, password: null } as const;
  const provider = row.provider === "google" ? "google" : "outlook";
  const account = { ...names, ...unused, ...times, provider, sealedWith: null, version: 1 } as const;
  await attemptD1(() => desk.rows.insert(account), "written");
  forgetRead(desk);
}
