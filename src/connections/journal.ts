/**
 * What a keeper writes to its own storage: pending sign-ins, the marker that stands while a refresh is out, and rows
 * that D1 would not take. Synchronous, so that reading and deleting cannot be torn apart; the output gate holds every
 * request and answer back until what was written before it is durable.
 */
import type { Companions } from "../db/companions.ts";
import type { Connection } from "../db/connections.ts";
import type { FailureData } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { ProviderId } from "../lib/ids.ts";

/** The synchronous key-value part of a Durable Object's storage. */
export interface KeeperStorage {
  get<T>(key: string): T | undefined;
  put(key: string, value: unknown): void;
  delete(key: string): boolean;
  list<T>(options: { prefix: string }): Iterable<[string, T]>;
}

/** A sign-in that was started and not yet finished. */
export interface Flow {
  readonly provider: ProviderId;
  readonly redirectUri: string;
  /** What is asked for, OpenID scopes left out. */
  readonly scopes: readonly string[];
  /** The issuer that the answer must name, and whether it must name one (RFC 9207). */
  readonly issuer?: string | undefined;
  readonly namesIssuer?: boolean;
  /** True where a mail account is to use what is granted. */
  readonly mail?: boolean;
  /** Under which version of the scope policy it was asked for. */
  readonly policyVersion?: string | undefined;
  readonly verifier: string;
  readonly nonce: string;
  readonly returnTo: string | undefined;
  /** SHA-256 of the secret in the browser's cookie; undefined where no browser started the flow here. */
  readonly browser: string | undefined;
  /** Who asked, for the audit trail. */
  readonly actor: string;
  /** ms since the epoch. */
  readonly expiresAt: number;
}

/** Says that a refresh of this generation went out and its outcome is not known. */
export interface Marker {
  readonly generation: number;
  readonly resource: string;
  /** When the request left, ms. */
  readonly at: number;
  /** Which life of the object sent it. */
  readonly life: string;
  /** True once the request has ended: nobody waits for its answer any more, but it may have done its work. */
  readonly ended: boolean;
}

/** A row that D1 would not take. `expected`: the version in D1 that it replaces; null where it is new there. `decided`: the owner connected or disconnected. */
export interface PendingRow {
  readonly row: Connection;
  readonly expected: number | null;
  readonly decided: boolean;
  /** What is stored with the row; of all the writes that wait, where there are several. */
  readonly also?: Companions | undefined;
}

/** A refresh that the schedule asked for: when, ms, and of which generation. A newer one needs none. */
export interface Due {
  readonly at: number;
  readonly generation: number;
}

/** Leave the provider alone until then, ms, although the object sleeps in between. */
export interface StoredPause {
  readonly until: number;
  readonly failures: number;
  readonly failure: FailureData;
  /** Of which generation the refreshes were that failed. */
  readonly generation?: number;
}

/** The owner wants everything forgotten. `since`: ms; what comes later stays. */
export interface PendingErasure {
  readonly since: number;
  /** Who asked; absent in notes of before it was kept. */
  readonly actor?: string;
  readonly requestId?: string | undefined;
}

const KINDS = {
  flow: "flow:",
  marker: "marker:",
  pending: "pending:",
  due: "due:",
  pause: "pause:",
  erasure: "erasure:",
} as const;

/** The journal of one keeper. */
export function createJournal(storage: KeeperStorage) {
  return {
    flows: shelf<string, Flow>(storage, KINDS.flow),
    markers: shelf<ConnectionId, Marker>(storage, KINDS.marker),
    pending: shelf<ConnectionId, PendingRow>(storage, KINDS.pending),
    due: shelf<ConnectionId, Due>(storage, KINDS.due),
    pauses: shelf<ConnectionId, StoredPause>(storage, KINDS.pause),
    erasure: shelf<"owner", PendingErasure>(storage, KINDS.erasure),
  };
}

/** See {@link createJournal}. */
export type Journal = ReturnType<typeof createJournal>;

/** Entries of one kind. */
export interface Shelf<Id extends string, T> {
  get(id: Id): T | undefined;
  put(id: Id, entry: T): void;
  drop(id: Id): void;
  /** Reads and removes in one step: a second taker gets nothing. */
  take(id: Id): T | undefined;
  all(): [Id, T][];
}

function shelf<Id extends string, T>(storage: KeeperStorage, prefix: string): Shelf<Id, T> {
  const drop = (id: Id) => void storage.delete(prefix + id);
  const get = (id: Id) => storage.get<T>(prefix + id);
  return {
    get,
    put: (id, entry) => storage.put(prefix + id, entry),
    drop,
    take(id) {
      const entry = get(id);
      if (entry !== undefined) drop(id);
      return entry;
    },
    // Keys under this prefix were made from Id by put alone.
    all: () => [...storage.list<T>({ prefix })].map(([key, entry]) => [key.slice(prefix.length) as Id, entry]),
  };
}
