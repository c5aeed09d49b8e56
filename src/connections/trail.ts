/**
 * The trail of one owner. A record is chained, written to the keeper's own storage and only then said to be there: the
 * output gate holds the answer that it speaks of until it is durable, and no database is waited for. D1 gets it behind
 * the request, everything that has come together in one batch. An entry leaves own storage when D1 has it.
 */
import type { AuditEntry, AuditRecord, AuditRows } from "../db/audit.ts";
import type { Clock } from "../lib/clock.ts";
import { newAuditId } from "../lib/ids.ts";
import type { Logger } from "../lib/log.ts";
import { type ChainHead, type ChainOf, linked, NO_RECORDS } from "./chain.ts";
import type { KeeperStorage } from "./journal.ts";

/** See the head of this file. */
export interface Trail {
  /** Adds a record. It is in own storage when this comes back. */
  append(record: AuditRecord): Promise<void>;
  /** Writes to D1 what it does not have yet, and gives the head that D1 then has. Fails as D1 does. */
  flush(): Promise<ChainHead>;
  /** What the alarm does about entries that wait. Never fails; asks to be woken again where D1 does. */
  settle(): Promise<void>;
}

/** What a trail is given. */
export interface TrailPorts extends ChainOf {
  readonly storage: TrailStorage;
  readonly rows: Pick<AuditRows, "append">;
  readonly clock: Clock;
  readonly log: Logger;
  readonly background: (work: Promise<unknown>) => void;
  readonly wakeBy: (at: number) => void;
  readonly random: () => number;
  /** True while a refresh is out: work behind a request leaves own storage alone then, because an object that is being shut down would be stopped by it, and the refresh with it. */
  readonly busy: () => boolean;
}

/** Own storage, with lists in the order of their keys. */
export type TrailStorage = Omit<KeeperStorage, "list"> & {
  list<T>(options: { prefix: string; limit: number }): Iterable<[string, T]>;
};

const ENTRY = "audit:";
/** Outlives everything else that a keeper stores: without it an owner's chain would begin a second time. */
const HEAD = "audit_head";
const MOST_PER_BATCH = 200;
/** Whatever becomes of this life, another one brings D1 up to date by then, ms. */
const LOOK_AGAIN_MS = 5 * 60_000;
const FIRST_RETRY_MS = 2_000;
const LAST_RETRY_MS = 60_000;

/** The trail of the owner whose own storage this is. */
export function createTrail(ports: TrailPorts): Trail {
  const { storage, clock } = ports;
  const outbox = createOutbox(ports);
  const inTurn = createQueue();
  let head: ChainHead | undefined;
  // Read once: this life is the only one that can write own storage.
  const headNow = () => (head ??= storage.get<ChainHead>(HEAD) ?? NO_RECORDS);
  return {
    append: (record) =>
      // Hashing lets others in, and a place must not be given twice.
      inTurn(async () => {
        const entry = await linked(ports, headNow(), { id: newAuditId(), ...record });
        storage.put(ENTRY + String(entry.seq).padStart(12, "0"), entry);
        storage.put(HEAD, { seq: entry.seq, hash: entry.hash });
        head = { seq: entry.seq, hash: entry.hash };
        ports.wakeBy(clock.now() + LOOK_AGAIN_MS);
        outbox.pump();
      }),
    async flush() {
      const upTo = await inTurn(async () => headNow());
      await outbox.drain({ patient: false });
      return upTo;
    },
    settle: () => outbox.settle(),
  };
}

/** The entries that D1 has not confirmed, and the one writer that brings them there. */
function createOutbox(ports: TrailPorts) {
  const { clock } = ports;
  const shelf = createShelf(ports);
  const inTurn = createQueue();
  let pumping = false;
  let more = false;
  const pause = createPause(ports);

  const drain = ({ patient }: { readonly patient: boolean }) =>
    inTurn(async () => {
      for (let entries = shelf.next(); entries.length > 0; entries = shelf.next()) {
        await ports.rows.append(ports.owner, entries);
        shelf.confirm(entries);
        pause.end();
        if (patient && ports.busy()) return ports.wakeBy(clock.now() + LAST_RETRY_MS);
      }
    });

  async function pumpOn(): Promise<void> {
    try {
      do {
        more = false;
        await drain({ patient: true });
      } while (more);
    } catch (cause) {
      pause.begin(cause);
    } finally {
      pumping = false;
    }
  }

  return {
    drain,
    /** Begins to write what waits. Entries that come meanwhile go with the next batch. */
    pump(): void {
      more = true;
      if (pumping || pause.until() > clock.now()) return;
      pumping = true;
      ports.background(pumpOn());
    },
    async settle(): Promise<void> {
      if (pause.until() > clock.now()) return ports.wakeBy(pause.until());
      await drain({ patient: true }).catch(pause.begin);
    },
  };
}

/** D1 is left alone for a while after it failed, longer each time. */
function createPause({ clock, log, wakeBy, random }: TrailPorts) {
  let failures = 0;
  let until = 0;
  return {
    /** ms since the epoch. */
    until: () => until,
    begin: (cause: unknown): void => {
      until = clock.now() + Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** failures) * (0.5 + random());
      failures += 1;
      log.warn("audit entries wait: D1 did not take them", { cause });
      wakeBy(until);
    },
    end(): void {
      failures = 0;
      until = 0;
    },
  };
}

/** The entries in own storage, oldest first. */
function createShelf({ storage }: TrailPorts) {
  /** D1 has everything up to here, though own storage may have it still. */
  let confirmed = 0;
  return {
    confirm(entries: readonly AuditEntry[]): void {
      confirmed = entries.at(-1)?.seq ?? confirmed;
    },
    /** The next ones that D1 is to have; drops those that it has. */
    next(): AuditEntry[] {
      for (;;) {
        const stored = [...storage.list<AuditEntry>({ prefix: ENTRY, limit: MOST_PER_BATCH })];
        const fresh = stored.filter(([, { seq }]) => seq > confirmed);
        for (const [key, { seq }] of stored) if (seq <= confirmed) storage.delete(key);
        if (fresh.length > 0 || stored.length === 0) return fresh.map(([, entry]) => entry);
      }
    },
  };
}

/** Runs what it is given one after the other, whatever became of what was before. */
function createQueue() {
  let last: Promise<unknown> = Promise.resolve();
  return <T>(act: () => Promise<T>): Promise<T> => {
    const mine = last.then(act, act);
    last = mine;
    return mine;
  };
}
