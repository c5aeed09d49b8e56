/** What a mail client logs in with: a token that is fresh enough, or the password that was stored. */
import type { AccessGrant } from "../connections/grant.ts";
import { release } from "../connections/manage.ts";
import type { Asker } from "../connections/sync.ts";
import { use } from "../connections/use.ts";
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import { failure } from "../lib/errors.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import { open } from "../lib/seal.ts";
import { unlocks } from "../providers/features.ts";
import { serversOf } from "./account.ts";
import { forgetRead, loadAccounts, type MailDesk } from "./desk.ts";
import { accountNamed, grantOf, mailboxNamed, type MailboxNamed, mailGrants, type OpenedMailbox } from "./pick.ts";
import { passwordPlace } from "./save-account.ts";
import type { MailServers } from "./servers.ts";
import { mailAuthorizePath } from "./surface.ts";
import type { MailSecret } from "./verify/login.ts";

/** Whose mailbox is to be opened, and who asks. */
export interface LoginInput extends MailboxNamed, Asker {
  /** Another mailbox that the account may open, such as a shared one. */
  readonly user?: string | undefined;
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
  /** Of whoever gets the token. */
  readonly roles: readonly string[];
  readonly minTtlMs?: number;
  readonly purpose?: string | undefined;
}

/** A token for the application's mail client, written to the trail. Failures: `not_connected`, those of using a token, and `forbidden` by the scope policy. */
export async function mailToken(desk: MailDesk, input: MailTokenInput): Promise<MailToken> {
  const { servers, user, address, ...asked } = input;
  const mailbox = await mailboxNamed(desk, servers, { address });
  const username = user ?? mailbox.account?.username ?? mailbox.address;
  const row = mailbox.grant;
  const wanted = { ...asked, connection: row.id, resource: resourceFor(desk, row), mailbox: username };
  return { ...placeOf(desk, mailbox, servers), username, grant: await release(desk.vault, wanted) };
}

function placeOf(desk: MailDesk, { address, account, grant }: OpenedMailbox, provider: MailProvider) {
  const servers = serversOf(account ?? { address, provider, imap: null, smtp: null }, desk.cloud);
  return { address, servers: granted(desk, grant, servers) };
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

/** What the account would log in with now. Failures: `not_found`, `not_connected` where it has neither grant nor password, those of using a token. */
export async function mailCredentials(
  desk: MailDesk,
  { address, user, rejected, requestId }: CredentialsInput,
): Promise<MailCredentials> {
  forgetRead(desk);
  const { account, grant } = await mailboxFor(desk, { address });
  if (grant) {
    const mailbox = { address: account?.address ?? grant.profile.address ?? "", account, grant };
    const resource = resourceFor(desk, grant);
    const refused = rejected === undefined ? {} : { rejected };
    const asked = requestId === undefined ? {} : { requestId };
    const token = await use(desk.vault, { connection: grant.id, resource, ...refused, ...asked });
    return {
      ...placeOf(desk, mailbox, grant.provider === "google" ? "google" : "outlook"),
      username: user ?? account?.username ?? mailbox.address,
      secret: { kind: "oauth", accessToken: token.accessToken },
      ticket: token.ticket,
      connection: grant.id,
      provider: grant.provider,
    };
  }
  if (!account?.password) {
    const authorize_path = mailAuthorizePath(account?.provider ?? "outlook");
    const detail = "The mail account has neither a grant nor a password.";
    throw failure("not_connected", detail, { extra: { authorize_path } });
  }
  const { vault, cloud } = desk;
  const password = await open(vault.ring, passwordPlace(vault, account.id), account.password);
  return {
    address: account.address,
    username: user ?? account.username ?? account.address,
    servers: serversOf(account, cloud),
    secret: { kind: "password", password },
  };
}

interface Mailbox {
  readonly account: MailAccount | undefined;
  readonly grant: Connection | undefined;
}

/** The account with its grant; where nothing was written down, a grant that opens a mailbox. */
async function mailboxFor(desk: MailDesk, named: MailboxNamed): Promise<Mailbox> {
  if ((await loadAccounts(desk)).length === 0) {
    const wanted = named.address?.toLowerCase();
    const grants = [...(await mailGrants(desk, "outlook")), ...(await mailGrants(desk, "google"))];
    const grant = grants.find(({ profile }) => wanted === undefined || profile.address?.toLowerCase() === wanted);
    if (grant) return { account: undefined, grant };
  }
  const account = await accountNamed(desk, named);
  return { account, grant: account.authMethod === "oauth" ? await grantOf(desk, account) : undefined };
}
