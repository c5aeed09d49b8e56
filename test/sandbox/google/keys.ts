import { exportJWK, generateKeyPair, importJWK, type CryptoKey as JoseKey, type JWK } from "jose";
import { guidFrom, randomText } from "../ids.ts";
import type { World } from "../world.ts";

interface SigningKey {
  kid: string;
  jwk: JWK;
}

// The prefix is the one that a reset spares.
const KEY = "signing-keys-google";

// Generating RSA keys costs far more than anything else here, so that the sandboxes of one isolate share them.
const pool: Promise<SigningKey>[] = [];
const imported = new Map<string, Promise<JoseKey | Uint8Array>>();

/** The key that signs id_tokens now. */
export async function googleSigningKey(world: World): Promise<{ kid: string; key: JoseKey | Uint8Array }> {
  const newest = (await allKeys(world)).at(-1);
  if (newest === undefined) throw new Error("a sandbox always has a key");
  const { kid, jwk } = newest;
  const known = imported.get(kid) ?? importJWK(jwk, "RS256");
  imported.set(kid, known);
  return { kid, key: await known };
}

/** `GET /oauth2/v3/certs`: the public keys, to be kept as long as Cache-Control says. */
export async function googleCertificates(world: World): Promise<Response> {
  const keys = (await allKeys(world)).map(({ kid, jwk: { n, e } }) => ({
    alg: "RS256",
    e,
    kid,
    use: "sig",
    kty: "RSA",
    n,
  }));
  return Response.json({ keys }, { headers: { "Cache-Control": "public, max-age=19800, must-revalidate" } });
}

/** The public half of a key that is published. Throws when there is none such. */
export async function publicKeyOf(world: World, kid: string): Promise<JoseKey | Uint8Array> {
  const found = (await allKeys(world)).find((key) => key.kid === kid);
  if (found === undefined) throw new Error("no such key");
  const { kty, n, e } = found.jwk;
  return importJWK({ kty, n, e } as JWK, "RS256");
}

/** A new key signs from now on; the old ones stay published unless `dropOld`. Answers with the published kids. */
export async function rotateGoogleKeys(world: World, dropOld: boolean): Promise<string[]> {
  const old = await allKeys(world);
  const fresh = await freshKey(old);
  const kept = dropOld ? [fresh] : [...old, fresh];
  world.store.put(KEY, kept);
  return kept.map(({ kid }) => kid);
}

async function allKeys(world: World): Promise<SigningKey[]> {
  const stored = world.store.get<SigningKey[]>(KEY);
  if (stored !== undefined) return stored;
  const fresh = await freshKey([]);
  // Somebody else may have come first while the key was made.
  const winner = world.store.get<SigningKey[]>(KEY) ?? [fresh];
  world.store.put(KEY, winner);
  return winner;
}

async function freshKey(taken: readonly SigningKey[]): Promise<SigningKey> {
  const kids = new Set(taken.map(({ kid }) => kid));
  for (let index = 0; ; index++) {
    const key = await (pool[index] ??= makeKey());
    if (!kids.has(key.kid)) return key;
  }
}

async function makeKey(): Promise<SigningKey> {
  const { privateKey } = await generateKeyPair("RS256", { extractable: true });
  const kid = guidFrom(`google-key:${randomText(20)}`).replaceAll("-", "");
  return { kid, jwk: await exportJWK(privateKey) };
}
