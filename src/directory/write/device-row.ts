/**
 * A device as its row holds it: what Entra says and what Intune says, in one. Of columns that both have a word on the
 * row shows Intune's, or Entra's where Intune has none; `shadow` keeps both where they differ, so that either side can
 * leave or change without the other being asked again. No I/O.
 */
import type { Values } from "./bulk.ts";
import { OWN, SHARED, type Side } from "./device-columns.ts";
import type { Reason } from "./staging.ts";

/** What one side says. */
export interface Part {
  readonly id: string;
  readonly values: Values;
}

/** A device while its page is worked through. */
export interface Device {
  /** Its node; undefined until a new one is placed. */
  n: number | undefined;
  /** True where its node stands for Intune's record alone. */
  readonly isIntuneNode: boolean;
  since: number;
  goneAt: number | null;
  gone: string | null;
  registration: string | null;
  entra: Part | null;
  intune: Part | null;
  readonly staged: Record<Side, Reason | null>;
  readonly wasStaged: Readonly<Record<Side, Reason | null>>;
  readonly marked: Record<Side, boolean>;
  /** Its row as it was read; undefined for a new one. */
  readonly stored: Values | undefined;
  /** What the history takes for its row before this page. */
  past: Values | undefined;
  /** Of the device that this one has become, where its row is to go. */
  becomes?: Device;
}

/** A device that is not stored yet. */
export function newDevice(since: number): Device {
  return {
    n: undefined,
    isIntuneNode: false,
    since,
    goneAt: null,
    gone: null,
    registration: null,
    entra: null,
    intune: null,
    stored: undefined,
    past: undefined,
    staged: { entra: null, intune: null },
    wasStaged: { entra: null, intune: null },
    marked: { entra: false, intune: false },
  };
}

/** The other side. */
export function otherOf(side: Side): Side {
  return side === "entra" ? "intune" : "entra";
}

/** The values of a device's row. */
export function valuesOfDevice(device: Device): Values {
  const { entra, intune } = device;
  const state = {
    gone_at: device.goneAt,
    gone: device.gone,
    registration_id: device.registration,
    entra_id: entra?.id ?? null,
    intune_id: intune?.id ?? null,
  };
  // What is gone keeps its values, for whoever reads the history.
  if (!entra && !intune) return { ...device.stored, ...state };
  const values: Values = state;
  const shadow: Record<string, unknown> = {};
  for (const column of OWN.entra) values[column] = entra?.values[column] ?? null;
  for (const column of OWN.intune) values[column] = intune?.values[column] ?? null;
  for (const column of SHARED) {
    const said = { entra: entra?.values[column] ?? null, intune: intune?.values[column] ?? null };
    values[column] = said.intune ?? said.entra;
    if (entra && intune && said.entra !== said.intune) shadow[column] = [said.entra, said.intune];
  }
  values["shadow"] = Object.keys(shadow).length === 0 ? null : JSON.stringify(shadow);
  return values;
}

/** What each side says, from a row. */
export function partsOf(row: Values): { entra: Part | null; intune: Part | null } {
  const shadow =
    typeof row["shadow"] === "string" ? (JSON.parse(row["shadow"]) as Record<string, [string, string]>) : {};
  const part = (side: Side): Part | null => {
    const id = row[`${side}_id`];
    if (typeof id !== "string") return null;
    const values: Values = {};
    for (const column of OWN[side]) values[column] = row[column] ?? null;
    for (const column of SHARED) {
      const both = shadow[column];
      values[column] = both ? both[side === "entra" ? 0 : 1] : (row[column] ?? null);
    }
    return { id, values };
  };
  return { entra: part("entra"), intune: part("intune") };
}
