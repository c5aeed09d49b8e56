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
import { attemptD1, type MailDesk, readAccounts, writing } from "./desk.ts";
import { accountNamed, grantOf, type MailboxNamed, requireOne } from "./pick.ts";
import { passwordPlace } from "./save-account.ts";

/** The account that is meant, as the API shows it. Fails as `not_found`. */
export async function showAccount(desk: MailDesk, named: MailboxNamed): Promise<ShownMailAccount> {
  const account = accountNamed(await readAccounts(desk), named);
  return shownAccount(account, { connection: await grantOf(desk, account), place: desk });
}

/** Removes an account with its password; the grant stays. Failures: `not_found`, `validation_failed` where there are several and none is named. */
export async function removeAccount(desk: MailDesk, { address, ...asker }: MailboxNamed & Asker): Promise<void> {
  const { vault, rows } = desk;
  const id = await writing(desk, async () => {
    const accounts = await readAccounts(desk);
    if (address === undefined) requireOne(accounts.map((one) => one.address));
    const account = accountNamed(accounts, { address });
    if (await attemptD1(() => rows.remove(vault.owner, account.id), "written")) return account.id;
    throw failure("not_found", "There is no such mail account.");
  });
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
  const accounts = await readAccounts(desk);
  const grants = await loadRows(desk.vault);
  const shown = accounts.map((account) => {
    const connection = account.connection === null ? undefined : grants.get(account.connection);
    return shownAccount(account, { connection, place: desk });
  });
  return { integrations, accounts: shown };
}

/** Seals an account's password anew with the ring's first key. */
export async function resealAccount(desk: MailDesk, id: MailAccountId): Promise<Resealed> {
  try {
    return await writing(desk, () => resealed(desk, id));
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    desk.vault.log.error("mail account not sealed anew", { account: id, reason: error.reason });
    return error.reason?.startsWith("D1") ? "busy" : "lost";
  }
}

async function resealed(desk: MailDesk, id: MailAccountId): Promise<Resealed> {
  const { vault, rows } = desk;
  const account = (await readAccounts(desk)).find((one) => one.id === id);
  const { id: key } = await vault.ring.sealing();
  if (!account?.password || account.sealedWith === key) return "current";
  const place = passwordPlace(vault, id);
  const password = await seal(vault.ring, place, await open(vault.ring, place, account.password));
  const next = { ...account, password, sealedWith: sealingKeyId(password) ?? null, version: account.version + 1 };
  return (await attemptD1(() => rows.save(next, { before: account }), "written")) ? "resealed" : "busy";
}
