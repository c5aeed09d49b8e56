/**
 * Lists of users, groups and devices. A page is found first, by node and by what it is sorted by; then its rows are read.
 *
 * Without a filter, or with one that an index answers, a sorted index is walked. With another the table is read through,
 * in the order in which it lies: that takes the same time whatever is asked and however rare it is, where walking an index
 * to look up row by row takes five times as long once it is rare. What names its rows (a group's members, a prefix that
 * few have) is read from those.
 */
import type { Sql } from "../store/sql.ts";
import { type Binds, openBinds } from "./binds.ts";
import { directGroups, groupsAbove } from "./edges.ts";
import { countParts, orderBy, type Order, partsAfter, readParts } from "./keyset.ts";
import { LISTINGS } from "./listings.ts";
import { findNode } from "./nodes.ts";
import { changedSince, columnThen, type Past, pastAt } from "./past.ts";
import type { Found, ListAsked, MemberOf, ObjectList, Place } from "./question.ts";
import { notFound, shownObjects } from "./shown.ts";
import { type Condition, specialCondition } from "./specials.ts";
import { beyond, spellings } from "./text.ts";
import { fieldCondition, searchCondition } from "./where.ts";

/** What a list of objects is asked. */
export type ObjectsAsked = ListAsked & { readonly list: ObjectList; readonly memberOf?: MemberOf };

interface Asking {
  readonly sql: Sql;
  readonly asked: ObjectsAsked;
  readonly past: Past | undefined;
  /** The node whose groups are asked for. */
  readonly member: number | undefined;
}

/** A page of a list. Failures: `validation_failed` where the history does not go back so far; `not_found` for groups of an unknown user. */
export function readObjects(sql: Sql, asked: ObjectsAsked): Found {
  const { list, memberOf, limit } = asked;
  const past = pastAt(sql, asked);
  const member = memberOf && findNode(sql, "users", { id: memberOf.user, past })?.n;
  if (memberOf && member === undefined) throw notFound("users");
  const asking: Asking = { sql, asked, past, member };
  const { rows, hasMore } = readParts(countParts(asked.after, asked.sort), limit, (part, most) =>
    pageOf(asking, part, most),
  );
  const last = hasMore ? rows.at(-1) : undefined;
  const isWhole = !last && !asked.after;
  return {
    rows: shownObjects(sql, {
      list,
      fields: asked.fields,
      nodes: rows.map(({ n }) => n),
      past,
      directIn: directIn(asking),
    }),
    ...(last ? { next: last } : {}),
    ...(asked.count ? { count: isWhole ? rows.length : countOf(asking) } : {}),
  };
}

function pageOf(asking: Asking, part: number, limit: number): Place[] {
  const { sql, asked, past } = asking;
  const binds = openBinds();
  const branches = past
    ? [branch(asking, binds, "untouched"), branch(asking, binds, "changed")]
    : [branch(asking, binds, "now")];
  const selects = branches.map(({ from, where, order }) => {
    const after = partsAfter(asked.after, order, binds)[part] ?? "FALSE";
    return `SELECT t.n AS n, ${order.by ?? "NULL"} AS sorted ${from} WHERE ${where} AND ${after}
      ORDER BY ${orderBy(order)} LIMIT ${binds.put(limit)}`;
  });
  const [only = "", ...more] = selects;
  if (more.length === 0) return binds.all<{ n: number; sorted: string | number | null }>(sql, only);
  const order: Order = { by: `sorted${collation(asked)}`, key: "n", descending: asked.sort.descending };
  return binds.all<{ n: number; sorted: string | number | null }>(
    sql,
    `SELECT * FROM (${selects.map((select) => `SELECT * FROM (${select})`).join(" UNION ALL ")})
     ORDER BY ${orderBy(order)} LIMIT ${binds.put(limit)}`,
  );
}

function countOf(asking: Asking): number {
  const { sql, past } = asking;
  const binds = openBinds();
  const branches = past ? (["untouched", "changed"] as const) : (["now"] as const);
  const counts = branches.map((time) => {
    const { from, where } = branch(asking, binds, time);
    return `(SELECT count(*) ${from} WHERE ${where})`;
  });
  return binds.first<{ count: number }>(sql, `SELECT ${counts.join(" + ")} AS count`)?.count ?? 0;
}

interface Branch {
  readonly from: string;
  readonly where: string;
  readonly order: Order;
}

/** now: as it is. untouched: of what has not changed since then. changed: of what has, as it was. */
function branch(asking: Asking, binds: Binds, time: "now" | "untouched" | "changed"): Branch {
  const { asked, past } = asking;
  const { list, sort } = asked;
  const column = (name: string) =>
    past && time === "changed" ? columnThen(past, { list, column: name, alias: "t" }, binds) : `t.${name}`;
  const conditions = conditionsOf(asking, binds, column);
  const order = {
    by: sort.field && `${column(sort.field)}${collation(asked)}`,
    key: "t.n",
    descending: sort.descending,
  };
  const few = time === "changed" ? -1 : conditions.findIndex(({ rows }) => rows !== undefined);
  const where = [
    `${column("gone_at")} IS NULL`,
    ...(past ? [`t.since <= ${binds.put(past.at)}`, touched(past, list, { binds, time })] : []),
    ...conditions.map(({ text, rows }, index) => (index === few ? `t.n IN (${rows ?? ""})` : text)),
  ];
  const isWalked = time !== "changed" && conditions.every(({ byNode }) => byNode);
  return { from: `FROM ${list} AS t ${pathOf(asking, isWalked)}`, where: where.join(" AND "), order };
}

function touched(
  past: Past,
  list: ObjectList,
  { binds, time }: { readonly binds: Binds; readonly time: string },
): string {
  return `t.n ${time === "changed" ? "" : "NOT "}IN (${changedSince(past, list, binds)})`;
}

/** How the table is read. Left to itself SQLite would walk an index for the sake of its order. */
function pathOf({ asked }: Asking, isWalked: boolean): string {
  const { list, sort } = asked;
  const index = sort.field === undefined ? undefined : LISTINGS[list].indexes[sort.field];
  return isWalked && index !== undefined ? `INDEXED BY ${index}` : "NOT INDEXED";
}

function conditionsOf(asking: Asking, binds: Binds, column: (name: string) => string): Condition[] {
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
  return { text: `t.n IN (${groups})`, rows: groups };
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

function collation({ list, sort }: ObjectsAsked): string {
  return sort.field !== undefined && LISTINGS[list].fields[sort.field]?.kind === "text" ? " COLLATE NOCASE" : "";
}

function directIn({ asked, member }: Asking): number | undefined {
  return asked.memberOf && asked.fields.includes("direct") ? member : undefined;
}
