/** `bytes` random bytes as base64url. */
export function randomText(bytes: number): string {
  return base64url(crypto.getRandomValues(new Uint8Array(bytes)));
}

/** Bytes, or the UTF-8 bytes of a text, as base64url without padding. */
export function base64url(data: Uint8Array | string): string {
  const bytes = typeof data === "string" ? new TextEncoder().encode(data) : data;
  let binary = "";
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
}

function fromBase64url(value: string): string | undefined {
  try {
    const binary = atob(value.replaceAll("-", "+").replaceAll("_", "/"));
    return new TextDecoder().decode(Uint8Array.from(binary, (char) => char.charCodeAt(0)));
  } catch {
    return undefined;
  }
}

/** A value as an opaque token. */
export function pack(value: unknown): string {
  return base64url(JSON.stringify(value));
}

/** The value behind an opaque token, or undefined when it is none. */
export function unpack(token: string): unknown {
  try {
    return JSON.parse(fromBase64url(token) ?? "");
  } catch {
    return undefined;
  }
}

/** SHA-256 of a text, as base64url: the S256 transformation of RFC 7636. */
export async function s256(text: string): Promise<string> {
  return base64url(new Uint8Array(await digest(text)));
}

/** SHA-256 of a text, in hexadecimal. */
export async function sha256Hex(text: string): Promise<string> {
  return hex(new Uint8Array(await digest(text)));
}

/** Always the same GUID for the same text, without a wait. Not cryptographic. */
export function guidFrom(text: string): string {
  const digits = [0, 1, 2, 3].map((seed) => fnv(`${seed}:${text}`)).join("");
  const part = (from: number, to: number) => digits.slice(from, to);
  return `${part(0, 8)}-${part(8, 12)}-4${part(13, 16)}-8${part(17, 20)}-${part(20, 32)}`;
}

function digest(text: string): Promise<ArrayBuffer> {
  return crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
}

function hex(bytes: Uint8Array): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function fnv(text: string): string {
  let hash = 0x811c9dc5;
  for (const char of text) hash = Math.imul(hash ^ (char.codePointAt(0) ?? 0), 0x01000193);
  // FNV-1a alone leaves similar texts with similar high bits; one mixing round spreads them.
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return ((hash ^ (hash >>> 12)) >>> 0).toString(16).padStart(8, "0");
}
