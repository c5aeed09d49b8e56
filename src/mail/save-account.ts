/** Writes down how a mailbox is reached: servers, names, the way of proof, and a password that is sealed at once. */
import { record } from "../connections/audit.ts";
import { mailProviderOf } from "../connections/mail-links.ts";
import { rereadRows } from "../connections/rows.ts";
import type { Asker } from "../connections/sync.ts";
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { AuthMethod, MailProvider } from "../db/schema-mail.ts";
import { type FieldError, failure, notValid } from "../lib/errors.ts";
import { type ConnectionId, newMailAccountId } from "../lib/ids.ts";
import { seal, sealingKeyId, type SealedPlace } from "../lib/seal.ts";
import { serversOf, shownAccount, type ShownMailAccount } from "./account.ts";
import { attemptD1, type MailDesk, readAccounts, writing } from "./desk.ts";
import { grantOf, mailGrants } from "./pick.ts";
import { type MailServer, serverErrors } from "./servers.ts";
import { mailAuthorizePath } from "./surface.ts";

/** What the owner wrote. Absent servers are the known ones; an absent password stays as it is, null takes it away. */
export interface MailAccountInput extends Asker {
  readonly address: string;
  readonly username?: string | undefined;
  readonly imap?: MailServer | undefined;
  readonly smtp?: MailServer | undefined;
  readonly password?: string | null | undefined;
  readonly authMethod?: AuthMethod | undefined;
  /** The grant to use; with `oauth` and without it, the one of that address, or the only one. */
  readonly connection?: ConnectionId | undefined;
}

/** Most accounts of one owner. */
const MOST_ACCOUNTS = 20;

/** Saves an account. Failures: `validation_failed` for servers that are not known or may not be talked to, or a stored password that would go to another one, `not_found` for a grant that is not the owner's or opens no mailbox, `not_connected` where there is none, `conflict` for too many or where the grant changed meanwhile, `internal` where D1 cannot be written. */
export async function saveAccount(desk: MailDesk, input: MailAccountInput): Promise<ShownMailAccount> {
  const { vault } = desk;
  const { account, grant } = await writing(desk, () => written(desk, input));
  await record(vault, {
    action: "mail_account",
    outcome: "ok",
    ...(grant ? { provider: grant.provider, connection: grant.id } : {}),
    actor: input.actor,
    requestId: input.requestId,
    detail: { id: account.id, auth_method: account.authMethod, password: passwordWord(input.password) },
  });
  return shownAccount(account, { connection: grant, place: desk });
}

const TRIES = 3;

async function written(desk: MailDesk, input: MailAccountInput) {
  for (let attempt = 0; attempt < TRIES; attempt += 1) {
    const accounts = await readAccounts(desk);
    const before = accounts.find(({ address }) => address === input.address.toLowerCase());
    if (!before && accounts.length >= MOST_ACCOUNTS)
      throw failure("conflict", `There are ${MOST_ACCOUNTS} mail accounts already. Remove one first.`);
    const grant = await grantFor(desk, input, before);
    const account = await accountFor(desk, { input, before, grant });
    requireServers(desk, { account, input, before });
    // A grant that is refreshed or ended meanwhile is looked at again: nobody is linked to what has gone.
    const stored = await attemptD1(() => desk.rows.save(account, { before, grant }), "written");
    if (stored) return { account, grant };
    await rereadRows(desk.vault, 0);
  }
  throw failure("conflict", "The mail account or its grant was changed meanwhile. Try again.", { retryAfterS: 1 });
}

/** What became of the password, for the trail. */
function passwordWord(password: string | null | undefined): string {
  return password === undefined ? "kept" : password === null ? "removed" : "set";
}

