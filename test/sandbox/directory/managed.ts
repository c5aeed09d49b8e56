import { indexOfManaged, managedId } from "./object-ids.ts";
import { GeneratedManaged, HIDDEN_PROPERTIES, MANAGED_PROPERTIES } from "./managed-fields.ts";
import { count, countUp, overlay, overlays, padded, putOverlay, type DirectoryTenant } from "./tenant.ts";
import type { World } from "../world.ts";

/** An Intune device as Graph has it. */
export type ManagedDevice = Record<string, unknown>;

/** What happened to a device since it was generated or enrolled. */
export interface ManagedChange {
  fields: Record<string, unknown>;
  retired?: true;
}

/** A device before its properties are computed: where it stands, and what was changed of it. */
export interface ManagedEntry {
  index: number;
  generated: GeneratedManaged;
  change?: ManagedChange | undefined;
}

const KIND = "managed";
const ENROLLED = "managed";

/** One more than the highest index that a device has had. */
export function managedEnd(world: World, t: DirectoryTenant): number {
  return t.managed + count(world, t, ENROLLED);
}

/** The devices there are with an index in [from, to), in the order of their indexes. */
export function* managedEntries(
  world: World,
  t: DirectoryTenant,
  { from, to }: { from: number; to: number },
): Generator<ManagedEntry> {
  const end = Math.min(to, managedEnd(world, t));
  const range = { start: padded(from), end: padded(end) };
  const changes = new Map(from < end ? overlays<ManagedChange>(world, t, KIND, range) : []);
  for (let index = from; index < end; index++) {
    const change = changes.size === 0 ? undefined : changes.get(padded(index));
    if (change?.retired !== true) yield { index, generated: new GeneratedManaged(t, index), change };
  }
}

/** How many devices there are. */
export function managedCount(world: World, t: DirectoryTenant): number {
  const retired = overlays<ManagedChange>(world, t, KIND).filter(([, change]) => change.retired === true);
  return managedEnd(world, t) - retired.length;
}

/** The device with an id, unless there is none. */
export function managedById(world: World, t: DirectoryTenant, id: string): ManagedEntry | undefined {
  const index = indexOfManaged(t, id);
  if (index === undefined || index >= managedEnd(world, t)) return undefined;
  const change = overlay<ManagedChange>(world, t, KIND, padded(index));
  return change?.retired === true ? undefined : { index, generated: new GeneratedManaged(t, index), change };
}

/** One property of a device as it is, hidden or not. */
export function managedValue({ generated, change }: ManagedEntry, name: string): unknown {
  if (change !== undefined && Object.hasOwn(change.fields, name)) return change.fields[name];
  return MANAGED_PROPERTIES[name]?.(generated);
}

/** A device with the named properties; `reveal` tells the hidden ones too. */
export function managedDevice(
  entry: ManagedEntry,
  { names = ALL_NAMES, reveal = false }: { names?: readonly string[]; reveal?: boolean } = {},
): ManagedDevice {
  const device: ManagedDevice = {};
  for (const name of names) device[name] = !reveal && HIDDEN_PROPERTIES.has(name) ? null : managedValue(entry, name);
  return device;
}

/** Every property that a device has. */
export const ALL_NAMES: readonly string[] = Object.keys(MANAGED_PROPERTIES);

/** Adds a device and answers its id. The properties that are not given are generated. */
export function enroll(world: World, t: DirectoryTenant, fields: Record<string, unknown>): string {
  const index = t.managed + countUp(world, t, ENROLLED) - 1;
  putOverlay(world, t, KIND, { key: padded(index), value: { fields } satisfies ManagedChange });
  return managedId(t, index);
}

/** Changes properties of a device. */
export function updateManaged(
  world: World,
  t: DirectoryTenant,
  { entry, fields }: { entry: ManagedEntry; fields: Record<string, unknown> },
): void {
  const value: ManagedChange = { fields: { ...entry.change?.fields, ...fields } };
  putOverlay(world, t, KIND, { key: padded(entry.index), value });
}

/** Takes a device away for good. */
export function retire(world: World, t: DirectoryTenant, { index }: ManagedEntry): void {
  putOverlay(world, t, KIND, { key: padded(index), value: { fields: {}, retired: true } satisfies ManagedChange });
}

/** Some device there is, or undefined when all are gone; `at` in [0, 1) says which. */
export function someManaged(world: World, t: DirectoryTenant, at: number): ManagedEntry | undefined {
  const end = managedEnd(world, t);
  const from = Math.floor(at * end);
  for (const entry of managedEntries(world, t, { from, to: end })) return entry;
  for (const entry of managedEntries(world, t, { from: 0, to: from })) return entry;
  return undefined;
}
