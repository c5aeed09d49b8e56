/** Rows as the cells of a table: what has parts becomes a column per part, a list becomes one text. No I/O. */
import type { Field } from "./fields.ts";
import type { Json, ShownRow } from "./question.ts";

/** A cell. Numbers stay numbers, so that whoever writes them knows that they are no formula. */
export type Cell = string | number;

/** The columns of some fields, in their order. A reference has three, such as `manager.id`. */
export function cellNames(fields: Readonly<Record<string, Field>>, names: readonly string[]): string[] {
  return names.flatMap((name) => (isReference(fields[name]) ? PARTS.map((part) => `${name}.${part}`) : [name]));
}

/** The cells of a row, one for each of {@link cellNames}. */
export function cellsOf(fields: Readonly<Record<string, Field>>, names: readonly string[], row: ShownRow): Cell[] {
  return names.flatMap((name) => {
    const value = row[name] ?? null;
    return isReference(fields[name]) ? PARTS.map((part) => cell(partOf(value, part))) : [cell(value)];
  });
}

const PARTS = ["id", "name", "address"] as const;

function isReference(field: Field | undefined): boolean {
  return field?.kind === "user" || field?.kind === "recorded";
}

function partOf(value: Json, part: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return (value as Readonly<Record<string, Json>>)[part] ?? null;
}

function cell(value: Json): Cell {
  if (value === null) return "";
  if (typeof value === "number" || typeof value === "string") return value;
  if (typeof value === "boolean") return String(value);
  const words = isList(value) ? value.map(listed) : [undefined];
  return words.includes(undefined) ? JSON.stringify(value) : words.join("; ");
}

/** An entry of a list that needs no more than a word: a text, or the name of a licence. */
function listed(entry: Json): string | undefined {
  if (typeof entry === "string") return entry;
  const keys = typeof entry === "object" && entry !== null ? Object.keys(entry).join() : "";
  const name = keys === "id,name" ? (partOf(entry, "name") ?? partOf(entry, "id")) : undefined;
  return typeof name === "string" ? name : undefined;
}

function isList(value: Json): value is readonly Json[] {
  return Array.isArray(value);
}
