/** Where an owner's mail accounts are read and written: their keeper is the only writer, so what it has read stays true. */
import type { Vault } from "../connections/vault.ts";
import type { MailAccount, MailAccountRows } from "../db/mail-accounts.ts";
import { failure } from "../lib/errors.ts";
import type { Config } from "../lib/config.ts";

/** What the verbs beside this file work on. */
export interface MailDesk {
  readonly vault: Vault;
  readonly rows: MailAccountRows;
  readonly cloud: Config["cloud"];
  /** True where servers may be anywhere, as in development. */
  readonly anywhere: boolean;
  readonly memory: DeskMemory;
}

/** What was read, and the count of changes by sign-ins and disconnects that it goes with. */
export interface DeskMemory {
  accounts?: readonly MailAccount[];
  changes?: number;
}

/** The owner's accounts, the one chosen last first. Fails as `internal` where D1 cannot be read. */
export async function loadAccounts({ vault, rows, memory }: MailDesk): Promise<readonly MailAccount[]> {
  const { mailChanges } = vault.memory;
  if (memory.accounts && memory.changes === mailChanges) return memory.accounts;
  const read = await attemptD1(() => rows.listOf(vault.owner), "read");
  memory.accounts = read.toSorted((left, right) => right.chosenAt - left.chosenAt || (left.id < right.id ? -1 : 1));
  memory.changes = mailChanges;
  return memory.accounts;
}

/** Reads D1 again at the next question: something was written, or what was read may be of another life's time. */
export function forgetRead({ memory }: MailDesk): void {
  delete memory.accounts;
}

/** Whatever `act` asks of D1. Fails as `internal` where that fails: nothing was written then, or it can be asked again. */
export async function attemptD1<T>(act: () => Promise<T>, what: "read" | "written"): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const reason = `D1 cannot be ${what}`;
    throw failure("internal", `Mail accounts cannot be ${what} now.`, { reason, retryAfterS: 5, cause });
  }
}
