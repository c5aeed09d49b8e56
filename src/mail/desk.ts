/** Where an owner's mail accounts are read and written: their keeper is the only writer, so what it has read stays true. */
import { enqueue, type Vault } from "../connections/vault.ts";
import type { MailAccount, MailAccountRows } from "../db/mail-accounts.ts";
import { changed } from "../db/mail-links.ts";
import type { Config } from "../lib/config.ts";
import { failure } from "../lib/errors.ts";

/** What the verbs beside this file work on. */
export interface MailDesk {
  readonly vault: Vault;
  readonly rows: MailAccountRows;
  readonly cloud: Config["cloud"];
  /** True where servers may be anywhere, as in development. */
  readonly anywhere: boolean;
  readonly memory: DeskMemory;
}

/** What was read, as of which changes by sign-ins and disconnects; how often accounts were written; who is writing. */
export interface DeskMemory {
  accounts?: readonly MailAccount[];
  readAt?: string;
  writes: number;
  readonly queue: Map<"accounts", Promise<unknown>>;
}

/** An empty memory. */
export function deskMemory(): DeskMemory {
  return { writes: 0, queue: new Map() };
}

/** The owner's accounts, the one chosen last first, from memory where that is true still. Fails as `internal` where D1 cannot be read. */
export async function loadAccounts(desk: MailDesk): Promise<readonly MailAccount[]> {
  const { memory } = desk;
  return memory.accounts && memory.readAt === moment(desk) ? memory.accounts : readAccounts(desk);
}

/** The same, as D1 has them now. Where it cannot be read, memory stays what it was. */
export async function readAccounts(desk: MailDesk): Promise<readonly MailAccount[]> {
  const { vault, rows, memory } = desk;
  const before = moment(desk);
  const stored = await attemptD1(() => rows.listOf(vault.owner), "read");
  // What waits to be written with its connection counts already.
  const waiting = [...vault.memory.pending.values()].flatMap(({ also }) => also?.mail ?? []);
  const accounts = waiting
    .reduce(changed, stored)
    .toSorted((left, right) => right.chosenAt - left.chosenAt || (left.id < right.id ? -1 : 1));
  // Somebody may have written meanwhile: then this is good for whoever asked, and not to be kept.
  if (before === moment(desk)) Object.assign(memory, { accounts, readAt: before });
  return accounts;
}

function moment({ vault, memory }: MailDesk): string {
  return `${vault.memory.mailChanges}/${memory.writes}`;
}

/** Writes accounts, one writer after the other. Fails as `internal` where D1 does: nothing was written then, or it can be asked again. */
export function writing<T>(desk: MailDesk, act: () => Promise<T>): Promise<T> {
  const { memory } = desk;
  return enqueue(memory.queue, "accounts", async () => {
    memory.writes += 1;
    try {
      return await act();
    } finally {
      memory.writes += 1;
    }
  });
}

/** Whatever `act` asks of D1. */
export async function attemptD1<T>(act: () => Promise<T>, what: "read" | "written"): Promise<T> {
  try {
    return await act();
  } catch (cause) {
    const reason = `D1 cannot be ${what}`;
    throw failure("internal", `Mail accounts cannot be ${what} now.`, { reason, retryAfterS: 5, cause });
  }
}