/** The grant that the account is to use; undefined where it is to use a password. */
async function grantFor(
  desk: MailDesk,
  { address, authMethod, connection }: MailAccountInput,
  before: MailAccount | undefined,
): Promise<Connection | undefined> {
  if (authMethod === "password") {
    if (connection === undefined) return undefined;
    throw notValid([{ path: "connection", message: "a password is used without one" }]);
  }
  const grants = [...(await mailGrants(desk, "outlook")), ...(await mailGrants(desk, "google"))];
  if (connection !== undefined) {
    const named = grants.find(({ id }) => id === connection);
    if (named) return named;
    throw failure("not_found", "No such connection that opens a mailbox.");
  }
  if (authMethod === undefined && before) return grantOf(desk, before);
  const own = grants.find(({ profile }) => profile.address?.toLowerCase() === address.toLowerCase());
  if (own || authMethod === undefined) return own;
  const [only, ...others] = grants;
  // A shared mailbox, or another address of the same one.
  if (only && others.length === 0) return only;
  if (only) throw notValid([{ path: "connection", message: "several mailboxes are connected: say which to use" }]);
  const authorize_path = mailAuthorizePath(before?.provider ?? "outlook");
  throw failure("not_connected", "No mailbox is connected.", { extra: { authorize_path } });
}

interface Draft {
  readonly input: MailAccountInput;
  readonly before: MailAccount | undefined;
  readonly grant: Connection | undefined;
}

async function accountFor({ vault }: MailDesk, { input, before, grant }: Draft): Promise<MailAccount> {
  const now = vault.clock.now();
  const id = before?.id ?? newMailAccountId();
  const { password, username, imap, smtp } = input;
  const sealed =
    typeof password === "string"
      ? await seal(vault.ring, passwordPlace(vault, id), password)
      : password === null
        ? null
        : (before?.password ?? null);
  return {
    id,
    owner: vault.owner,
    address: input.address.toLowerCase(),
    username: username ?? null,
    provider: providerOf(grant, before),
    authMethod: grant ? "oauth" : "password",
    connection: grant?.id ?? null,
    imap: imap ?? null,
    smtp: smtp ?? null,
    password: sealed,
    sealedWith: sealed === null ? null : (sealingKeyId(sealed) ?? null),
    chosenAt: now,
    createdAt: before?.createdAt ?? now,
    updatedAt: now,
    version: (before?.version ?? 0) + 1,
  };
}

function providerOf(grant: Connection | undefined, before: MailAccount | undefined): MailProvider | null {
  return (grant && mailProviderOf(grant.provider)) ?? before?.provider ?? null;
}

/** Where a mailbox's password is sealed: it opens nowhere else. */
export function passwordPlace({ system, owner }: MailDesk["vault"], id: MailAccount["id"]): SealedPlace {
  return { system, owner, connection: id, field: "mail_password" };
}

function requireServers(desk: MailDesk, { account, input, before }: Omit<Draft, "grant"> & { account: MailAccount }) {
  const { anywhere } = desk;
  const servers = serversOf(account, desk);
  const errors = PROTOCOLS.flatMap((protocol): FieldError[] => {
    const [server, own] = [servers[protocol], input[protocol]];
    if (own && account.authMethod === "oauth" && own.host !== server?.host)
      return [{ path: `${protocol}.host`, message: "an access token goes to its provider's own servers alone" }];
    if (!server)
      return [{ path: protocol, message: "expected host, port and security: none are known for this domain" }];
    return serverErrors(server, { protocol, development: anywhere }).map(({ path, message }) => ({
      path: `${protocol}.${path}`,
      message,
    }));
  });
  if (errors.length > 0) throw notValid(errors);
  if (before?.password && input.password === undefined) requireSameHosts(desk, before, account);
}

/** Whoever writes an account down need not know its password, and does not get it by naming a server of theirs. */
function requireSameHosts(desk: MailDesk, before: MailAccount, after: MailAccount): void {
  const [then, now] = [before, after].map((account) => serversOf({ ...account, authMethod: "password" }, desk));
  if (PROTOCOLS.some((protocol) => now?.[protocol]?.host !== then?.[protocol]?.host))
    throw notValid([
      { path: "password", message: "expected again, or null: the stored one is not for another server" },
    ]);
}

const PROTOCOLS = ["imap", "smtp"] as const;
