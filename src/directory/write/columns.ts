/**
 * Properties of Graph as columns. A value that is not of its property's type is never stored: the item is set aside.
 * Texts are cut at 4,096 characters, lists that are kept as JSON at 8,192 by whole entries. No I/O.
 */
import type { SqlValue } from "../store/sql.ts";
import type { Values } from "./bulk.ts";
import { isObject, type Item, Unreadable } from "./item.ts";

/** Makes a column's value of a property's, which is neither absent nor null; undefined where it is of another type. */
export type Reader = (value: unknown) => SqlValue | undefined;

/** A property and its column. */
export interface Column {
  readonly column: string;
  readonly property: string;
  readonly path: readonly string[];
  readonly read: Reader;
}

const MOST_TEXT_CHARACTERS = 4_096;
const MOST_LIST_CHARACTERS = 8_192;
// .NET's least and greatest times, which Graph and Intune send for "none".
const NO_TIME = /^(?:0001-01-01|9999-12-31)T/;
const TIME = /^\d{4}-\d{2}-\d{2}T/;

/** A table of columns: by column the property (a path with dots) and how it is read. */
export function columnsOf(
  table: Readonly<Record<string, readonly [property: string, read: Reader]>>,
): readonly Column[] {
  return Object.entries(table).map(([column, [property, read]]) => ({
    column,
    property,
    path: property.split("."),
    read,
  }));
}

/** The values of the properties that an item has; what it lacks is no key. Throws Unreadable. */
export function valuesOf(item: Item, columns: readonly Column[]): Values {
  const values: Values = {};
  for (const { column, property, path, read } of columns) {
    const value = at(item, path);
    if (value === undefined) continue;
    const made = value === null ? null : read(value);
    if (made === undefined) throw new Unreadable(`${property} is of another type than Microsoft Graph documents.`);
    values[column] = made;
  }
  return values;
}

function at(item: Item, path: readonly string[]): unknown {
  let value: unknown = item;
  for (const name of path) {
    if (value === undefined || value === null) return value;
    if (!isObject(value)) throw new Unreadable(`${path.join(".")} is of another type than Microsoft Graph documents.`);
    value = value[name];
  }
  return value;
}

/** A text; an empty one is none. What SQLite's JSON cannot give back as it was sent is taken out. */
export const text: Reader = (value) => (typeof value === "string" ? cut(value) || null : undefined);

/** A text in lower case. */
export const lowerText: Reader = (value) => (typeof value === "string" ? cut(value).toLowerCase() || null : undefined);

/** A yes or no, as 1 or 0. */
export const flag: Reader = (value) => (typeof value === "boolean" ? Number(value) : undefined);

/** A whole number. */
export const whole: Reader = (value) =>
  typeof value === "number" && Number.isSafeInteger(value) ? value + 0 : undefined;

/** A time, as ms since the epoch; what stands for none is null. */
export const time: Reader = (value) => {
  if (value === "") return null;
  if (typeof value !== "string" || !TIME.test(value)) return undefined;
  if (NO_TIME.test(value)) return null;
  const ms = Date.parse(value);
  return Number.isNaN(ms) ? undefined : ms;
};

/** A list of texts, as JSON in its order. */
export const texts: Reader = (value) => {
  if (!Array.isArray(value)) return undefined;
  const list: unknown[] = value;
  return list.every((entry) => typeof entry === "string") ? JSON.stringify(list.map(cut)) : undefined;
};

/** A list of objects, as JSON; from the entry on that does not fit any more it is left out. */
export const entries: Reader = (value) => {
  if (!Array.isArray(value)) return undefined;
  const kept: string[] = [];
  let size = 2;
  for (const entry of value as unknown[]) {
    if (!isObject(entry)) return undefined;
    const json = JSON.stringify(entry);
    size += json.length + 1;
    if (size <= MOST_LIST_CHARACTERS) kept.push(json);
  }
  return `[${kept.join(",")}]`;
};

function cut(value: string): string {
  const short = value.length > MOST_TEXT_CHARACTERS ? value.slice(0, MOST_TEXT_CHARACTERS) : value;
  return (short.includes("\0") ? short.replaceAll("\0", "") : short).toWellFormed();
}
