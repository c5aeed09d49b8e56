/** Relations as delta tells them: `members@delta`, `owners@delta`, `manager@delta`. No I/O. */
import { NODE_TYPES } from "../store/schema.ts";
import { idOf, isObject, type Item, Unreadable } from "./item.ts";

/** One entry: an object that is related from now on, or is not any more. */
export interface RelationEntry {
  readonly id: string;
  /** One of NODE_TYPES. */
  readonly type: number;
  readonly added: boolean;
}

const TYPES: ReadonlyMap<string, number> = new Map(
  Object.entries(NODE_TYPES).map(([name, type]) => [`#microsoft.graph.${name}`, type]),
);

/** The entries of a relation in their order; none where the item does not tell. Throws Unreadable. */
export function relationOf(item: Item, property: string): readonly RelationEntry[] {
  const list = item[property];
  if (list === undefined || list === null) return [];
  if (!Array.isArray(list)) throw new Unreadable(`${property} is no list.`);
  return (list as unknown[]).map((entry) => {
    if (!isObject(entry)) throw new Unreadable(`${property} has an entry that is no object.`);
    return {
      id: idOf(entry["id"], `An id in ${property}`),
      type: TYPES.get(String(entry["@odata.type"])) ?? NODE_TYPES.other,
      added: isAbsent(entry["@removed"]),
    };
  });
}

/** Why delta calls an object removed; undefined for one that is there. Throws Unreadable. */
export function tombstoneOf(item: Item): "soft" | "hard" | undefined {
  const removed = item["@removed"];
  if (isAbsent(removed)) return undefined;
  if (!isObject(removed)) throw new Unreadable("@removed is of another type than Microsoft Graph documents.");
  // "changed": it can be restored for 30 days. An unknown reason is taken for the one that destroys nothing.
  return removed["reason"] === "deleted" ? "hard" : "soft";
}

function isAbsent(value: unknown): boolean {
  return value === undefined || value === null;
}
