/** The devices that a page touches: read with one query, written back with a statement per kind of write. */
import { type Marks, openMarks } from "../store/marks.ts";
import { NODE_TYPES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { allOver, differing, insertRows, runOver, type Update, updateRows, type Values } from "./bulk.ts";
import { DEVICE_COLUMNS, DEVICE_INDEXED, type Side, told } from "./device-columns.ts";
import type { Desk } from "./device-joining.ts";
import { type Device, partsOf, valuesOfDevice } from "./device-row.ts";
import { type Change, diffOf, record } from "./history.ts";
import type { Nodes } from "./nodes.ts";
import type { PageInput, Removable } from "./page.ts";
import { type Reason, stage, unstage } from "./staging.ts";

/** How a device is looked for: by its node, its registration, its id in Intune. */
export type DeviceKey = readonly [n: number | null, registration: string | null, intuneId: string | null];

/** The name under which a side is marked and staged. */
export const KIND_OF = { entra: "devices", intune: "managed_devices" } as const satisfies Record<Side, Removable>;

const SIDES = ["entra", "intune"] as const satisfies Side[];

/** A desk with the stored devices that any of the keys names. */
export interface StoredDesk extends Desk {
  readonly byNode: ReadonlyMap<number, Device>;
  readonly marks: Readonly<Record<Side, Marks>>;
}

/** Reads devices. */
export function openDesk(sql: Sql, now: number, keys: readonly DeviceKey[]): StoredDesk {
  const rows = allOver<Values & { n: number }>(sql, READ, keys);
  const marks = { entra: openMarks(sql, KIND_OF.entra), intune: openMarks(sql, KIND_OF.intune) };
  const byNode = new Map<number, Device>(rows.map((row) => [row.n, deviceOf(row, marks)]));
  const desk: StoredDesk = {
    now,
    devices: new Set(byNode.values()),
    byRegistration: new Map(),
    byNode,
    marks,
    byId: { entra: new Map(), intune: new Map() },
  };
  for (const device of desk.devices) {
    for (const side of SIDES) if (device[side]) desk.byId[side].set(device[side].id, device);
    if (device.registration !== null) desk.byRegistration.set(device.registration, device);
  }
  return desk;
}

const READ = `
WITH k AS MATERIALIZED (SELECT value ->> 0 AS n, value ->> 1 AS registration, value ->> 2 AS intune FROM jsonb_each(?))
SELECT d.n, d.since, ${DEVICE_COLUMNS.map((column) => `d.${column}`).join(", ")},
  nodes.id LIKE 'intune:%' AS is_intune, e.reason AS staged_entra, i.reason AS staged_intune
FROM (SELECT n FROM devices WHERE n IN (SELECT n FROM k)
  UNION SELECT n FROM devices WHERE registration_id IN (SELECT registration FROM k) AND registration_id IS NOT NULL
  UNION SELECT n FROM devices WHERE intune_id IN (SELECT intune FROM k)) AS found
CROSS JOIN devices AS d ON d.n = found.n CROSS JOIN nodes ON nodes.n = d.n
LEFT JOIN staged AS e ON e.kind = 'devices' AND e.n = d.n
LEFT JOIN staged AS i ON i.kind = 'managed_devices' AND i.n = d.n`;

function deviceOf(row: Values & { n: number }, marks: StoredDesk["marks"]): Device {
  const { is_intune: isIntuneNode, staged_entra: entra, staged_intune: intune } = row;
  const staged = { entra: entra as Reason | null, intune: intune as Reason | null };
  return {
    n: row.n,
    isIntuneNode: isIntuneNode === 1,
    since: Number(row["since"]),
    goneAt: row["gone_at"] as number | null,
    gone: row["gone"] as string | null,
    registration: row["registration_id"] as string | null,
    ...partsOf(row),
    staged: { ...staged },
    wasStaged: staged,
    marked: { entra: marks.entra.has(row.n), intune: marks.intune.has(row.n) },
    stored: row,
    past: row,
  };
}

/** Writes what is new or differs. Gives how many devices that are. */
export function saveDesk(
  sql: Sql,
  desk: StoredDesk,
  { nodes, history }: Pick<PageInput, "history"> & { readonly nodes: Nodes | undefined },
): number {
  const merged = [...desk.devices].filter(({ becomes }) => becomes);
  const placed = [...desk.devices]
    .filter(({ becomes }) => !becomes)
    .map((device) => ({ device, n: place(device, nodes) }));
  nodes?.save();
  runOver(
    sql,
    "DELETE FROM devices WHERE n IN (SELECT value FROM json_each(?))",
    merged.map(({ n }) => n),
  );
  const written = writeRows(sql, { placed, now: desk.now, history });
  moveChanges(sql, merged);
  saveMarks(desk, { placed, merged });
  saveStaged(sql, { placed, merged });
  return written;
}

interface Placed {
  readonly device: Device;
  readonly n: number;
}

function place(device: Device, nodes: Nodes | undefined): number {
  const id = device.entra?.id ?? `intune:${device.intune?.id}`;
  device.n ??= nodes?.intern(id, NODE_TYPES.device);
  if (device.n === undefined) throw new Error("a device without a node");
  return device.n;
}

function writeRows(
  sql: Sql,
  { placed, now, history }: { readonly placed: readonly Placed[]; readonly now: number; readonly history: boolean },
): number {
  const added: Values[] = [];
  const updates: (Update & { readonly stored: Values })[] = [];
  const records: Change[] = [];
  for (const { device, n } of placed) {
    const values = valuesOfDevice(device);
    values["n"] = n;
    values["since"] = device.since;
    const { stored, past } = device;
    const changed = stored ? differing(TABLE.columns, stored, values) : [];
    if (!stored) added.push(values);
    else if (changed.length > 0) updates.push({ values, changed, stored });
    const news = recordOf(n, past, values);
    if (news && (!stored || changed.length > 0)) records.push(news);
  }
  for (const column of UNIQUE) release(sql, column, { added, updates });
  insertRows(sql, { table: "devices", columns: ["n", "since", ...DEVICE_COLUMNS] }, added);
  updateRows(sql, TABLE, updates);
  if (history) record(sql, now, records);
  return added.length + updates.length;
}

const TABLE = { table: "devices", key: "n", columns: [...DEVICE_COLUMNS, "since"], indexed: DEVICE_INDEXED };
const UNIQUE = ["registration_id", "intune_id"] as const;

/** What one row gives up and another takes is set free first: a statement that swaps two of them would meet itself halfway. */
function release(
  sql: Sql,
  column: (typeof UNIQUE)[number],
  {
    added,
    updates,
  }: { readonly added: readonly Values[]; readonly updates: readonly (Update & { readonly stored: Values })[] },
): void {
  const taken = new Set([...added, ...updates.map(({ values }) => values)].map((values) => values[column]));
  const givers = updates.filter(
    ({ stored, values }) => stored[column] !== null && stored[column] !== values[column] && taken.has(stored[column]),
  );
  runOver(
    sql,
    `UPDATE devices SET ${column} = NULL WHERE n IN (SELECT value FROM json_each(?))`,
    givers.map(({ values }) => values["n"]),
  );
}

function recordOf(n: number, past: Values | undefined, values: Values): Change | undefined {
  if (!past) return { kind: "devices", n, what: "added", diff: null };
  const columns = told(differing(DEVICE_COLUMNS, past, values));
  const diff = diffOf(columns, past, values);
  if (!diff) return undefined;
  const returns = past["gone_at"] !== null && values["gone_at"] === null;
  const what = returns ? "restored" : values["gone_at"] === null ? "changed" : "removed";
  return { kind: "devices", n, what, diff };
}

/** The history of a record of Intune's goes on as that of the device that it turned out to be. */
function moveChanges(sql: Sql, merged: readonly Device[]): void {
  const moves = merged.map(({ n, becomes }) => [n, becomes?.n, becomes?.stored ? 1 : 0]);
  // The device itself has been there before: its record's arrival is not its own.
  runOver(
    sql,
    `DELETE FROM changes WHERE kind = 'devices' AND what = 'added'
     AND n IN (SELECT value ->> 0 FROM json_each(?) WHERE value ->> 2 = 1)`,
    moves,
  );
  runOver(
    sql,
    `UPDATE changes SET n = v.value ->> 1 FROM json_each(?) AS v
     WHERE changes.n = v.value ->> 0 AND changes.kind = 'devices'`,
    moves,
  );
}

interface Work {
  readonly placed: readonly Placed[];
  readonly merged: readonly Device[];
}

function saveMarks({ marks }: StoredDesk, { placed, merged }: Work): void {
  for (const side of SIDES) {
    for (const { device, n } of placed) marks[side].put(n, device.marked[side]);
    for (const { n } of merged) if (n !== undefined) marks[side].put(n, false);
    marks[side].save();
  }
}

function saveStaged(sql: Sql, { placed, merged }: Work): void {
  for (const side of SIDES) {
    const differs = placed.filter(({ device }) => device.staged[side] !== device.wasStaged[side]);
    stage(
      sql,
      KIND_OF[side],
      differs.flatMap(({ device, n }) => (device.staged[side] ? [[n, device.staged[side]] as const] : [])),
    );
    unstage(sql, KIND_OF[side], [
      ...differs.filter(({ device }) => !device.staged[side]).map(({ n }) => n),
      ...merged.flatMap(({ n, wasStaged }) => (n !== undefined && wasStaged[side] ? [n] : [])),
    ]);
  }
}
