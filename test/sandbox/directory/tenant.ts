import type { World } from "../world.ts";
import type { Seeded } from "./object-ids.ts";

/*
 * A tenant of any size takes no room: an object is a pure function of the seed and its index (generated-users.ts,
 * generated-groups.ts, generated-devices.ts; ids in object-ids.ts). Only what was changed is kept, as an overlay.
 */

/** What a tenant has bought. */
export interface Licences {
  entra: "free" | "p1" | "p2";
  intune: boolean;
  defender: boolean;
}

/** A tenant that the control made. `users` to `managed` count what is generated, not what was added. */
export interface DirectoryTenant extends Seeded {
  id: string;
  domain: string;
  displayName: string;
  users: number;
  groups: number;
  devices: number;
  managed: number;
  /** About how many memberships the generated groups have together. */
  memberships: number;
  licences: Licences;
  /** The time of making, in milliseconds by the stand-in's clock: generated times lie before it. */
  createdAt: number;
}

/** The tenant of a directory, or undefined for tenants that the control did not make. */
export function findDirectory(world: World, tenantId: string): DirectoryTenant | undefined {
  return world.store.get<DirectoryTenant>(`directory:${tenantId}`);
}

/** Keeps a tenant's record. */
export function saveDirectory(world: World, t: DirectoryTenant): void {
  world.store.put(`directory:${t.id}`, t);
}

/** Forgets every change of a tenant: overlays, journal, counters. */
export function forgetChanges(world: World, tenantId: string): void {
  for (const prefix of [overlayFamily(tenantId), journalPrefix(tenantId), `directory-count-${tenantId}:`])
    for (const [key] of world.store.list(prefix)) world.store.delete(key);
}

/** The number of the last change; 0 before the first. */
export function currentRevision(world: World, t: DirectoryTenant): number {
  return count(world, t, "revision");
}

/** Counts a change, and answers its number. */
export function nextRevision(world: World, t: DirectoryTenant): number {
  return countUp(world, t, "revision");
}

/** How often something was counted for a tenant. */
export function count(world: World, t: DirectoryTenant, what: string): number {
  return world.store.get<number>(`directory-count-${t.id}:${what}`) ?? 0;
}

/** Counts one more and answers the new number. */
export function countUp(world: World, t: DirectoryTenant, what: string): number {
  const next = count(world, t, what) + 1;
  world.store.put(`directory-count-${t.id}:${what}`, next);
  return next;
}

/** What was changed of one object; `key` is what the owner of the kind names it by, such as a padded index. */
export function overlay<T>(world: World, t: DirectoryTenant, kind: string, key: string): T | undefined {
  return world.store.get<T>(`${overlayFamily(t.id)}${kind}:${key}`);
}

/** Keeps what was changed of one object. */
export function putOverlay(world: World, t: DirectoryTenant, kind: string, entry: { key: string; value: unknown }) {
  world.store.put(`${overlayFamily(t.id)}${kind}:${entry.key}`, entry.value);
}

/** The overlays of a kind whose keys start with `prefix` and lie in [start, end), as [key, value] in their order. */
export function overlays<T>(
  world: World,
  t: DirectoryTenant,
  kind: string,
  { prefix = "", start, end, limit }: { prefix?: string; start?: string; end?: string; limit?: number } = {},
): [string, T][] {
  const base = `${overlayFamily(t.id)}${kind}:`;
  const range = {
    ...(start !== undefined && { start: base + start }),
    ...(end !== undefined && { end: base + end }),
    ...(limit !== undefined && { limit }),
  };
  return world.store.list<T>(base + prefix, range).map(([key, value]) => [key.slice(base.length), value]);
}

/** An index as a key whose order is the order of the indexes. */
export function padded(index: number): string {
  return String(index).padStart(10, "0");
}

/** Where the journal of a tenant is kept; the padded revision follows. */
export function journalPrefix(tenantId: string): string {
  return `directory-journal-${tenantId}:`;
}

function overlayFamily(tenantId: string): string {
  return `directory-overlay-${tenantId}:`;
}
