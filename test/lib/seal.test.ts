import { base64url } from "jose";
import { expect, test } from "vitest";
import { attempt } from "../../src/lib/errors.ts";
import { createKeyRing } from "../../src/lib/key-ring.ts";
import { open, seal, sealingKeyId } from "../../src/lib/seal.ts";

const KEY = Uint8Array.from({ length: 32 }, (_, index) => index);
const RING = createKeyRing([{ id: "k1", bytes: KEY }], undefined);
const PLACE = {
  system: "main",
  owner: "ana",
  connection: "con_000000000000000000000001",
  field: "refresh_token",
};

// Made by OpenSSL's AES-256-GCM, nonce a0 to ab, authenticated data "main|ana|con_000000000000000000000001|refresh_token".
const VECTOR = "v1.k1.oKGio6Slpqeoqaqr.1jY9dS6KL95CF-K1dR-ztlDYNntRHizQEARswTpozRp5p5nAHtWy";

/** Why a value did not open: the code for the wire, the reason for the log. */
async function refusal(sealed: string, place = PLACE, ring = RING): Promise<string> {
  const result = await attempt(() => open(ring, place, sealed));
  return result.ok ? `opened: ${result.value}` : `${result.failure.code}, ${result.failure.reason}`;
}

test("what another implementation sealed opens here", async () => {
  expect(await open(RING, PLACE, VECTOR)).toBe("0.AXkA-a refresh tokén");
});

test("blanks, slashes and bars of an owner are escaped in the authenticated data", async () => {
  // Sealed by OpenSSL for "beta|a%7Cb%2Fc%20%C3%A9|con_000000000000000000000001|access_token%3Agraph".
  const sealed = "v1.k1.oKGio6Slpqeoqaqr.npc1Eoi2xpPFs2EDkYTVZ1E";
  const place = { ...PLACE, system: "beta", owner: "a|b/c é", field: "access_token:graph" };
  expect(await open(RING, place, sealed)).toBe("x");
});

test("a sealed value opens to itself, whatever is in it", async () => {
  for (const plain of ["", "a", "🗝️".repeat(1_000), "x".repeat(10_000)])
    expect(await open(RING, PLACE, await seal(RING, PLACE, plain))).toBe(plain);
});

test("the same text is sealed differently each time, with a fresh 96-bit nonce", async () => {
  const sealed = await Promise.all(Array.from({ length: 50 }, () => seal(RING, PLACE, "same")));
  const nonces = sealed.map((value) => value.split(".")[2] ?? "");
  expect(new Set(nonces).size).toBe(50);
  for (const nonce of nonces) expect(base64url.decode(nonce).length).toBe(12);
});

test.each([2, 3])("a flipped bit anywhere in part %i refuses", async (part) => {
  const parts = VECTOR.split(".");
  const bytes = base64url.decode(parts[part] ?? "");
  for (let bit = 0; bit < bytes.length * 8; bit += 1) {
    const flipped = bytes.map((byte, index) => (index === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    const altered = parts.with(part, base64url.encode(flipped)).join(".");
    expect(await refusal(altered), `bit ${bit}`).toMatch(/^internal, seal: altered, or sealed for another place/);
  }
});

test("a flipped bit in any character of the text refuses", async () => {
  const opened: string[] = [];
  for (let index = 0; index < VECTOR.length; index += 1) {
    for (let bit = 0; bit < 7; bit += 1) {
      const flipped = String.fromCharCode(VECTOR.charCodeAt(index) ^ (1 << bit));
      const altered = VECTOR.slice(0, index) + flipped + VECTOR.slice(index + 1);
      if (!/^internal, seal: (malformed|altered|unknown key id)/.test(await refusal(altered))) opened.push(altered);
    }
  }
  expect(opened).toEqual([]);
});

test("the last character's unused bits cannot be changed", async () => {
  const sealed = await seal(RING, PLACE, "abc"); // 19 bytes with the tag: the last character carries 4 unused bits
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const last = alphabet.indexOf(sealed.at(-1) ?? "");
  expect(last % 16).toBe(0);
  for (let unused = 1; unused < 16; unused += 1)
    expect(await refusal(sealed.slice(0, -1) + alphabet.charAt(last + unused))).toBe("internal, seal: malformed");
});

test.each([
  ["another system", { system: "beta" }],
  ["another owner", { owner: "bob" }],
  ["another connection", { connection: "con_000000000000000000000002" }],
  ["another field", { field: "access_token:graph" }],
])("what was sealed for %s does not open here", async (_what, elsewhere) => {
  const sealed = await seal(RING, { ...PLACE, ...elsewhere }, "token");
  expect(await refusal(sealed)).toContain(
    `internal, seal: altered, or sealed for another place than main ${PLACE.connection} refresh_token`,
  );
  expect(await open(RING, { ...PLACE, ...elsewhere }, sealed)).toBe("token");
});

test("an owner with a bar in the name cannot reach into a neighbour's field", async () => {
  const sealed = await seal(RING, { ...PLACE, owner: "ana|con_1", connection: "x" }, "token");
  expect(await refusal(sealed, { ...PLACE, owner: "ana", connection: "con_1|x" })).toMatch(/another place/);
  const escaped = await seal(RING, { ...PLACE, owner: "a%7Cb" }, "token");
  expect(await refusal(escaped, { ...PLACE, owner: "a|b" })).toMatch(/another place/);
});

test("an unknown key id is named in the log and nowhere else", async () => {
  const unknown = VECTOR.replace("k1", "k9");
  expect(await refusal(unknown)).toBe("internal, seal: unknown key id k9");
  const result = await attempt(() => open(RING, PLACE, unknown));
  expect(result.ok ? "" : result.failure.detail).toBe("A stored value cannot be opened.");
});

test.each([
  "",
  "plain text",
  "v1",
  "v1.k1.oKGio6Slpqeoqaqr",
  `v2${VECTOR.slice(2)}`,
  `${VECTOR}.`,
  `${VECTOR}.more`,
  `${VECTOR}=`,
  "v1.k1..1jY9dS6KL95CF-K1dR-ztg",
  "v1.k1.oKGio6Slpqeo.1jY9dS6KL95CF-K1dR-ztlDYNntRHizQEARswTpozRp5p5nAHtWy",
  "v1.k1.oKGio6Slpqeoqaqr.1jY9dS6KL95C",
])("%j is malformed", async (sealed) => {
  expect(await refusal(sealed)).toBe("internal, seal: malformed");
});

test("a sealed value says which key sealed it; anything else says nothing", () => {
  expect(sealingKeyId(VECTOR)).toBe("k1");
  expect(sealingKeyId("0.AXkA.b.c")).toBeUndefined();
  expect(sealingKeyId(`${VECTOR}.x`)).toBeUndefined();
});
