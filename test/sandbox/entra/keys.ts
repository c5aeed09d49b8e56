import { exportJWK, generateKeyPair, importJWK, type CryptoKey as JoseKey, type JWK } from "jose";
import { CONSUMERS_TENANT } from "../defaults.ts";
import { randomText } from "../ids.ts";
import type { World } from "../world.ts";

/** A signing key as it is stored; `consumers` keys sign for personal accounts only. */
interface SigningKey {
  kid: string;
  consumers: boolean;
  jwk: JWK;
}

const KEY = "signing-keys";

// Generating RSA keys costs far more than anything else here, so that the sandboxes of one isolate share them.
const pool: Promise<SigningKey>[] = [];
const imported = new Map<string, Promise<JoseKey | Uint8Array>>();

/** The key that signs for work or for personal accounts now. */
export async function signingKey(
  world: World,
  consumers: boolean,
): Promise<{ kid: string; key: JoseKey | Uint8Array }> {
  const newest = (await allKeys(world)).findLast((key) => key.consumers === consumers);
  if (newest === undefined) throw new Error("a sandbox always has a key of each sort");
  const { kid, jwk } = newest;
  const known = imported.get(kid) ?? importJWK(jwk, "RS256");
  imported.set(kid, known);
  return { kid, key: await known };
}

/** The public keys as the provider publishes them: with an `issuer`, without `alg`. */
export async function publicKeys(world: World, origin: string): Promise<{ keys: Record<string, unknown>[] }> {
  const keys = await allKeys(world);
  return {
    keys: keys.map(({ kid, consumers, jwk: { n, e } }) => ({
      kty: "RSA",
      use: "sig",
      kid,
      x5t: kid,
      n,
      e,
      x5c: [btoa(`certificate of ${kid}`)],
      issuer: `${origin}/${consumers ? CONSUMERS_TENANT : "{tenantid}"}/v2.0`,
    })),
  };
}

/** New keys sign from now on; the old ones stay published unless `dropOld`. Answers with the published kids. */
export async function rotateKeys(world: World, dropOld: boolean): Promise<string[]> {
  const old = await allKeys(world);
  const fresh = await Promise.all([freshKey(old, false), freshKey(old, true)]);
  const kept = dropOld ? fresh : [...old, ...fresh];
  world.store.put(KEY, kept);
  return kept.map(({ kid }) => kid);
}

async function allKeys(world: World): Promise<SigningKey[]> {
  const stored = world.store.get<SigningKey[]>(KEY);
  if (stored !== undefined) return stored;
  const fresh = await Promise.all([freshKey([], false), freshKey([], true)]);
  // Somebody else may have come first while the keys were made.
  const winner = world.store.get<SigningKey[]>(KEY) ?? fresh;
  world.store.put(KEY, winner);
  return winner;
}

async function freshKey(taken: readonly SigningKey[], consumers: boolean): Promise<SigningKey> {
  const kids = new Set(taken.map(({ kid }) => kid));
  for (let index = consumers ? 1 : 0; ; index += 2) {
    const key = await (pool[index] ??= makeKey(consumers));
    if (!kids.has(key.kid)) return key;
  }
}

async function makeKey(consumers: boolean): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  return { kid: randomText(20), consumers, jwk: await exportJWK(privateKey) };
}
