/**
 * Sealing: AES-256-GCM (NIST SP 800-38D), a fresh 96-bit nonce each time, written as
 * `v1.<key id>.<nonce>.<ciphertext>`. The authenticated data binds a value to its system, owner, connection and field,
 * so that a row's ciphertext opens nowhere else.
 */
import { base64url } from "jose";
import { failure } from "./errors.ts";
import type { KeyRing } from "./key-ring.ts";

/** Where a sealed value belongs. It opens only there. */
export interface SealedPlace {
  readonly system: string;
  readonly owner: string;
  readonly connection: string;
  readonly field: string;
}

const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Seals `plain` for one place with the ring's first key. */
export async function seal(ring: KeyRing, place: SealedPlace, plain: string): Promise<string> {
  const { id, aes } = await ring.sealing();
  const nonce = crypto.getRandomValues(new Uint8Array(NONCE_BYTES));
  const cipher = await crypto.subtle.encrypt(
    { name: "AES-GCM", iv: nonce, additionalData: authenticatedData(place) },
    aes,
    new TextEncoder().encode(plain),
  );
  return `v1.${id}.${base64url.encode(nonce)}.${base64url.encode(new Uint8Array(cipher))}`;
}

/**
 * Opens what {@link seal} made for the same place. Fails as `internal`; the log's reason names the cause: malformed,
 * an unknown key id, or a value that was altered or belongs elsewhere (GCM cannot tell these two apart).
 */
export async function open(ring: KeyRing, place: SealedPlace, sealed: string): Promise<string> {
  const [version, id, nonceText, cipherText, ...rest] = sealed.split(".");
  if (version !== "v1" || !id || !nonceText || !cipherText || rest.length > 0) throw refused("malformed");
  const nonce = decodeCanonical(nonceText);
  const cipher = decodeCanonical(cipherText);
  if (nonce.length !== NONCE_BYTES || cipher.length < TAG_BYTES) throw refused("malformed");
  const { aes } = await ring.opening(id);
  try {
    const plain = await crypto.subtle.decrypt(
      { name: "AES-GCM", iv: nonce, additionalData: authenticatedData(place) },
      aes,
      cipher,
    );
    return new TextDecoder().decode(plain);
  } catch (cause) {
    throw refused(
      `altered, or sealed for another place than ${place.system} ${place.connection} ${place.field}`,
      cause,
    );
  }
}

/** The id of the key that sealed a value; undefined where it is not a sealed value. */
export function sealingKeyId(sealed: string): string | undefined {
  return /^v1\.([\w-]+)\.[\w-]+\.[\w-]+$/.exec(sealed)?.[1];
}

/** `system|owner|connection|field`, each part percent-encoded so that no part can reach into its neighbour. */
function authenticatedData(place: SealedPlace): Uint8Array {
  const parts = [place.system, place.owner, place.connection, place.field];
  return new TextEncoder().encode(parts.map(encodeURIComponent).join("|"));
}

/** The last character of base64url can carry unused bits: only the canonical spelling is taken, so that any flipped bit refuses. */
function decodeCanonical(text: string): Uint8Array {
  // No bytes are written with 4n+1 characters, and the decoder throws an error of its own on them.
  if (!/^[\w-]+$/.test(text) || text.length % 4 === 1) throw refused("malformed");
  const bytes = base64url.decode(text);
  if (base64url.encode(bytes) !== text) throw refused("malformed");
  return bytes;
}

function refused(reason: string, cause?: unknown): Error {
  return failure("internal", "A stored value cannot be opened.", { reason: `seal: ${reason}`, cause });
}
