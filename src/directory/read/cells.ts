/**
 * Rows as the lines of a table (RFC 4180): what has parts becomes a column per part, a list becomes one text. What a
 * spreadsheet would take for a formula gets an apostrophe in front of it. No I/O.
 */
import type { Field } from "./fields.ts";
import type { Json, ShownRow } from "./question.ts";

/** A field of a table; one that refers to somebody has a column for each of the three parts. */
export interface TableField {
  readonly name: string;
  readonly refers: boolean;
}

/** Some fields of a list as those of a table. */
export function tableFields(fields: Readonly<Record<string, Field>>, names: readonly string[]): TableField[] {
  return names.map((name) => ({ name, refers: fields[name]?.kind === "user" || fields[name]?.kind === "recorded" }));
}

/** The first line: the columns' names, such as `manager.id`. With its end, as every line. */
export function headLine(table: readonly TableField[]): string {
  const names = table.flatMap(({ name, refers }) => (refers ? PARTS.map((part) => `${name}.${part}`) : [name]));
  return `${names.map(quoted).join(",")}\r\n`;
}

/** The line of a row. */
export function lineOf(table: readonly TableField[], row: ShownRow): string {
  let line = "";
  for (const { name, refers } of table) {
    const value = row[name] ?? null;
    line += refers ? `${PARTS.map((part) => cell(partOf(value, part))).join(",")},` : `${cell(value)},`;
  }
  return `${line.slice(0, -1)}\r\n`;
}

const PARTS = ["id", "name", "address"] as const;

function partOf(value: Json, part: string): Json {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return null;
  return (value as Readonly<Record<string, Json>>)[part] ?? null;
}

/** A number is no formula, whatever its sign. */
function cell(value: Json): string {
  if (value === null) return "";
  if (typeof value === "string") return quoted(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const words = isList(value) ? value.map(listed) : [undefined];
  return quoted(words.includes(undefined) ? JSON.stringify(value) : words.join("; "));
}

/** Spreadsheets skip blanks, and take full-width signs for the usual ones. */
const FORMULA = /^(?:\s*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20]|[\t\r\n])/;
/** A CR or LF alone ends a row for most readers, so each of them is quoted, and not their pair only. */
const TO_QUOTE = /[",\r\n]/;

function quoted(text: string): string {
  const safe = FORMULA.test(text) ? `'${text}` : text;
  return TO_QUOTE.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
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
