import { hash32 } from "./fraction.ts";

/** What ids are made from: a tenant's seed. */
export interface Seeded {
  seed: number;
}

/** The objects of a directory that have ids of their own. */
export type IdKind = "user" | "group" | "device" | "registration" | "managed" | "servicePrincipal" | "orgContact";

/**
 * The GUID of an object by its index (below 2^32). The index stands masked in the last eight digits, so that an id
 * leads back to its object without a search; the digits before are hashes, so that ids are in no order.
 */
export function objectId({ seed }: Seeded, kind: IdKind, index: number): string {
  const word = (part: number) => hex(hash32(seed, [kind, index, part]));
  const [b, c] = [word(2), word(3)];
  const tail = hex(index ^ hash32(seed, [kind]));
  return `${word(1)}-${b.slice(0, 4)}-4${b.slice(5)}-8${c.slice(1, 4)}-${c.slice(4)}${tail}`;
}

/** The index behind an id, whether or not the object exists; undefined when it is no such id. */
export function indexOf(seeded: Seeded, kind: IdKind, id: string): number | undefined {
  const lower = id.toLowerCase();
  if (!/^[0-9a-f-]{36}$/.test(lower)) return undefined;
  const index = (Number.parseInt(lower.slice(-8), 16) ^ hash32(seeded.seed, [kind])) >>> 0;
  return objectId(seeded, kind, index) === lower ? index : undefined;
}

/** The id of a user. */
export const userId = (t: Seeded, index: number) => objectId(t, "user", index);
/** The id of a group. */
export const groupId = (t: Seeded, index: number) => objectId(t, "group", index);
/** The object id of an Entra device. */
export const deviceId = (t: Seeded, index: number) => objectId(t, "device", index);
/** The registration id of an Entra device: its `deviceId`, and Intune's `azureADDeviceId`. */
export const registrationId = (t: Seeded, index: number) => objectId(t, "registration", index);
/** The id of an Intune device. The first `managed` of them are the devices of the same indexes. */
export const managedId = (t: Seeded, index: number) => objectId(t, "managed", index);
/** The index behind an Intune device's id, if it is one. */
export const indexOfManaged = (t: Seeded, id: string) => indexOf(t, "managed", id);

const BYTES = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));

// By a table: an id is made for every entry of every page.
function hex(word: number): string {
  const byte = (shift: number) => BYTES[(word >>> shift) & 255] ?? "";
  return byte(24) + byte(16) + byte(8) + byte(0);
}
