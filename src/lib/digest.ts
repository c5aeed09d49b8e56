/** Hashes and the comparison of secrets. */
import { base64url } from "jose";

/** SHA-256 of a text, base64url without padding. */
export async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return base64url.encode(new Uint8Array(digest));
}

/** True where both texts are equal, in time that does not depend on where they differ. */
export async function equalSecrets(left: string, right: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [left, right].map((text) => crypto.subtle.digest("SHA-256", new TextEncoder().encode(text))),
  );
  return a !== undefined && b !== undefined && crypto.subtle.timingSafeEqual(a, b);
}

/** `bytes` random bytes from the platform's generator, base64url without padding. */
export function randomBase64url(bytes: number): string {
  return base64url.encode(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** A key for one purpose out of a key for many (HKDF-SHA-256, RFC 5869). */
export async function deriveFor(purpose: string, key: Uint8Array): Promise<Uint8Array> {
  const material = await crypto.subtle.importKey("raw", key, "HKDF", false, ["deriveBits"]);
  const info = new TextEncoder().encode(purpose);
  const bits = await crypto.subtle.deriveBits(
    { name: "HKDF", hash: "SHA-256", salt: new Uint8Array(), info },
    material,
    256,
  );
  return new Uint8Array(bits);
}
