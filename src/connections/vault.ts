/**
 * The vault of one owner: what the verbs beside this file work on. It is built by the owner's keeper, once per life of
 * that object, and by the fault schedule in the tests. One vault is the only writer of its owner's rows.
 */
import type { Connection, ConnectionRows } from "../db/connections.ts";
import type { ScopePolicy } from "../lib/config-policy.ts";
import type { Erasure } from "../db/erasure.ts";
import type { EventRows } from "../db/events.ts";
import type { Clock } from "../lib/clock.ts";
import type { WebhookEndpoint } from "../lib/config-webhooks.ts";
import type { Sender } from "../lib/http.ts";
import { type ConnectionId, type Owner, randomText, type SystemName } from "../lib/ids.ts";
import type { KeyRing } from "../lib/key-ring.ts";
import type { Logger } from "../lib/log.ts";
import type { Provider } from "../providers/provider.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Exchanges } from "./exchanges.ts";
import { createDeliveryMemory, type DeliveryMemory } from "./events/memory.ts";
import type { AccessGrant } from "./grant.ts";
import type { Journal, PendingRow, StoredPause } from "./journal.ts";
import type { Trail } from "./trail.ts";

/** What a vault is given. */
export interface VaultPorts {
  readonly system: SystemName;
  readonly owner: Owner;
  /** Where this system's surfaces stand, for the `authorize_path` of failures. */
  readonly basePath: string;
  /** Where main's stand: a configured redirect URI is main's. */
  readonly mainBasePath: string;
  readonly publicUrl: string;
  /** Who may be handed what. */
  readonly scopePolicy: ScopePolicy;
  readonly ring: KeyRing;
  readonly rows: ConnectionRows;
  readonly events: EventRows;
  /** Who is told of events. */
  readonly webhooks: readonly WebhookEndpoint[];
  readonly audit: Trail;
  readonly journal: Journal;
  readonly sender: Sender;
  readonly clock: Clock;
  readonly log: Logger;
  readonly erasure: Erasure;
  provider(id: ProviderId): Provider;
  /** True where another live connection, anybody's, is of the same account at one of these providers. */
  isShared(row: Connection, providers: readonly ProviderId[]): Promise<boolean>;
  /** Keeps the object alive until `work` has ended; a failure of it is logged. */
  background(work: Promise<unknown>): void;
  /** Asks to be woken at that time at the latest, ms. */
  wakeBy(at: number): void;
  random(): number;
}

/** Times, ms. */
export interface VaultTimes {
  /** A token is renewed this long before it dies. */
  readonly refreshSkewMs: number;
  /** How long a caller waits on a refresh. */
  readonly deadlineMs: number;
  /** How long the request itself may take: callers have long gone, but its answer still counts. */
  readonly requestMs: number;
}

/** The times in production. */
export const VAULT_TIMES: VaultTimes = { refreshSkewMs: 5 * 60_000, deadlineMs: 10_000, requestMs: 25_000 };

/** A vault with its memory. */
export interface Vault extends VaultPorts {
  readonly times: VaultTimes;
  /** Tells this life of the object from those before it. */
  readonly life: string;
  readonly memory: Memory;
}

/** What a vault remembers while its object lives. Everything in it can be read again from D1 and the journal. */
export interface Memory {
  rows: Map<ConnectionId, Connection> | undefined;
  /** When `rows` was read, ms. */
  readAt: number;
  loading: Promise<Map<ConnectionId, Connection>> | undefined;
  /** Rows that wait in own storage, as it has them: a write must reach D1 before own storage is touched. */
  readonly pending: Map<ConnectionId, PendingRow>;
  /** Opened access tokens, by `connection/resource`. */
  readonly grants: Map<string, { readonly sealed: string; readonly grant: AccessGrant }>;
  /** Refreshes in flight, by `connection/resource`: everybody waits on the same one. */
  readonly refreshes: Map<string, Promise<Connection>>;
  /** Two refreshes of a connection never overlap, nor do two writes of its row. */
  readonly refreshQueue: Queue;
  readonly writes: Queue;
  readonly revocations: Queue;
  readonly exchanges: Exchanges;
  /** Sign-ins whose code is being redeemed, by flow. */
  readonly signIns: Map<string, ProviderId>;
  /** Connections whose provider is left alone for a while. */
  readonly pauses: Map<ConnectionId, StoredPause>;
  /** When a refused token last forced a refresh, by `connection/resource`, ms. */
  readonly forced: Map<string, number>;
  /** Uses that D1 does not know of yet, ms. */
  readonly used: Map<ConnectionId, number>;
  readonly delivery: DeliveryMemory;
  /** How often a write has changed which mail account uses which grant. */
  mailChanges: number;
}

/** The end of each connection's queue. */
export type Queue = Map<ConnectionId, Promise<unknown>>;

/** Builds a vault with an empty memory. */
export function createVault(ports: VaultPorts, times: VaultTimes = VAULT_TIMES): Vault {
  const memory: Memory = {
    rows: undefined,
    readAt: 0,
    loading: undefined,
    pending: new Map(),
    grants: new Map(),
    refreshes: new Map(),
    refreshQueue: new Map(),
    writes: new Map(),
    revocations: new Map(),
    exchanges: new Map(),
    signIns: new Map(),
    pauses: new Map(),
    forced: new Map(),
    used: new Map(),
    delivery: createDeliveryMemory(),
    mailChanges: 0,
  };
  return { ...ports, times, life: randomText(8), memory };
}

/** Runs `act` after everything queued before it under that id, whatever became of that. */
export function enqueue<Id, T>(queue: Map<Id, Promise<unknown>>, id: Id, act: () => Promise<T>): Promise<T> {
  const before = queue.get(id) ?? Promise.resolve();
  const mine = before.then(act, act);
  const end = mine.then(
    () => undefined,
    () => undefined,
  );
  queue.set(id, end);
  void end.then(() => {
    if (queue.get(id) === end) queue.delete(id);
  });
  return mine;
}
