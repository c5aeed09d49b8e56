/**
 * Items of a page, checked before anything is written of them. Plain checks: a page has up to 1,000 items of some 30
 * properties. An item that cannot be read is set aside by itself. No I/O.
 */
import type { PageResult } from "./page.ts";

/** An item that is an object. */
export type Item = Readonly<Record<string, unknown>>;

/** Says why an item cannot be read; caught where the page is read. */
export class Unreadable extends Error {}

/** Characters of an item, without the lists of its relations. */
const MOST_CHARACTERS = 256 * 1024;
const MOST_DEPTH = 32;
const MOST_ID_CHARACTERS = 1_000;
/** Lists of relations: a group may bring thousands of members in one item, and their entries are read one by one. */
const RELATIONS = new Set(["members@delta", "owners@delta", "manager@delta"]);

/** What could be read of a page, in its order, and what could not. */
export interface ReadItems<T> {
  readonly read: readonly T[];
  readonly setAside: PageResult["setAside"];
}

/** Reads every item with `read`. `key` names the property that identifies it. */
export function readItems<T>(items: readonly unknown[], read: (item: Item, id: string) => T, key = "id"): ReadItems<T> {
  const found: T[] = [];
  const setAside: { id: string | undefined; reason: string }[] = [];
  for (const item of items) {
    try {
      const { object, id } = checked(item, key);
      found.push(read(object, id));
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      setAside.push({ id: isObject(item) ? nameOf(item[key]) : undefined, reason: error.message });
    }
  }
  return { read: found, setAside };
}

/** True for a JSON object. */
export function isObject(value: unknown): value is Item {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** An id as Graph gives them; throws Unreadable with the property's name for anything else. */
export function idOf(value: unknown, property: string): string {
  if (typeof value !== "string" || value === "") throw new Unreadable(`${property} is no id.`);
  if (value.length > MOST_ID_CHARACTERS || !value.isWellFormed() || value.includes("\0")) {
    throw new Unreadable(`${property} is no id.`);
  }
  return value;
}

function checked(item: unknown, key: string): { object: Item; id: string } {
  if (!isObject(item)) throw new Unreadable("The item is no object.");
  const id = idOf(item[key], key);
  let weight = 0;
  for (const [property, value] of Object.entries(item)) {
    if (!RELATIONS.has(property)) weight += property.length + weightOf(value, 0);
    if (weight > MOST_CHARACTERS)
      throw new Unreadable(`The item is larger than 256 KB, with ${property.slice(0, 100)}.`);
  }
  return { object: item, id };
}

/** Roughly the characters of a value as JSON. */
function weightOf(value: unknown, depth: number): number {
  if (typeof value === "string") return value.length + 2;
  if (typeof value !== "object" || value === null) return 4;
  if (depth >= MOST_DEPTH) throw new Unreadable("The item is nested too deeply.");
  let weight = 2;
  for (const [name, inner] of Object.entries(value)) weight += name.length + 3 + weightOf(inner, depth + 1);
  return weight;
}

function nameOf(id: unknown): string | undefined {
  return typeof id === "string" ? id.slice(0, MOST_ID_CHARACTERS).toWellFormed() : undefined;
}
