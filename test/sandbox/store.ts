/** The part of a list to read: from `start` (included) to `end` (not included), at most `limit` entries. */
export interface KeyRange {
  start?: string;
  end?: string;
  limit?: number;
}

/**
 * What the sandbox keeps its state in: a small synchronous key-value store. Values are never changed in
 * place, so that a plain map and a store that copies behave alike.
 */
export interface SandboxStore {
  get<T>(key: string): T | undefined;
  put<T>(key: string, value: T): void;
  delete(key: string): void;
  /** Every entry whose key starts with `prefix` and lies in the range, in the order of the keys. */
  list<T>(prefix: string, range?: KeyRange): [string, T][];
}

/** A store in memory, for tests inside one process. */
export function memoryStore(): SandboxStore {
  // One map for each word before the first colon keeps list() away from unrelated keys.
  const families = new Map<string, Family>();
  const family = (key: string) => {
    const word = key.slice(0, Math.max(0, key.indexOf(":")));
    const known = families.get(word);
    if (known !== undefined) return known;
    const fresh = new Family();
    families.set(word, fresh);
    return fresh;
  };
  return {
    get: <T>(key: string) => family(key).values.get(key) as T | undefined,
    put: (key, value) => family(key).put(key, value),
    delete: (key) => family(key).delete(key),
    list: <T>(prefix: string, range: KeyRange = {}) => {
      if (prefix.includes(":")) return family(prefix).list(prefix, range) as [string, T][];
      const all = [...families.values()].flatMap((one) => one.list(prefix, range) as [string, T][]);
      return all.toSorted(([a], [b]) => (a < b ? -1 : 1)).slice(0, range.limit);
    },
  };
}

/** The synchronous key-value storage of a SQLite-backed Durable Object, as a store. */
export function durableStore(kv: SyncKvStorage): SandboxStore {
  return {
    get: <T>(key: string) => kv.get<T>(key),
    put: (key, value) => kv.put(key, value),
    delete: (key) => void kv.delete(key),
    list: <T>(prefix: string, range: KeyRange = {}) => [...kv.list<T>({ prefix, ...range })],
  };
}

// The keys are sorted when somebody first lists them and kept so: a list reads no more than its range.
class Family {
  readonly values = new Map<string, unknown>();
  #sorted: string[] | undefined;

  put(key: string, value: unknown): void {
    if (this.#sorted !== undefined && !this.values.has(key)) this.#sorted.splice(this.#find(this.#sorted, key), 0, key);
    this.values.set(key, value);
  }

  delete(key: string): void {
    if (this.values.delete(key) && this.#sorted !== undefined) this.#sorted.splice(this.#find(this.#sorted, key), 1);
  }

  list(prefix: string, { start = prefix, end, limit = Infinity }: KeyRange): [string, unknown][] {
    const keys = (this.#sorted ??= [...this.values.keys()].toSorted((a, b) => (a < b ? -1 : 1)));
    const found: [string, unknown][] = [];
    for (let at = this.#find(keys, start > prefix ? start : prefix); at < keys.length && found.length < limit; at++) {
      const key = keys[at] ?? "";
      if (!key.startsWith(prefix) || (end !== undefined && key >= end)) break;
      found.push([key, this.values.get(key)]);
    }
    return found;
  }

  #find(keys: readonly string[], key: string): number {
    let [low, high] = [0, keys.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((keys[middle] ?? "") < key) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
