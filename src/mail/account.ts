/** A mail account as it is used and as it is shown: what its owner wrote, filled in by what is known. No I/O. */
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import { rfc3339 } from "../lib/clock.ts";
import type { MailDesk } from "./desk.ts";
import { knownServers, type MailServer, type MailServers, takesTokensOf } from "./servers.ts";

/** What servers and user name follow from. */
type Reached = Pick<MailAccount, "address" | "username" | "provider" | "authMethod" | "imap" | "smtp">;
type Place = Pick<MailDesk, "cloud" | "anywhere">;

/**
 * The servers of an account; a server is absent where nobody said, and none is known. An access token goes to its
 * provider's own servers alone: what the owner wrote for a password waits meanwhile.
 */
export function serversOf(account: Reached, { cloud, anywhere }: Place): Partial<MailServers> {
  const { address, provider, authMethod } = account;
  const known = knownServers({ address, cloud, ...(provider === null ? {} : { provider }) });
  const own = (server: MailServer | null) => {
    const fits = authMethod === "password" || anywhere || (provider && server && takesTokensOf(provider, server.host));
    return fits ? (server ?? undefined) : undefined;
  };
  const [imap, smtp] = [own(account.imap) ?? known?.imap, own(account.smtp) ?? known?.smtp];
  return { ...(imap ? { imap } : {}), ...(smtp ? { smtp } : {}) };
}

/** What the servers know the user by. With a token it is an address: another name is the password's. */
export function usernameOf({ address, username, authMethod }: Reached): string {
  return username !== null && (authMethod === "password" || username.includes("@")) ? username : address;
}

/** The public shape of an account. No password, sealed or not. Times are RFC 3339 UTC. */
export interface ShownMailAccount {
  readonly id: string;
  readonly address: string;
  readonly username: string;
  readonly provider: string | null;
  readonly auth_method: "password" | "oauth";
  readonly connection: string | null;
  /** How the grant stands; null where none is used. */
  readonly connection_status: string | null;
  readonly imap: MailServer | null;
  readonly smtp: MailServer | null;
  readonly has_password: boolean;
  readonly created_at: string;
  readonly updated_at: string;
}

/** An account as the API shows it, with the grant that it uses. */
export function shownAccount(
  account: MailAccount,
  { connection, place }: { readonly connection: Connection | undefined; readonly place: Place },
): ShownMailAccount {
  const { imap = null, smtp = null } = serversOf(account, place);
  return {
    id: account.id,
    address: account.address,
    username: usernameOf(account),
    provider: account.provider,
    auth_method: account.authMethod,
    connection: account.connection,
    connection_status: connection?.status ?? null,
    imap,
    smtp,
    has_password: account.password !== null,
    created_at: rfc3339(account.createdAt),
    updated_at: rfc3339(account.updatedAt),
  };
}
