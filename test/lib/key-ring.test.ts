import { base64url } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { parseConfig } from "../../src/lib/config.ts";
import { attempt } from "../../src/lib/errors.ts";
import { createKeyRing, type KeyRing } from "../../src/lib/key-ring.ts";
import { open, seal, sealingKeyId } from "../../src/lib/seal.ts";

const PLACE = {
  system: "main",
  owner: "ana",
  connection: "con_000000000000000000000001",
  field: "refresh_token",
};
const OLD = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
const NEW = "BwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwcHBwc=";
const SECRET = "a-test-secret-of-more-than-32-bytes-length";

// Sealed by OpenSSL's AES-256-GCM for PLACE.
const BY_NAMELESS_OLD = "v1.Yw3NKWbE.oKGio6Slpqeoqaqr.lX0dQSCvIt0bRebzaRutuxzJKmOy3CcVaL0_RWh2twVrdhU65T-afA";
const BY_DERIVED = "v1.derived.oKGio6Slpqeoqaqr.3IxLF-dxF7DHUQooocgZ6OPosP_9sZMUgp0yeSF_KqbJZl4zXKHoQdVlUA";

function ringOf(variables: Record<string, string>): KeyRing {
  const { ringKeys, derivationSecret } = parseConfig(variables);
  return createKeyRing(ringKeys, derivationSecret);
}

async function reasonOf(ring: KeyRing, sealed: string): Promise<string | undefined> {
  const result = await attempt(() => open(ring, PLACE, sealed));
  return result.ok ? "opened" : result.failure.reason;
}

afterEach(() => {
  vi.restoreAllMocks();
});

test("the first key seals, and what an older one sealed still opens", async () => {
  const before = ringOf({ TOKEN_ENCRYPTION_KEY: `old:${OLD}` });
  const after = ringOf({ TOKEN_ENCRYPTION_KEY: `new:${NEW},old:${OLD}` });
  const sealed = await seal(before, PLACE, "token");
  expect(await open(after, PLACE, sealed)).toBe("token");
  const again = await seal(after, PLACE, "token");
  expect(sealingKeyId(again)).toBe("new");
  expect(await reasonOf(before, again)).toBe("seal: unknown key id new");
  expect((await after.all()).map(({ id }) => id)).toEqual(["new", "old"]);
});

test("a key that left the ring opens nothing any more", async () => {
  const sealed = await seal(ringOf({ TOKEN_ENCRYPTION_KEY: `old:${OLD}` }), PLACE, "token");
  expect(await reasonOf(ringOf({ TOKEN_ENCRYPTION_KEY: `new:${NEW}` }), sealed)).toBe("seal: unknown key id old");
});

test("two keys of one name: the bytes decide, not the name", async () => {
  const sealed = await seal(ringOf({ TOKEN_ENCRYPTION_KEY: `k:${OLD}` }), PLACE, "token");
  expect(await reasonOf(ringOf({ TOKEN_ENCRYPTION_KEY: `k:${NEW}` }), sealed)).toMatch(/^seal: altered/);
});

test("a key without a name is known by its fingerprint, and keeps opening once it gets a name", async () => {
  const bare = ringOf({ TOKEN_ENCRYPTION_KEY: OLD });
  const named = ringOf({ TOKEN_ENCRYPTION_KEY: `k1:${OLD}` });
  expect((await bare.sealing()).id).toBe("Yw3NKWbE");
  expect(await open(bare, PLACE, BY_NAMELESS_OLD)).toBe("sealed by a nameless key");
  expect(await open(named, PLACE, BY_NAMELESS_OLD)).toBe("sealed by a nameless key");
  expect((await named.sealing()).id).toBe("k1");
});

test("without an encryption key one is derived from the JWT secret by PBKDF2-SHA-256", async () => {
  const ring = ringOf({ JWT_SECRET_KEY: SECRET });
  const { id, bytes } = await ring.sealing();
  expect(id).toBe("derived");
  // By OpenSSL: 100,000 rounds over the salt latchkey/token-encryption/v1.
  expect(base64url.encode(bytes)).toBe("5RINioFSPdfKH0MEActzGyIK9bpMlF0FN53W1WBr6CA");
  expect(await open(ring, PLACE, BY_DERIVED)).toBe("sealed before a key was set");
});

test("what the derived key sealed still opens after an encryption key was set, and no longer seals", async () => {
  const ring = ringOf({ JWT_SECRET_KEY: SECRET, TOKEN_ENCRYPTION_KEY: `k1:${OLD}` });
  expect(await open(ring, PLACE, BY_DERIVED)).toBe("sealed before a key was set");
  expect((await ring.all()).map(({ id }) => id)).toEqual(["k1"]);
});

test("the derived key of another secret opens nothing", async () => {
  const ring = ringOf({ JWT_SECRET_KEY: `${SECRET}!` });
  expect(await reasonOf(ring, BY_DERIVED)).toMatch(/^seal: altered/);
});

test("the derivation runs once per isolate and secret, however many rings ask at once", async () => {
  const derive = vi.spyOn(crypto.subtle, "deriveBits");
  const secret = `${SECRET}-of-this-test`;
  const rings = [ringOf({ JWT_SECRET_KEY: secret }), ringOf({ JWT_SECRET_KEY: secret })];
  const sealed = await Promise.all(
    Array.from({ length: 20 }, (_, index) => seal(rings[index % 2] ?? ringOf({}), PLACE, `token ${index}`)),
  );
  for (const [index, value] of sealed.entries())
    expect(await open(rings[(index + 1) % 2] ?? ringOf({}), PLACE, value)).toBe(`token ${index}`);
  expect(derive).toHaveBeenCalledTimes(1);
});

test("a ring with an encryption key derives nothing until something asks for the derived one", async () => {
  const derive = vi.spyOn(crypto.subtle, "deriveBits");
  const ring = ringOf({ JWT_SECRET_KEY: `${SECRET}-unused`, TOKEN_ENCRYPTION_KEY: OLD });
  await open(ring, PLACE, await seal(ring, PLACE, "token"));
  expect(await reasonOf(ring, "v1.k9.oKGio6Slpqeoqaqr.1jY9dS6KL95CF-K1dR-ztg")).toBe("seal: unknown key id k9");
  expect(derive).not.toHaveBeenCalled();
});

test("a ring without any key says so", async () => {
  const result = await attempt(() => seal(ringOf({}), PLACE, "token"));
  expect(result).toMatchObject({ ok: false, failure: { code: "internal", reason: "key ring: empty" } });
});
