/** A mail account as it is used and as it is shown: what its owner wrote, filled in by what is known. No I/O. */
import type { Connection } from "../db/connections.ts";
import type { MailAccount } from "../db/mail-accounts.ts";
import type { Config } from "../lib/config.ts";
import { rfc3339 } from "../lib/clock.ts";
import { knownServers, type MailServer, type MailServers } from "./servers.ts";

/** The servers of an account; undefined where nobody said, and none are known. */
export function serversOf(
  { address, provider, imap, smtp }: Pick<MailAccount, "address" | "provider" | "imap" | "smtp">,
  cloud: Config["cloud"],
): Partial<MailServers> {
  const known = knownServers({ address, cloud, ...(provider === null ? {} : { provider }) });
  const [incoming, outgoing] = [imap ?? known?.imap, smtp ?? known?.smtp];
  return { ...(incoming ? { imap: incoming } : {}), ...(outgoing ? { smtp: outgoing } : {}) };
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
  { connection, cloud }: { readonly connection: Connection | undefined; readonly cloud: Config["cloud"] },
): ShownMailAccount {
  const { imap = null, smtp = null } = serversOf(account, cloud);
  return {
    id: account.id,
    address: account.address,
    username: account.username ?? account.address,
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
