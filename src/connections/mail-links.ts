/** Which mail account a sign-in is for. No I/O. */
import type { Connection } from "../db/connections.ts";
import type { MailChange } from "../db/mail-links.ts";
import type { MailProvider } from "../db/schema-mail.ts";
import type { Feature } from "../lib/features.ts";
import { newMailAccountId, type ProviderId } from "../lib/ids.ts";
import { unlocks } from "../providers/features.ts";
import type { Provider } from "../providers/provider.ts";
import type { Granted } from "./connected-row.ts";
import type { Vault } from "./vault.ts";

/** Whose servers take the tokens of a provider's grants. */
const MAIL_PROVIDERS: Readonly<Record<ProviderId, MailProvider>> = {
  outlook: "outlook",
  microsoft: "outlook",
  google: "google",
};

/** Whose mail servers take a grant of that provider; undefined: nobody's. */
export function mailProviderOf(id: ProviderId): MailProvider | undefined {
  return Object.hasOwn(MAIL_PROVIDERS, id) ? MAIL_PROVIDERS[id] : undefined;
}

/** What a mail client does with a mailbox. */
export const MAILBOX_FEATURES = ["mail.imap", "mail.smtp"] as const satisfies readonly Feature[];

/** True where these scopes open a mailbox to a mail client, for reading, sending or both. */
export function opensMailbox(provider: Provider, scopes: readonly string[]): boolean {
  return MAILBOX_FEATURES.some((feature) => unlocks(provider, feature, scopes));
}

/** A mailbox that a sign-in has opened to mail clients. */
interface Mailbox {
  /** In small letters. */
  readonly address: string;
  readonly provider: MailProvider;
}

/** The mailbox that a sign-in was for; undefined where it was for something else, mail was not granted, or nobody says whose mailbox it is. */
export function mailboxOf(
  { system }: Pick<Vault, "system">,
  row: Connection,
  { provider, flow }: Pick<Granted, "provider" | "flow">,
): Mailbox | undefined {
  // Mail accounts have one population, main's.
  if (system !== "main") return undefined;
  const wanted = flow.mail === true || opensMailbox(provider, provider.scopes);
  const by = mailProviderOf(provider.id);
  const address = row.profile.address?.toLowerCase();
  if (!wanted || !by || !address || !opensMailbox(provider, row.scopes)) return undefined;
  return { address, provider: by };
}

/** The account that uses this grant from now on, if any; where it opens no mailbox, none that used it does. */
export function mailLinksOf(
  vault: Pick<Vault, "system">,
  row: Connection,
  granted: Pick<Granted, "provider" | "flow">,
): MailChange[] {
  const mailbox = mailboxOf(vault, row, granted);
  if (!mailbox) return opensMailbox(granted.provider, row.scopes) ? [] : unlinkOf(row, row.connectedAt);
  const { owner, id: connection, connectedAt: at } = row;
  return [{ link: { id: newMailAccountId(), owner, connection, at, ...mailbox } }];
}

/** Takes a grant away from the accounts that use it: they go back to their passwords. `now`: ms since the epoch. */
export function unlinkOf({ owner, id: connection, provider }: Connection, now: number): MailChange[] {
  return mailProviderOf(provider) ? [{ unlink: { owner, connection, at: now } }] : [];
}
