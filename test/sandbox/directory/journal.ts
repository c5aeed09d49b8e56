import type { World } from "../world.ts";
import type { ObjectKind } from "./directory.ts";
import type { Relation } from "./edges.ts";
import type { Member } from "./generated-edges.ts";
import { journalPrefix, nextRevision, padded, type DirectoryTenant } from "./tenant.ts";

/** What happened to an object: of a whole life, to its own properties, to its manager, or to one of its links. */
export type Happening =
  | { what: "created" | "deleted" }
  | { what: "restored"; /** Whether its links are told again. */ links: boolean }
  | { what: "manager"; /** The index of who it was. */ before: number | null }
  | { what: "properties"; names: string[] }
  | { what: Relation; member: Member };

/** A change, as change tracking sees it: what it was, not what the values became. */
export type JournalEntry = { kind: ObjectKind; index: number } & Happening;

/** Notes a change, and answers its revision. */
export function note(world: World, t: DirectoryTenant, entry: JournalEntry): number {
  const revision = nextRevision(world, t);
  world.store.put(journalPrefix(t.id) + padded(revision), entry);
  return revision;
}

/** The changes after a revision, up to and with another, at most `limit` of them, as [revision, entry]. */
export function changesAfter(
  world: World,
  t: DirectoryTenant,
  { after, until, limit }: { after: number; until: number; limit: number },
): [number, JournalEntry][] {
  const prefix = journalPrefix(t.id);
  const range = { start: prefix + padded(after + 1), end: prefix + padded(until + 1), limit };
  return world.store.list<JournalEntry>(prefix, range).map(([key, entry]) => [Number(key.slice(prefix.length)), entry]);
}
