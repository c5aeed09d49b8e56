/** One life of an owner's keeper: from its first request until it is shut down or crashes. */
import type { KeeperStorage } from "../../src/connections/journal.ts";
import type { TrailStorage } from "../../src/connections/trail.ts";

/** How a life ends. `shutdown`: what is in flight goes on, but own storage is closed. `crash`: everything stops. */
export type Ending = "shutdown" | "crash";

/** See {@link createLife}. */
export interface Life {
  readonly ended: Ending | undefined;
  end(how: Ending): void;
  /** Never comes back in a crashed life. */
  unlessCrashed(): Promise<void>;
  /** Own storage as this life sees it. */
  storage(shared: Map<string, unknown>): KeeperStorage & TrailStorage;
}

/** A life that has just begun. */
export function createLife(): Life {
  let ended: Ending | undefined;
  const alive = () => {
    if (ended !== undefined) throw new Error("this object has been shut down");
  };
  return {
    get ended() {
      return ended;
    },
    end(how) {
      ended = how;
    },
    // A promise nobody resolves: a crashed isolate does not run on.
    unlessCrashed: () => (ended === "crash" ? new Promise<void>(() => {}) : Promise.resolve()),
    storage: (shared) => ({
      get: <T>(key: string) => {
        alive();
        return structuredClone(shared.get(key)) as T | undefined;
      },
      put(key, value) {
        alive();
        shared.set(key, structuredClone(value));
      },
      delete(key) {
        alive();
        return shared.delete(key);
      },
      list: <T>({ prefix, limit }: { prefix: string; limit?: number }) => {
        alive();
        const found = [...shared].filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
        return structuredClone(found.slice(0, limit)) as [string, T][];
      },
    }),
  };
}
