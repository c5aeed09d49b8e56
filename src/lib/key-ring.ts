/**
 * The ring of AES-256 keys. The first key seals; any key opens; an id says which. A key without an id is known by its
 * fingerprint, so that giving it a name later does not orphan what it sealed.
 *
 * Where no ring is configured one key is derived from the JWT secret by PBKDF2-SHA-256 (RFC 8018), once per isolate.
 * It stays on the ring as an opener afterwards.
 */
import { base64url } from "jose";
import type { RingKeySource } from "./config-values.ts";
import { failure } from "./errors.ts";

/** One key of the ring. */
export interface RingKey {
  readonly id: string;
  readonly aes: CryptoKey;
  readonly bytes: Uint8Array;
}

/** The keys that seal and open. */
export interface KeyRing {
  /** The key that seals. */
  sealing(): Promise<RingKey>;
  /** The key of that id. Fails as `internal` where the ring has none of that id. */
  opening(id: string): Promise<RingKey>;
  /** Every key, the sealing one first. */
  all(): Promise<readonly RingKey[]>;
}

/** The id under which the derived key seals. */
export const DERIVED_KEY_ID = "derived";

const PBKDF2_ROUNDS = 100_000;
const PBKDF2_SALT = "latchkey/token-encryption/v1";

/** Builds the ring. Keys are imported on first use and kept. */
export function createKeyRing(sources: readonly RingKeySource[], derivationSecret: Uint8Array | undefined): KeyRing {
  const named = once(async () => Promise.all(sources.map(importKey)));
  const derived = async (): Promise<RingKey[]> => (derivationSecret ? [await deriveOnce(derivationSecret)] : []);
  const all = async () => (sources.length > 0 ? (await named()).map(({ key }) => key) : derived());
  return {
    all,
    async sealing() {
      const [first] = await all();
      if (!first) throw failure("internal", "No key to seal with.", { reason: "key ring: empty" });
      return first;
    },
    async opening(id) {
      const match = (await named()).find(({ key, fingerprint }) => key.id === id || fingerprint === id);
      if (match) return match.key;
      const [fallback] = id === DERIVED_KEY_ID ? await derived() : [];
      if (fallback) return fallback;
      throw failure("internal", "A stored value cannot be opened.", { reason: `seal: unknown key id ${id}` });
    },
  };
}

async function importKey({ id, bytes }: RingKeySource): Promise<{ key: RingKey; fingerprint: string }> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  const fingerprint = base64url.encode(digest.slice(0, 6));
  return { key: { id: id ?? fingerprint, aes: await importAes(bytes), bytes }, fingerprint };
}

function importAes(bytes: Uint8Array): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, "AES-GCM", false, ["encrypt", "decrypt"]);
}

// 100,000 rounds take tens of milliseconds of CPU: once per isolate and secret, whoever asks.
const derivedKeys = new Map<string, Promise<RingKey>>();

function deriveOnce(secret: Uint8Array): Promise<RingKey> {
  const name = base64url.encode(secret);
  const known = derivedKeys.get(name) ?? derive(secret);
  derivedKeys.set(name, known);
  return known;
}

async function derive(secret: Uint8Array): Promise<RingKey> {
  const material = await crypto.subtle.importKey("raw", secret, "PBKDF2", false, ["deriveBits"]);
  const salt = new TextEncoder().encode(PBKDF2_SALT);
  const bits = await crypto.subtle.deriveBits(
    { name: "PBKDF2", hash: "SHA-256", salt, iterations: PBKDF2_ROUNDS },
    material,
    256,
  );
  const bytes = new Uint8Array(bits);
  return { id: DERIVED_KEY_ID, aes: await importAes(bytes), bytes };
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
