import type { World } from "../world.ts";
import { generatedDevice } from "./generated-devices.ts";
import { generatedGroup } from "./generated-groups.ts";
import { generatedManager, generatedReports, generatedSignIn, generatedUser } from "./generated-users.ts";
import { indexOf } from "./object-ids.ts";
import { count, countUp, overlay, overlays, padded, putOverlay, type DirectoryTenant } from "./tenant.ts";

/** The objects that can be added, changed and deleted. */
export type ObjectKind = "user" | "group" | "device";

/** An object's own properties; those that were never set are absent. */
export type Properties = Record<string, unknown> & { id: string; displayName: string };

/** Gone for now (restorable) or for good, and since when, in milliseconds. */
export interface Death {
  state: "deleted" | "purged";
  at: number;
}

/** What was changed of an object. `manager` is an index, or null for nobody. */
interface Change {
  fields?: Record<string, unknown>;
  manager?: number | null;
  signIn?: Record<string, string>;
}

const GENERATED = { user: generatedUser, group: generatedGroup, device: generatedDevice };
const COUNTS = { user: "users", group: "groups", device: "devices" } as const;

/** A tenant's objects as they stand: the generator, and over it what was changed. Made anew for each request. */
export class Directory {
  readonly world: World;
  readonly t: DirectoryTenant;
  readonly #dead = new Map<ObjectKind, Map<number, Death>>();
  readonly #totals = new Map<ObjectKind, number>();
  /** The changes of the range that was read last: whatever of it is not in the map was never changed. */
  #read: { kind: ObjectKind; from: number; to: number; changes: Map<string, Change> } | undefined;

  constructor(world: World, t: DirectoryTenant) {
    this.world = world;
    this.t = t;
  }

  /** How many indexes are taken, by the living and the dead. */
  total(kind: ObjectKind): number {
    const known = this.#totals.get(kind);
    if (known !== undefined) return known;
    const total = this.t[COUNTS[kind]] + count(this.world, this.t, `added-${kind}`);
    this.#totals.set(kind, total);
    return total;
  }

  /** Who is deleted, by index. Deletions are few: one read per request answers for every member of a page. */
  dead(kind: ObjectKind): Map<number, Death> {
    const known = this.#dead.get(kind);
    if (known !== undefined) return known;
    const entries = overlays<Death | null>(this.world, this.t, `dead-${kind}`);
    const read = new Map(entries.flatMap(([key, death]) => (death === null ? [] : [[Number(key), death] as const])));
    this.#dead.set(kind, read);
    return read;
  }

  isLive(kind: ObjectKind, index: number): boolean {
    return index < this.total(kind) && !this.dead(kind).has(index);
  }

  /** The index behind an id, of the living and the dead. */
  indexOf(kind: ObjectKind, id: string): number | undefined {
    const index = indexOf(this.t, kind, id);
    return index !== undefined && index < this.total(kind) ? index : undefined;
  }

  /** One object, living or dead. */
  object(kind: ObjectKind, index: number): Properties {
    return merged(GENERATED[kind](this.t, index), this.#change(kind, index));
  }

  /** The living of the indexes from `from` to before `to`, reading the changes of all at once. */
  range(kind: ObjectKind, from: number, to: number): [index: number, object: Properties][] {
    const dead = this.dead(kind);
    const changes = new Map(overlays<Change>(this.world, this.t, kind, { start: padded(from), end: padded(to) }));
    this.#read = { kind, from, to, changes };
    const found: [number, Properties][] = [];
    for (let index = from; index < Math.min(to, this.total(kind)); index++)
      if (!dead.has(index)) found.push([index, merged(GENERATED[kind](this.t, index), changes.get(padded(index)))]);
    return found;
  }

  /** Whom a user stands below, if that one lives. */
  manager(user: number): number | undefined {
    const manager = this.assignedManager(user);
    return manager !== null && this.isLive("user", manager) ? manager : undefined;
  }

  /** Whom a user was put below, living or dead, or null. */
  assignedManager(user: number): number | null {
    const change = this.#change("user", user)?.manager;
    return change === undefined ? (generatedManager(this.t, user) ?? null) : change;
  }

  /** The users below a user, living or dead. */
  reports(user: number): number[] {
    const generated = generatedReports(this.t, user).filter((one) => this.#change("user", one)?.manager === undefined);
    const moved = overlays<boolean>(this.world, this.t, "report", { prefix: `${padded(user)}:` });
    return [...generated, ...moved.flatMap(([key, is]) => (is ? [Number(key.slice(11))] : []))];
  }

  /** What Graph knows of a user's last sign-ins. */
  signIn(user: number): Record<string, string> | undefined {
    const generated = user < this.t.users ? generatedSignIn(this.t, user) : undefined;
    const later = this.#change("user", user)?.signIn;
    return later === undefined ? generated : { ...generated, ...later };
  }

  /** Takes the next index. */
  add(kind: ObjectKind, fields: Record<string, unknown>): number {
    const index = this.total(kind);
    countUp(this.world, this.t, `added-${kind}`);
    this.#totals.set(kind, index + 1);
    this.setFields(kind, index, fields);
    return index;
  }

  setFields(kind: ObjectKind, index: number, fields: Record<string, unknown>): void {
    const change = this.#change(kind, index);
    this.#put(kind, index, { ...change, fields: { ...change?.fields, ...fields } });
  }

  setManager(user: number, manager: number | null): void {
    const change = this.#change("user", user);
    const note = (above: number, is: boolean) =>
      putOverlay(this.world, this.t, "report", { key: `${padded(above)}:${padded(user)}`, value: is });
    if (typeof change?.manager === "number") note(change.manager, false);
    if (manager !== null) note(manager, true);
    this.#put("user", user, { ...change, manager });
  }

  setSignIn(user: number, signIn: Record<string, string>): void {
    const change = this.#change("user", user);
    this.#put("user", user, { ...change, signIn: { ...change?.signIn, ...signIn } });
  }

  /** Deletes an object, or with null brings it back. */
  setDeath(kind: ObjectKind, index: number, state: Death["state"] | null): void {
    const death = state === null ? null : { state, at: this.world.now() };
    putOverlay(this.world, this.t, `dead-${kind}`, { key: padded(index), value: death });
    if (death === null) this.dead(kind).delete(index);
    else this.dead(kind).set(index, death);
  }

  #change(kind: ObjectKind, index: number): Change | undefined {
    const read = this.#read;
    if (read?.kind === kind && index >= read.from && index < read.to) return read.changes.get(padded(index));
    return overlay<Change>(this.world, this.t, kind, padded(index));
  }

  #put(kind: ObjectKind, index: number, value: Change): void {
    this.#read = undefined;
    putOverlay(this.world, this.t, kind, { key: padded(index), value });
  }
}

function merged(object: Properties, change: Change | undefined): Properties {
  return change?.fields === undefined ? object : { ...object, ...change.fields };
}
