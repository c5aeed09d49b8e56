/** What a mail client logs in with: a token that is fresh enough, or the password that was stored. */
import type { AccessGrant } from "../connections/grant.ts";
import { release } from "../connections/manage.ts";
import { requireFeatures } from "../connections/permit.ts";
import type { Asker } from "../connections/sync.ts";
import { use } from "../connections/use.ts";
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { failure } from "../lib/errors.ts";
import type { Feature } from "../lib/features.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import { open } from "../lib/seal.ts";
import { unlocks } from "../providers/features.ts";
import { serversOf, usernameOf } from "./account.ts";
import { type MailDesk, readAccounts } from "./desk.ts";
import { accountNamed, mailboxes, mailboxNamed, type MailboxNamed, type OpenedMailbox } from "./pick.ts";
import { passwordPlace } from "./save-account.ts";
import type { MailServers } from "./servers.ts";
import { atDoor, mailAuthorizePath } from "./surface.ts";
import type { MailSecret } from "./verify/login.ts";

/** Whose mailbox is to be opened, and who asks. */
export interface LoginInput extends MailboxNamed, Asker {
  /** Another mailbox that the account may open, such as a shared one. */
  readonly user?: string | undefined;
  /** Of whoever asks: the policy must let them use a mailbox. */
  readonly roles: readonly string[];
}

/** A token for a mailbox, and where it may be shown. A server is absent where it is not known, or not granted. */
export interface MailToken {
  readonly address: string;
  /** What goes into `user=`. */
  readonly username: string;
  readonly servers: Partial<MailServers>;
  readonly grant: AccessGrant;
}

/** A token that is wanted for a mail client. `minTtlMs`: how long it must live at least, ms. */
export interface MailTokenInput extends LoginInput {
  readonly servers: MailProvider;
  readonly minTtlMs?: number;
  readonly purpose?: string | undefined;
}

/** A token for the application's mail client, written to the trail. Failures: `not_connected`, `scope_insufficient` where the grant opens no mailbox, those of using a token, and `forbidden` by the scope policy. */
export async function mailToken(desk: MailDesk, input: MailTokenInput): Promise<MailToken> {
  const { servers, user, address, roles, ...asked } = input;
  const mailbox = await mailboxNamed(desk, servers, { address });
  const row = mailbox.grant;
  const place = placeOf(desk, mailbox, servers);
  const username = user ?? place.username;
  return atDoor(servers, row, async () => {
    await requireMailbox(desk, row, { roles, ...asked });
    const wanted = { ...asked, roles, connection: row.id, resource: resourceFor(desk, row), mailbox: username };
    return { address: mailbox.address, ...place, username, grant: await release(desk.vault, wanted) };
  });
}

/** Fails as `scope_insufficient` where the grant opens no mailbox any more, and as `forbidden` where the policy keeps mailboxes from the caller. */
async function requireMailbox(
  { vault }: MailDesk,
  row: Connection,
  { roles, actor, requestId }: Pick<LoginInput, "roles" | "actor" | "requestId">,
): Promise<void> {
  if (row.status !== "active") return;
  const provider = vault.provider(row.provider);
  const sendsAlone = unlocks(provider, "mail.smtp", row.scopes) && !unlocks(provider, "mail.imap", row.scopes);
  const features: readonly Feature[] = [sendsAlone ? "mail.smtp" : "mail.imap"];
  await requireFeatures(vault, row, { features, callerRoles: roles, actor, requestId });
}

function placeOf(desk: MailDesk, { address, account, grant }: OpenedMailbox, provider: MailProvider) {
  const reached = account ?? { address, username: null, provider, authMethod: "oauth", imap: null, smtp: null };
  return { username: usernameOf(reached), servers: granted(desk, grant, serversOf(reached, desk)) };
}

/** Those servers that the grant opens. */
function granted({ vault }: MailDesk, row: Connection, { imap, smtp }: Partial<MailServers>): Partial<MailServers> {
  const provider = vault.provider(row.provider);
  return {
    ...(imap && unlocks(provider, "mail.imap", row.scopes) ? { imap } : {}),
    ...(smtp && unlocks(provider, "mail.smtp", row.scopes) ? { smtp } : {}),
  };
}

/** The API that mail servers belong to: Exchange's own at Microsoft, the only one at Google. */
function resourceFor({ vault }: MailDesk, { provider }: Connection): string {
  const { resources, firstResource } = vault.provider(provider);
  return Object.hasOwn(resources, "outlook") ? "outlook" : firstResource;
}

/** All that a login needs. It never leaves the Worker. */
export interface MailCredentials {
  readonly address: string;
  readonly username: string;
  readonly servers: Partial<MailServers>;
  readonly secret: MailSecret;
  /** Names the token, for when it was refused. */
  readonly ticket?: string;
  /** The grant that the token is of. */
  readonly connection?: ConnectionId;
  readonly provider?: ProviderId;
}

/** A login that is to be tried. `rejected`: the ticket of a token that a server has just refused. */
export type CredentialsInput = LoginInput & { readonly rejected?: string | undefined };

/** What the account would log in with now. Failures: `not_found`, `not_connected` where it has neither grant nor password, those of using a token, `forbidden` by the scope policy. */
export async function mailCredentials(desk: MailDesk, input: CredentialsInput): Promise<MailCredentials> {
  const found = await loginMeant(desk, input);
  return "grant" in found ? byGrant(desk, found, input) : byPassword(desk, found, input);
}

async function byGrant(
  desk: MailDesk,
  mailbox: OpenedMailbox,
  { user, rejected, roles, actor, requestId }: CredentialsInput,
): Promise<MailCredentials> {
  const { grant, address } = mailbox;
  const servers = grant.provider === "google" ? "google" : "outlook";
  return atDoor(servers, grant, async () => {
    await requireMailbox(desk, grant, { roles, actor, requestId });
    const refused = rejected === undefined ? {} : { rejected };
    const wanted = { connection: grant.id, resource: resourceFor(desk, grant), requestId, ...refused };
    const token = await use(desk.vault, wanted);
    const place = placeOf(desk, mailbox, servers);
    return {
      address,
      ...place,
      username: user ?? place.username,
      secret: { kind: "oauth", accessToken: token.accessToken },
      ticket: token.ticket,
      connection: grant.id,
      provider: grant.provider,
    };
  });
}

async function byPassword(desk: MailDesk, account: MailAccount, { user }: CredentialsInput): Promise<MailCredentials> {
  const { vault } = desk;
  if (account.password === null) {
    const authorize_path = mailAuthorizePath(account.provider ?? "outlook");
    const detail = "The mail account has neither a grant nor a password.";
    throw failure("not_connected", detail, { extra: { authorize_path } });
  }
  return {
    address: account.address,
    username: user ?? usernameOf(account),
    servers: serversOf(account, desk),
    secret: { kind: "password", password: await open(vault.ring, passwordPlace(vault, account.id), account.password) },
  };
}

/** The account with its grant, or by its password; where that address was not written down, a grant that opens it. */
async function loginMeant(desk: MailDesk, named: MailboxNamed): Promise<OpenedMailbox | MailAccount> {
  const accounts = await readAccounts(desk);
  const byDoor = (servers: MailProvider) => mailboxes(desk, servers, { ...named, accounts });
  const opened = [...(await byDoor("outlook")), ...(await byDoor("google"))];
  const wanted = named.address?.toLowerCase();
  const written = accounts.find(({ address }) => wanted === undefined || address === wanted);
  const mailbox = written ? opened.find(({ account }) => account?.id === written.id) : opened[0];
  return mailbox ?? accountNamed(accounts, named);
}
