/** What is asked of a list of objects, as conditions. */
import type { Sql } from "../store/sql.ts";
import { type Binds, openBinds } from "./binds.ts";
import { directGroups, groupsAbove } from "./edges.ts";
import { LISTINGS } from "./listings.ts";
import type { Past } from "./past.ts";
import type { ListAsked, MemberOf, ObjectList } from "./question.ts";
import { type Condition, specialCondition } from "./specials.ts";
import { beyond, spellings } from "./text.ts";
import { fieldCondition, searchCondition } from "./where.ts";

/** What a list of objects is asked. */
export type ObjectsAsked = ListAsked & { readonly list: ObjectList; readonly memberOf?: MemberOf };

/** A question that is being answered. */
export interface Asking {
  readonly sql: Sql;
  readonly asked: ObjectsAsked;
  readonly past: Past | undefined;
  /** The node whose groups are asked for. */
  readonly member: number | undefined;
}

/** The conditions of a question, by what a column is then or now. */
export function conditionsOf(asking: Asking, binds: Binds, column: (name: string) => string): Condition[] {
  const { sql, asked, past, member } = asking;
  const listing = LISTINGS[asked.list];
  const frame = { sql, past, listing, binds, column, now: asked.now };
  return [
    ...(asked.search === undefined ? [] : [searched(asking, asked.search, { ...frame })]),
    ...asked.filters.map((filter) =>
      filter.test === "special" ? specialCondition(frame, filter) : { text: fieldCondition(frame, filter) },
    ),
    ...(member === undefined ? [] : [inGroups(asking, binds, member)]),
  ];
}

function inGroups({ sql, asked, past }: Asking, binds: Binds, member: number): Condition {
  const walk = { sql, binds, past };
  const groups = asked.memberOf?.transitive ? groupsAbove(walk, member) : directGroups(walk, member);
  return { text: `t.n IN (${groups})`, rows: groups, exact: true };
}

/** Rows that are this few are looked up one by one. */
const FEW = 12_000;

function searched({ sql, asked }: Asking, search: string, frame: Parameters<typeof searchCondition>[0]): Condition {
  const { search: columns, indexes } = frame.listing;
  const text = searchCondition(
    frame,
    columns.map((name) => frame.column(name)),
    search,
  );
  if (!columns.every((name) => indexes[name] !== undefined)) return { text };
  const found = (binds: Binds) => columns.map((name) => beginningWith(asked.list, name, { search, binds }));
  const binds = openBinds();
  const enough = found(binds).map((rows) => `(SELECT count(*) FROM (${rows} LIMIT ${FEW}))`);
  const most = binds.first<{ most: number }>(sql, `SELECT max(${enough.join(", ")}) AS most`)?.most ?? 0;
  return most < FEW ? { text, rows: found(frame.binds).join(" UNION ALL ") } : { text };
}

/** A query of the rows whose column begins with the text in one of its spellings: a range of an index for each. */
function beginningWith(
  list: ObjectList,
  column: string,
  { search, binds }: { readonly search: string; readonly binds: Binds },
): string {
  const from = `u.${column} >= s.value COLLATE NOCASE`;
  const to = `u.${column} < (s.value || ${binds.put(beyond(""))}) COLLATE NOCASE`;
  return `SELECT u.n FROM json_each(${binds.put(JSON.stringify(spellings(search)))}) AS s
    CROSS JOIN ${list} AS u ON ${from} AND ${to} WHERE u.gone_at IS NULL`;
}

/** How a list is sorted, as SQLite says it: texts without case. */
export function collation({ list, sort }: ObjectsAsked): string {
  return sort.field !== undefined && LISTINGS[list].fields[sort.field]?.kind === "text" ? " COLLATE NOCASE" : "";
}
