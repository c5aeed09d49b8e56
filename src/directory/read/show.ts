/** Rows as they are answered: fields by name, times RFC 3339, yes and no as such, references as id, name and address. */
import { rfc3339 } from "../../lib/clock.ts";
import { parseJson } from "../../lib/json.ts";
import type { Field } from "./fields.ts";
import type { Json, Row, ShownRow } from "./question.ts";

/** What a row refers to. */
export interface Known {
  /** Users by node. */
  readonly users: ReadonlyMap<number, Row>;
  /** Names of licences by id. */
  readonly licences: ReadonlyMap<string, string | null>;
}

/** The columns that fields are read from. */
export function columnsOf(fields: Readonly<Record<string, Field>>, names: readonly string[]): string[] {
  return names.flatMap((name) => {
    const field = fields[name];
    if (!field || field.kind === "edge") return [];
    if (field.kind === "recorded") return recordedColumnsOf(name, field);
    return [field.column ?? name];
  });
}

/** What rows are shown by. */
export interface Showing {
  readonly fields: Readonly<Record<string, Field>>;
  readonly names: readonly string[];
  /** What the rows refer to; nothing where nothing is said. */
  readonly known?: Known;
}

/** Makes rows into what is answered: their fields, in the order of the names. */
export function shower({ fields, names, known }: Showing): (row: Row) => ShownRow {
  const shown = names.flatMap((name) => {
    const field = fields[name];
    return field ? [{ name, field, column: field.column ?? name }] : [];
  });
  return (row) => {
    const made: Record<string, Json> = {};
    for (const { name, field, column } of shown)
      made[name] = field.kind === "recorded" ? recorded(name, field, row) : showField(field, row[column], known);
    return made;
  };
}

function showField(field: Field, value: Row[string] | undefined, known: Known | undefined): Json {
  if (field.kind === "present") return value !== null && value !== undefined;
  const shown = plain(value);
  if (shown === null) return null;
  switch (field.kind) {
    case "id":
    case "text":
    case "number":
    case "recorded":
      return shown;
    case "flag":
    case "edge":
      return shown !== 0;
    case "time":
      return rfc3339(Number(shown));
    case "list":
    case "json":
      return (parseJson(String(shown)) ?? null) as Json;
    case "licences":
      return texts(shown).map((id) => ({ id, name: known?.licences.get(id) ?? null }));
    case "user":
      return reference(known?.users.get(Number(shown)));
  }
}

/** A user as a reference; nobody where the user has gone. */
function reference(user: Row | undefined): Json {
  if (!user || user["gone_at"] !== null) return null;
  return { id: plain(user["id"]), name: plain(user["name"]), address: plain(user["address"]) };
}

function recordedColumnsOf(name: string, { nameOnly }: Field): string[] {
  return [`${name}_id`, `${name}_name`, ...(nameOnly ? [] : [`${name}_address`])];
}

function recorded(name: string, field: Field, row: Row): Json {
  const [id = null, called = null, address = null] = recordedColumnsOf(name, field).map((column) => plain(row[column]));
  return id === null && called === null && address === null ? null : { id, name: called, address };
}

function plain(value: Row[string] | undefined): string | number | null {
  return value === undefined || value instanceof ArrayBuffer ? null : value;
}

function texts(value: string | number): string[] {
  const list = parseJson(String(value));
  return Array.isArray(list) ? list.map(String) : [];
}
