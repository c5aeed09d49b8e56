/** Filters as conditions of SQL. Columns come from the table of lists, values go in as parameters. */
import type { Binds } from "./binds.ts";
import type { Field, FieldKind, Listing } from "./fields.ts";
import type { Filter } from "./question.ts";
import { beyond, spellings } from "./text.ts";

/** What conditions are made with. */
export interface Frame {
  readonly listing: Listing;
  readonly binds: Binds;
  /** A column's expression, as it is asked for: now, or then. */
  readonly column: (name: string) => string;
}

/** The condition of a filter by a field. */
export function fieldCondition(frame: Frame, { field, test, values }: Filter): string {
  const { kind, column }: Field = frame.listing.fields[field] ?? { kind: "text" };
  const expression = frame.column(column ?? field);
  if (test === "before") return `${expression} < ${frame.binds.put(Number(values[0]))}`;
  if (test === "after") return `${expression} >= ${frame.binds.put(Number(values[0]))}`;
  if (kind === "present") return either(values.map((value) => `${expression} IS ${value ? "NOT " : ""}NULL`));
  const given = values.filter((value) => value !== null);
  const conditions = [
    ...(given.length > 0 ? [sameAs(kind, frame, expression)(given)] : []),
    ...(given.length < values.length ? [`${expression} IS NULL`] : []),
  ];
  return either(conditions);
}

/** True where one of the columns begins with the text, whatever its case. */
export function searchCondition(frame: Frame, expressions: readonly string[], search: string): string {
  return either(expressions.flatMap((expression) => beginnings(frame.binds, expression, search)));
}

/** The conditions of a column that begins with the text: ranges, which an index answers, and in which % and _ mean nothing. */
function beginnings(binds: Binds, expression: string, search: string): string[] {
  return spellings(search).map(
    (one) =>
      `(${expression} >= ${binds.put(one)} COLLATE NOCASE AND ${expression} < ${binds.put(beyond(one))} COLLATE NOCASE)`,
  );
}

/** True where one of the conditions is. */
export function either(conditions: readonly string[]): string {
  const [first, ...more] = conditions;
  if (first === undefined) return "FALSE";
  return more.length === 0 ? first : `(${conditions.join(" OR ")})`;
}

function sameAs(kind: FieldKind, frame: Frame, expression: string): (values: Filter["values"]) => string {
  if (kind === "text") return (values) => sameText(frame, expression, values);
  return (values) => among(frame.binds, expression, kind === "id" ? values.map(String) : values.map(Number));
}

function sameText({ binds }: Frame, expression: string, values: Filter["values"]): string {
  const spelt = values.flatMap((value) => spellings(String(value)));
  const [first, ...more] = spelt;
  if (first !== undefined && more.length === 0) return `${expression} = ${binds.put(first)} COLLATE NOCASE`;
  return `${expression} COLLATE NOCASE IN (SELECT value FROM json_each(${binds.put(JSON.stringify(spelt))}))`;
}

function among(binds: Binds, expression: string, values: readonly (string | number)[]): string {
  return `${expression} IN (SELECT value FROM json_each(${binds.put(JSON.stringify(values))}))`;
}
