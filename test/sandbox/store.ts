/**
 * What the sandbox keeps its state in: a small synchronous key-value store. Values are never changed in
 * place, so that a plain map and a store that copies behave alike.
 */
export interface SandboxStore {
  get<T>(key: string): T | undefined;
  put<T>(key: string, value: T): void;
  delete(key: string): void;
  /** Every entry whose key starts with `prefix`, in the order of the keys. */
  list<T>(prefix: string): [string, T][];
}

/** A store in memory, for tests inside one process. */
export function memoryStore(): SandboxStore {
  // One map for each word before the first colon keeps list() away from unrelated keys.
  const families = new Map<string, Map<string, unknown>>();
  const family = (key: string) => {
    const word = key.slice(0, Math.max(0, key.indexOf(":")));
    const known = families.get(word);
    if (known !== undefined) return known;
    const fresh = new Map<string, unknown>();
    families.set(word, fresh);
    return fresh;
  };
  return {
    get: <T>(key: string) => family(key).get(key) as T | undefined,
    put: (key, value) => void family(key).set(key, value),
    delete: (key) => void family(key).delete(key),
    list: <T>(prefix: string) => {
      const maps = prefix.includes(":") ? [family(prefix)] : [...families.values()];
      const entries = maps.flatMap((map) => [...map] as [string, T][]);
      return entries.filter(([key]) => key.startsWith(prefix)).toSorted(([a], [b]) => (a < b ? -1 : 1));
    },
  };
}

/** The synchronous key-value storage of a SQLite-backed Durable Object, as a store. */
export function durableStore(kv: SyncKvStorage): SandboxStore {
  return {
    get: <T>(key: string) => kv.get<T>(key),
    put: (key, value) => kv.put(key, value),
    delete: (key) => void kv.delete(key),
    list: <T>(prefix: string) => [...kv.list<T>({ prefix })],
  };
}
