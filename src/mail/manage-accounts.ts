/** Shows and removes mail accounts, and tells how everything of an owner stands. */
import { record } from "../connections/audit.ts";
import type { Integration } from "../connections/integration.ts";
import { listIntegrations } from "../connections/manage.ts";
import { loadRows } from "../connections/rows.ts";
import type { Resealed } from "../connections/reseal.ts";
import type { Asker } from "../connections/sync.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { MailAccountId } from "../lib/ids.ts";
import { open, seal, sealingKeyId } from "../lib/seal.ts";
import { shownAccount, type ShownMailAccount } from "./account.ts";
import { attemptD1, forgetRead, loadAccounts, type MailDesk } from "./desk.ts";
import { accountNamed, grantOf, type MailboxNamed } from "./pick.ts";
import { passwordPlace } from "./save-account.ts";

/** The account that is meant, as the API shows it. Fails as `not_found`. */
export async function showAccount(desk: MailDesk, named: MailboxNamed): Promise<ShownMailAccount> {
  forgetRead(desk);
  const account = await accountNamed(desk, named);
  return shownAccount(account, { connection: await grantOf(desk, account), cloud: desk.cloud });
}

/** Removes an account with its password; the grant stays. Fails as `not_found`. */
export async function removeAccount(desk: MailDesk, { address, ...asker }: MailboxNamed & Asker): Promise<void> {
  const { vault, rows } = desk;
  forgetRead(desk);
  const { id } = await accountNamed(desk, { address });
  const removed = await attemptD1(() => rows.remove(vault.owner, id), "written").finally(() => forgetRead(desk));
  if (!removed) throw failure("not_found", "There is no such mail account.");
  await record(vault, { action: "mail_account", outcome: "ok", ...asker, detail: { id, removed: true } });
}

/** Everything of an owner at once. */
export interface Holdings {
  readonly integrations: readonly Integration[];
  readonly accounts: readonly ShownMailAccount[];
}

/** The owner's connections and mail accounts. */
export async function listHoldings(desk: MailDesk): Promise<Holdings> {
  const integrations = await listIntegrations(desk.vault);
  forgetRead(desk);
  const grants = await loadRows(desk.vault);
  const accounts = (await loadAccounts(desk)).map((account) => {
    const connection = account.connection === null ? undefined : grants.get(account.connection);
    return shownAccount(account, { connection, cloud: desk.cloud });
  });
  return { integrations, accounts };
}

/** Seals an account's password anew with the ring's first key. */
export async function resealAccount(desk: MailDesk, id: MailAccountId): Promise<Resealed> {
  const { vault, rows } = desk;
  forgetRead(desk);
  const account = (await loadAccounts(desk)).find((one) => one.id === id);
  const { id: key } = await vault.ring.sealing();
  if (!account?.password || account.sealedWith === key) return "current";
  const place = passwordPlace(vault, id);
  try {
    const password = await seal(vault.ring, place, await open(vault.ring, place, account.password));
    const next = { ...account, password, sealedWith: sealingKeyId(password) ?? null, version: account.version + 1 };
    return (await attemptD1(() => rows.replace(next, account.version), "written")) ? "resealed" : "busy";
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    vault.log.error("mail account not sealed anew", { account: id, reason: error.reason });
    return error.reason?.startsWith("D1") ? "busy" : "lost";
  } finally {
    forgetRead(desk);
  }
}
