import { exportJWK, exportSPKI, generateKeyPair, type JWK, SignJWT } from "jose";
import { afterEach, expect, test, vi } from "vitest";
import { createCallerVerifier } from "../../src/lib/caller.ts";
import { parseConfig } from "../../src/lib/config.ts";
import { attempt } from "../../src/lib/errors.ts";

const URL = "https://id.example.com/jwks";
const SECRET = "a-secret-of-thirty-two-bytes-or-so";

afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

/** A key pair, and its public half as a JWK with an id. */
async function keyPair(kid: string, alg = "RS256") {
  const pair = await generateKeyPair(alg, { extractable: true });
  return { ...pair, kid, alg, jwk: { ...(await exportJWK(pair.publicKey)), kid, alg, use: "sig" } as JWK };
}

type Pair = Awaited<ReturnType<typeof keyPair>>;

function sign({ privateKey, kid, alg }: Pair, claims: Record<string, unknown> = {}): Promise<string> {
  return new SignJWT({ sub: "ana", ...claims })
    .setProtectedHeader({ alg, kid })
    .setExpirationTime("5m")
    .sign(privateKey);
}

/** An identity provider that publishes what `keys` gives at that moment, and how often it was asked. */
function publish(answer: () => Response | JWK[]) {
  return vi.spyOn(globalThis, "fetch").mockImplementation(async () => {
    const given = answer();
    return given instanceof Response ? given : Response.json({ keys: given });
  });
}

function verifier(env: Record<string, string> = {}) {
  const callers = createCallerVerifier(parseConfig({ JWT_JWKS_URL: URL, JWT_SECRET_KEY: SECRET, ...env }));
  return async (token: string) => {
    const result = await attempt(() => callers.verify(`Bearer ${token}`));
    return result.ok ? result.value.subject : result.failure.code;
  };
}

test("tokens signed by a published key are taken, whatever its kind", async () => {
  const pairs = await Promise.all([keyPair("r"), keyPair("p", "PS256"), keyPair("e", "ES256"), keyPair("d", "EdDSA")]);
  publish(() => pairs.map(({ jwk }) => jwk));
  const verify = verifier();
  for (const pair of pairs) expect(await verify(await sign(pair))).toBe("ana");
});

test("the keys are read once for many tokens, and again after they have aged", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const pair = await keyPair("k");
  const asked = publish(() => [pair.jwk]);
  const verify = verifier();
  for (let count = 0; count < 10; count += 1) expect(await verify(await sign(pair))).toBe("ana");
  expect(asked).toHaveBeenCalledTimes(1);
  vi.setSystemTime(Date.now() + 11 * 60_000);
  expect(await verify(await sign(pair))).toBe("ana");
  expect(asked).toHaveBeenCalledTimes(2);
});

test("a rotated key is found by one more look; made-up key ids do not cause a look each", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const [old, fresh, stranger] = await Promise.all([keyPair("old"), keyPair("fresh"), keyPair("stranger")]);
  let keys = [old.jwk];
  const asked = publish(() => keys);
  const verify = verifier();
  expect(await verify(await sign(old))).toBe("ana");
  keys = [old.jwk, fresh.jwk];
  vi.setSystemTime(Date.now() + 31_000);
  expect(await verify(await sign(fresh))).toBe("ana");
  expect(asked).toHaveBeenCalledTimes(2);
  for (let count = 0; count < 5; count += 1) expect(await verify(await sign(stranger))).toBe("unauthenticated");
  expect(asked).toHaveBeenCalledTimes(2);
});

test("a public key used as an HMAC secret signs nothing", async () => {
  const pair = await keyPair("k");
  publish(() => [pair.jwk]);
  const verify = verifier();
  for (const secret of [await exportSPKI(pair.publicKey), pair.jwk.n ?? "", JSON.stringify(pair.jwk)]) {
    const forged = await new SignJWT({ sub: "ana" })
      .setProtectedHeader({ alg: "HS256", kid: "k" })
      .setExpirationTime("5m")
      .sign(new TextEncoder().encode(secret));
    expect(await verify(forged)).toBe("unauthenticated");
    const callers = createCallerVerifier(parseConfig({ JWT_JWKS_URL: URL }));
    await expect(callers.verify(`Bearer ${forged}`)).rejects.toThrow("signed with an algorithm that is not accepted");
  }
});

test("with a JWKS the shared secret signs nothing, not even for a key set that publishes it", async () => {
  const secret = new TextEncoder().encode(SECRET);
  publish(() => [{ kty: "oct", k: btoa(SECRET).replaceAll("=", ""), kid: "k", alg: "HS256" }]);
  const token = await new SignJWT({ sub: "ana" })
    .setProtectedHeader({ alg: "HS256", kid: "k" })
    .setExpirationTime("5m")
    .sign(secret);
  expect(await verifier()(token)).toBe("unauthenticated");
});

test("a key of another pair with a published id is refused", async () => {
  const [honest, forger] = await Promise.all([keyPair("k"), keyPair("k")]);
  publish(() => [honest.jwk]);
  expect(await verifier()(await sign(forger))).toBe("unauthenticated");
});

test("issuer and audience are checked here too", async () => {
  const pair = await keyPair("k");
  publish(() => [pair.jwk]);
  const verify = verifier({ JWT_ISSUER: "https://id.example.com", JWT_AUDIENCE: "latchkey" });
  expect(await verify(await sign(pair, { iss: "https://id.example.com", aud: "latchkey" }))).toBe("ana");
  expect(await verify(await sign(pair, { iss: "https://id.example.com", aud: "other" }))).toBe("unauthenticated");
  expect(await verify(await sign(pair, { iss: "https://evil.example.com", aud: "latchkey" }))).toBe("unauthenticated");
});

test.each([
  ["does not answer", () => Promise.reject(new TypeError("network"))],
  ["answers 500", () => Promise.resolve(new Response("oops", { status: 500 }))],
  ["answers HTML", () => Promise.resolve(new Response("<html></html>"))],
  ["answers no key set", () => Promise.resolve(Response.json({ hello: 1 }))],
])("while the key set %s, that is our trouble and not the caller's", async (_what, answer) => {
  vi.spyOn(globalThis, "fetch").mockImplementation(answer);
  const token = await sign(await keyPair("k"));
  const callers = createCallerVerifier(parseConfig({ JWT_JWKS_URL: URL }));
  const result = await attempt(() => callers.verify(`Bearer ${token}`));
  expect(result).toMatchObject({ ok: false, failure: { code: "internal", retryAfterS: 5 } });
});
