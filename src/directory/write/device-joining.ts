/**
 * Which parts are one device: those that name the same registration. The order in which Entra and Intune tell, change
 * and drop a device does not matter for what it is in the end. Works in memory. No I/O.
 */
import type { Values } from "./bulk.ts";
import type { Side } from "./device-columns.ts";
import { type Device, newDevice, otherOf } from "./device-row.ts";
import type { Reason } from "./staging.ts";

/** The devices that a page touches, and how they are found. */
export interface Desk {
  readonly now: number;
  readonly devices: Set<Device>;
  readonly byId: Record<Side, Map<string, Device>>;
  readonly byRegistration: Map<string, Device>;
}

/** One side's word on a device. */
export interface Word {
  readonly side: Side;
  readonly id: string;
  /** What it tells, `registration_id` among it where it names one. */
  readonly values: Values;
  /** True in a reading of everything, where what is not told is not there. */
  readonly full: boolean;
  /** The row of the node that the id has, where there is one. */
  readonly at: Device | undefined;
}

/** Takes a word on a device that is there. */
export function hear(desk: Desk, { side, id, values, full, at }: Word): void {
  const device = desk.byId[side].get(id) ?? at ?? adopt(desk, newDevice(desk.now));
  if (device.goneAt !== null) revive(desk, device, side);
  const { registration_id: registration } = values;
  const isFirst = !device[side] || (full && !device.marked[side]);
  const part = { id, values: isFirst ? values : { ...device[side]?.values, ...values } };
  device[side] = part;
  desk.byId[side].set(id, device);
  device.staged[side] = null;
  if (full) device.marked[side] = true;
  if (registration !== undefined || isFirst) settle(desk, device, { side, registration: textOf(registration) });
}

/** What was remembered of the side that has not returned is out of date. */
function revive(desk: Desk, device: Device, side: Side): void {
  drop(desk, device, otherOf(side));
  device.goneAt = null;
  device.gone = null;
}

/** Sees to it that a part is in the device of the registration that it names. */
function settle(
  desk: Desk,
  speaking: Device,
  { side, registration }: { readonly side: Side; readonly registration: string | null },
): void {
  if (speaking.registration === registration) return;
  const device = separated(desk, speaking, side);
  release(desk, device);
  if (registration === null) return;
  const holder = desk.byRegistration.get(registration);
  if (!holder || holder.goneAt !== null) {
    if (holder) release(desk, holder);
    hold(desk, device, registration);
  } else if (!holder[side]) {
    release(desk, holder);
    join(desk, side === "entra" ? { into: device, from: holder } : { into: holder, from: device });
    hold(desk, side === "entra" ? device : holder, registration);
  } else if (side === "entra") {
    // The same device registered anew as another object. Its old one, of which no tombstone has come yet, has lost it.
    release(desk, holder);
    if (holder.intune) moveIntune(desk, { into: device, from: holder });
    hold(desk, device, registration);
  }
  // A second record in Intune waits beside the first, and is tried again whenever it is seen.
}

/** A device of the speaking side alone. Who leaves is Intune's part, because the row's id is that of Entra's object. */
function separated(desk: Desk, device: Device, side: Side): Device {
  if (!device.entra || !device.intune) return device;
  const { registration } = device;
  const leaving = adopt(desk, newDevice(desk.now));
  moveIntune(desk, { into: leaving, from: device });
  if (side === "intune") return leaving;
  release(desk, device);
  if (registration !== null) hold(desk, leaving, registration);
  return device;
}

/** Makes one device of two, of which `from` has Intune's part alone. */
function join(desk: Desk, { into, from }: { readonly into: Device; readonly from: Device }): void {
  moveIntune(desk, { into, from });
  if (from.n === undefined) {
    desk.devices.delete(from);
  } else if (from.isIntuneNode) {
    from.becomes = into;
    into.since = Math.min(into.since, from.since);
    into.past ??= from.stored;
  } else {
    // It was another object of Entra, which has gone before.
    from.goneAt = desk.now;
    from.gone = "soft";
  }
}

function moveIntune(desk: Desk, { into, from }: { readonly into: Device; readonly from: Device }): void {
  into.intune = from.intune;
  into.staged.intune = from.staged.intune;
  into.marked.intune = from.marked.intune;
  drop(desk, from, "intune");
  if (into.intune) desk.byId.intune.set(into.intune.id, into);
}

function drop(desk: Desk, device: Device, side: Side): void {
  const part = device[side];
  if (part && desk.byId[side].get(part.id) === device) desk.byId[side].delete(part.id);
  device[side] = null;
  device.staged[side] = null;
  device.marked[side] = false;
}

function hold(desk: Desk, device: Device, registration: string): void {
  device.registration = registration;
  desk.byRegistration.set(registration, device);
}

function release(desk: Desk, device: Device): void {
  if (device.registration !== null) desk.byRegistration.delete(device.registration);
  device.registration = null;
}

function adopt(desk: Desk, device: Device): Device {
  desk.devices.add(device);
  return device;
}

function textOf(value: Values[string] | undefined): string | null {
  return typeof value === "string" ? value : null;
}

/** Takes one side away. With the other one left the device lives on as that; else it is gone, and keeps its values. */
export function leave(
  desk: Desk,
  device: Device,
  { side, reason }: { readonly side: Side; readonly reason: Reason },
): void {
  if (device[side] && device.goneAt === null) {
    if (device[otherOf(side)]) drop(desk, device, side);
    else {
      device.goneAt = desk.now;
      device.gone = reason;
    }
  }
  device.staged[side] = null;
}
