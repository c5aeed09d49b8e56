/** The pages of devices: Entra's device objects, Intune's records. */
import { NODE_TYPES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { insertRows, type Values } from "./bulk.ts";
import { valuesOf } from "./columns.ts";
import { ENTRA_COLUMNS, INTUNE_COLUMNS } from "./device-columns.ts";
import { type DeviceKey, openDesk, saveDesk, type StoredDesk } from "./device-desk.ts";
import { hear } from "./device-joining.ts";
import { graves } from "./graves.ts";
import { idOf, readItems, Unreadable } from "./item.ts";
import { type Nodes, openNodes } from "./nodes.ts";
import type { PageInput, PageResult } from "./page.ts";
import { tombstoneOf } from "./relations.ts";
import { unlink } from "./unlink.ts";

interface EntraSighting {
  readonly id: string;
  readonly removed: "soft" | "hard" | undefined;
  readonly values: Values;
}

/** Device objects and tombstones of one page. */
export function writeDevices(sql: Sql, page: PageInput): PageResult {
  const { read: sightings, setAside } = readItems(page.items, (item, id): EntraSighting => {
    const removed = tombstoneOf(item);
    return { id, removed, values: removed ? {} : valuesOf(item, ENTRA_COLUMNS) };
  });
  const nodes = openNodes(
    sql,
    sightings.map(({ id }) => id),
  );
  const keys = sightings.map(({ id, values }): DeviceKey => [nodes.find(id) ?? null, textOf(values), null]);
  const desk = openDesk(sql, page.now, keys);
  const buried = new Map<string, "soft" | "hard">();
  for (const { id, removed, values } of sightings) {
    if (removed) {
      bury(desk, nodes, { id, removed, buried });
    } else {
      const n = nodes.intern(id, NODE_TYPES.device);
      buried.delete(id);
      hear(desk, { side: "entra", id, values, full: page.full, at: desk.byNode.get(n) });
    }
  }
  const staged = [...desk.devices].filter(
    ({ staged: is, wasStaged }) => is.entra && is.entra !== wasStaged.entra,
  ).length;
  const written = saveDesk(sql, desk, { nodes, history: page.history });
  return {
    seen: sightings.length,
    written: written + saveGraves(sql, page, { nodes, buried, desk }),
    staged,
    setAside,
  };
}

/** A tombstone. Only what is there needs the gate; `buried` collects what was gone before. */
function bury(
  desk: StoredDesk,
  nodes: Nodes,
  {
    id,
    removed,
    buried,
  }: Omit<EntraSighting, "values" | "removed"> & {
    readonly removed: "soft" | "hard";
    readonly buried: Map<string, "soft" | "hard">;
  },
): void {
  const n = nodes.find(id);
  const device = desk.byId.entra.get(id) ?? (n === undefined ? undefined : desk.byNode.get(n));
  if (device?.entra && device.goneAt === null) {
    if (device.staged.entra !== "hard") device.staged.entra = removed;
    return;
  }
  if (n !== undefined && buried.get(id) !== "hard") buried.set(id, removed);
  if (device && device.goneAt !== null && removed === "hard") device.gone = "hard";
}

/** What is gone for good has no links. What is known as a member alone gets a row that says it is gone. */
function saveGraves(
  sql: Sql,
  { now, history }: PageInput,
  {
    nodes,
    buried,
    desk,
  }: { readonly nodes: Nodes; readonly buried: ReadonlyMap<string, "soft" | "hard">; readonly desk: StoredDesk },
): number {
  const found = [...buried].flatMap(([id, reason]) => {
    const n = nodes.find(id);
    return n === undefined ? [] : [{ n, reason }];
  });
  const unknown = found.filter(({ n }) => !desk.byNode.has(n));
  insertRows(
    sql,
    { table: "devices", columns: ["n", "since", "gone_at", "gone"] },
    unknown.map(({ n, reason }) => ({ n, since: now, gone_at: now, gone: reason })),
  );
  const hard = found.filter(({ reason }) => reason === "hard").map(({ n }) => n);
  unlink(sql, { numbers: hard, now, history, limit: MOST_LINKS });
  return unknown.length;
}

const MOST_LINKS = 20_000;

/** Intune's records of one page. */
export function writeManagedDevices(sql: Sql, page: PageInput): PageResult {
  const { read: sightings, setAside } = readItems(page.items, (item, id) => ({
    id,
    values: valuesOf(item, INTUNE_COLUMNS),
    user: userOf(item["userId"]),
  }));
  const users = sightings.flatMap(({ user }) => user ?? []);
  const buried = graves(sql, users);
  const nodes = openNodes(sql, new Set([...sightings.map(({ id }) => `intune:${id}`), ...users]));
  const desk = openDesk(
    sql,
    page.now,
    sightings.map(({ id, values }): DeviceKey => [null, textOf(values), id]),
  );
  for (const { id, values, user } of sightings) {
    if (user !== undefined) {
      values["user_n"] = user === null || buried.has(user) ? null : nodes.intern(user, NODE_TYPES.user);
    }
    hear(desk, { side: "intune", id, values, full: page.full, at: undefined });
  }
  const written = saveDesk(sql, desk, { nodes, history: page.history });
  return { seen: sightings.length, written, staged: 0, setAside };
}

/** The user's id; null for none, undefined where it is not told. */
function userOf(value: unknown): string | null | undefined {
  if (value === undefined) return undefined;
  if (value === null || value === "") return null;
  if (typeof value !== "string") throw new Unreadable("userId is of another type than Microsoft Graph documents.");
  return value === NO_USER ? null : idOf(value, "userId");
}

const NO_USER = "00000000-0000-0000-0000-000000000000";

function textOf({ registration_id: registration }: Values): string | null {
  return typeof registration === "string" ? registration : null;
}
