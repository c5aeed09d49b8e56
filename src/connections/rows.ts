/**
 * The owner's rows: read once per life, kept in memory, written by compare-and-set. The order of a write is fixed:
 * D1 first, own storage only when D1 fails, memory last. An object that is being shut down is stopped at its next
 * access to its own storage, and a D1 write is not one.
 */
import { type Companions, laterBy, together } from "../db/companions.ts";
import type { Connection } from "../db/connections.ts";
import { failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { PendingRow } from "./journal.ts";
import { announce } from "./events/deliver.ts";
import { eventsOf } from "./events/events-of.ts";
import { failuresOf, recallPauses } from "./pauses.ts";
import { keyOf } from "./sealed-with.ts";
import { enqueue, type Vault } from "./vault.ts";

const LEAST_AGE_MS = 1_000;
const FIRST_HEAL_MS = 2_000;
const HEAL_AGAIN_MS = 30_000;

/** What became of a write. `lost`: another version stands where `expected` was looked for; undefined: none at all. */
export type Commit =
  | { readonly kind: "stored"; readonly row: Connection }
  | { readonly kind: "lost"; readonly current: Connection | undefined };

/** The owner's rows, from memory or D1. Fails as `internal` when D1 cannot be read. */
export async function loadRows(vault: Vault): Promise<Map<ConnectionId, Connection>> {
  const { memory } = vault;
  if (memory.rows) return memory.rows;
  memory.loading ??= readRows(vault).finally(() => {
    memory.loading = undefined;
  });
  return memory.loading;
}

/** Takes over what D1 has newer than memory. False where that was done less than `leastAgeMs` ago. */
export async function rereadRows(vault: Vault, leastAgeMs = LEAST_AGE_MS): Promise<boolean> {
  const rows = await loadRows(vault);
  if (vault.clock.now() - vault.memory.readAt < leastAgeMs) return false;
  const stored = await reading(() => vault.rows.listOf(vault.owner));
  vault.memory.readAt = vault.clock.now();
  for (const row of stored) if (isNewer(row, rows.get(row.id))) rows.set(row.id, row);
  return true;
}

async function readRows(vault: Vault): Promise<Map<ConnectionId, Connection>> {
  const stored = await reading(() => vault.rows.listOf(vault.owner));
  const rows = new Map(stored.map((row) => [row.id, row]));
  // Rows that D1 has not taken yet are newer than what it holds.
  for (const [id, pending] of vault.journal.pending.all()) {
    vault.memory.pending.set(id, pending);
    if (isNewer(pending.row, rows.get(id))) rows.set(id, pending.row);
  }
  recallPauses(vault);
  vault.memory.rows = rows;
  vault.memory.readAt = vault.clock.now();
  return rows;
}

/** The row as D1 has it now, or as it waits to be written there; memory is brought up to it. */
export async function rereadRow(vault: Vault, id: ConnectionId): Promise<Connection | undefined> {
  const stored = await reading(() => vault.rows.find(vault.owner, id));
  const rows = await loadRows(vault);
  if (stored && isNewer(stored, rows.get(id))) rows.set(id, stored);
  // Gone from D1 and not waiting to be written there: erased.
  if (!stored && !vault.memory.pending.has(id)) rows.delete(id);
  return rows.get(id);
}

/** A write. `decided`: the owner connected or disconnected; that outranks a refresh which another life stored meanwhile. */
export interface Write {
  readonly before: Connection | undefined;
  readonly next: Connection;
  readonly decided: boolean;
  /** What is stored with the row or not at all. Its events are added here. */
  readonly also?: Companions;
}

/**
 * Writes `next` over `before`, after every write queued earlier for that connection. Never fails because of D1: what it
 * will not take waits in own storage and is written again by {@link healRows}.
 */
export function commitRow(vault: Vault, { before, next: given, decided, also }: Write): Promise<Commit> {
  const next = { ...given, sealedWith: keyOf(given) };
  return enqueue(vault.memory.writes, next.id, async () => {
    const rows = await loadRows(vault);
    const known = rows.get(next.id);
    if (known?.version !== before?.version) return { kind: "lost", current: known };
    // From memory: own storage must not be touched before D1 has the row.
    const pending = vault.memory.pending.get(next.id);
    const expected = pending ? pending.expected : (before?.version ?? null);
    const write = {
      row: next,
      expected,
      decided: decided || pending?.decided === true,
      also: together(together(pending?.also, also), eventsBetween(vault, { before: known, next, decided })),
    };
    try {
      return await storeRow(vault, write, pending !== undefined);
    } catch (cause) {
      rows.set(next.id, next);
      vault.memory.pending.set(next.id, write);
      if (write.also?.mail?.length) vault.memory.mailChanges += 1;
      vault.journal.pending.put(next.id, write);
      vault.wakeBy(vault.clock.now() + FIRST_HEAL_MS);
      vault.log.warn("row kept in own storage: D1 did not take it", { connection: next.id, cause });
      return { kind: "stored", row: next };
    }
  });
}

/** The events of a write. From memory, as all else before D1. */
function eventsBetween(vault: Vault, write: Write): Companions | undefined {
  const failures = write.before ? failuresOf(vault, write.before) : 0;
  const events = eventsOf(
    { ...write, failures },
    { system: vault.system, endpoints: vault.webhooks, now: vault.clock.now() },
  );
  return events.length === 0 ? undefined : { events };
}

/** Repeats the writes that D1 would not take. Gives how many are left; asks to be woken while any is. */
export async function healRows(vault: Vault): Promise<number> {
  await loadRows(vault);
  for (const id of vault.memory.pending.keys()) await healRow(vault, id);
  const left = vault.memory.pending.size;
  if (left > 0) vault.wakeBy(vault.clock.now() + HEAL_AGAIN_MS * (0.5 + vault.random()));
  return left;
}

function healRow(vault: Vault, id: ConnectionId): Promise<void> {
  return enqueue(vault.memory.writes, id, async () => {
    const pending = vault.memory.pending.get(id);
    if (!pending) return;
    try {
      const { kind } = await storeRow(vault, pending, true);
      vault.log.info("row from own storage settled", { connection: id, outcome: kind });
    } catch (cause) {
      vault.log.warn("D1 still does not take a row", { connection: id, cause });
    }
  });
}

/** One write, settled in memory and journal. `waited`: it stood in own storage, and what was stored meanwhile is not known. */
async function storeRow(vault: Vault, write: PendingRow, waited: boolean): Promise<Commit> {
  if (await writeRow(vault, write)) return settle(vault, write);
  const stored = await vault.rows.find(vault.owner, write.row.id);
  // The write whose answer was lost, or one before it, had arrived.
  if (stored && isSame(stored, write.row)) return settle(vault, write);
  const over = waited ? laidOver(stored, write) : undefined;
  if (over && (await writeRow(vault, over))) return settle(vault, over);
  dropPending(vault, write.row.id);
  if (stored) vault.memory.rows?.set(stored.id, stored);
  else vault.memory.rows?.delete(write.row.id);
  return { kind: "lost", current: stored };
}

/** What waited, laid over what was stored meanwhile: an earlier version of our own always; another life's refresh only by what the owner decided. */
function laidOver(stored: Connection | undefined, { row, decided, also }: PendingRow): PendingRow | undefined {
  if (!stored) return decided ? { row, expected: null, decided, also } : undefined;
  if (stored.version < row.version) return { row, expected: stored.version, decided, also };
  if (!decided || isLater(stored, row)) return undefined;
  const generation = Math.max(row.generation, stored.generation + 1);
  const over = { ...row, generation, version: stored.version + 1 };
  return { row: over, expected: stored.version, decided, also: also && laterBy(over.version - row.version, also) };
}

/**
 * What an ended life has stored may follow from the very decision that waits, because it could not take that out of own
 * storage any more: a refresh of the new grant, whose refresh token has replaced the one that waits, or a later sign-in.
 */
function isLater(stored: Connection, { status, connectedAt, updatedAt }: Connection): boolean {
  return status === "revoked" ? stored.connectedAt > updatedAt : stored.connectedAt >= connectedAt;
}

function settle(vault: Vault, { row, also }: PendingRow): Commit {
  vault.memory.rows?.set(row.id, row);
  dropPending(vault, row.id);
  if (also?.events?.length) announce(vault);
  if (also?.mail?.length) vault.memory.mailChanges += 1;
  return { kind: "stored", row };
}

function dropPending(vault: Vault, id: ConnectionId): void {
  if (vault.memory.pending.delete(id)) vault.journal.pending.drop(id);
}

function writeRow(vault: Vault, { row, expected, also }: PendingRow): Promise<boolean> {
  return expected === null ? vault.rows.insert(row, also) : vault.rows.replace(row, expected, also);
}

/** Sealing takes a fresh nonce each time, so equal ciphertexts are the same write. */
function isSame(stored: Connection, written: Connection): boolean {
  const mark = ({ version, status, refreshToken, accessTokens }: Connection) =>
    JSON.stringify([version, status, refreshToken, Object.values(accessTokens).map((token) => token.sealed)]);
  return mark(stored) === mark(written);
}

function isNewer(row: Connection, than: Connection | undefined): boolean {
  return than === undefined || row.version > than.version;
}

async function reading<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (cause) {
    throw failure("internal", "Stored connections cannot be read now.", {
      reason: "D1 cannot be read",
      retryAfterS: 5,
      cause,
    });
  }
}
