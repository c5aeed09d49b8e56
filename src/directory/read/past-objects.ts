/**
 * Pages of users, groups and devices as they were. What is asked of a row is taken from the log row by row, so that a page
 * costs what it looks at and not what has changed since. There are three ways to look:
 *
 * - what names its rows (ids, the members of a group then) is read from those;
 * - a list in the order of an index is walked in that order: through the index, past rows whose place was another one then,
 *   through the places that changes have put an end to, and through what has gone since. A few thousand rows far;
 * - otherwise, and where a filter left too few rows of that stretch, the table is read as it is now for what has not changed in
 *   what is asked for, and the log for what has.
 */
import { type Binds, openBinds } from "./binds.ts";
import { type Asking, collation, conditionsOf } from "./conditions.ts";
import { openKept } from "./kept.ts";
import { orderBy, type Order, partsAfter, readParts } from "./keyset.ts";
import { LISTINGS } from "./listings.ts";
import { columnAt, type Past } from "./past.ts";
import { OBJECT_LISTS, type Place } from "./question.ts";

/** A question of the past. */
export type PastAsking = Asking & { readonly past: Past };

/** A part of the rows that are meant; no row is in two of them. */
interface Branch {
  readonly from: string;
  readonly where: readonly string[];
  readonly order: Order;
}

/** So far an index is walked for a page before the table is read instead. */
const ROWS_WALKED = 4_000;

type Found = Place & Record<string, string | number | null>;

/** A page, and whether there is more. */
export function pastPage(asking: PastAsking, limit: number): { readonly rows: Place[]; readonly hasMore: boolean } {
  const { after, sort } = asking.asked;
  // What has no value comes first and ends its part, so that a part is either of those or of the others.
  const from = after ?? (sort.descending ? undefined : { sorted: null, n: -1 });
  const parts = partsAfter(from, { by: sort.field, key: "n", descending: sort.descending }, openBinds()).length;
  const { rows, hasMore } = readParts(parts, limit, (part, most): readonly Place[] => {
    const asked = { asking, from, part, limit: most };
    return walked(asked) ?? keptPage(asked, (binds) => branchesOf(asking, binds));
  });
  return { rows: [...rows], hasMore };
}

/** A page of what takes long: it is read with those that follow it in its part. */
function keptPage(asked: PartAsked, branches: (binds: Binds) => readonly Branch[]): readonly Place[] {
  const { asking, from, part } = asked;
  const key = keyOf(asking, [asking.asked.sort, part, from && from.sorted === null]);
  const page = { after: from, limit: asked.limit };
  return openKept(asking.sql).page(key, page, (limit) => {
    const rows = pageOf({ ...asked, limit: limit + 1 }, branches);
    return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
  }).rows;
}

function keyOf({ asked, past, member }: PastAsking, more: readonly unknown[]): string {
  const { list, filters, search, memberOf } = asked;
  return JSON.stringify(["past", past, list, filters, search ?? null, member, memberOf?.transitive, ...more]);
}

/** How many rows there were. */
export function pastCount(asking: PastAsking): number {
  return openKept(asking.sql).count(keyOf(asking, ["count"]), () => countOf(asking));
}

function countOf(asking: PastAsking): number {
  const binds = openBinds();
  const counts = branchesOf(asking, binds).map(
    ({ from, where }) => `(SELECT count(*) FROM ${from} WHERE ${where.join(" AND ")})`,
  );
  return binds.first<{ count: number }>(asking.sql, `SELECT ${counts.join(" + ")} AS count`)?.count ?? 0;
}

interface PartAsked {
  readonly asking: PastAsking;
  readonly from: Place | undefined;
  readonly part: number;
  readonly limit: number;
}

function pageOf(
  { asking, from, part, limit }: PartAsked,
  branches: (binds: Binds) => readonly Branch[],
  upTo?: Place,
): Found[] {
  const { sql, asked } = asking;
  const binds = openBinds();
  const most = binds.put(limit);
  const selects = branches(binds).map((branch) => {
    const { order } = branch;
    const where = [...branch.where, partsAfter(from, order, binds)[part] ?? "FALSE", until(upTo, order, binds)];
    return `SELECT * FROM (SELECT ${order.key} AS n, ${order.by ?? "NULL"} AS sorted FROM ${branch.from}
      WHERE ${where.join(" AND ")} ORDER BY ${orderBy(order)} LIMIT ${most})`;
  });
  const order: Order = { by: `sorted${collation(asked)}`, key: "n", descending: asked.sort.descending };
  return binds.all<Found>(
    sql,
    `SELECT * FROM (${selects.join(" UNION ALL ")}) ORDER BY ${orderBy(order)} LIMIT ${most}`,
  );
}

/** The condition of what comes no later than a place. */
function until(place: Place | undefined, { by, key, descending }: Order, binds: Binds): string {
  if (!place || by === undefined) return "TRUE";
  const [before, number] = [descending ? ">" : "<", binds.put(place.n)];
  if (place.sorted === null)
    return descending ? `(${by} IS NOT NULL OR ${key} >= ${number})` : `${by} IS NULL AND ${key} <= ${number}`;
  const value = binds.put(place.sorted);
  return `${by} ${before}= ${value} AND (${by} ${before} ${value} OR ${key} ${before}= ${number})`;
}

/** The page by a walk; undefined where there is no index to walk, or the page is not full when the walk has gone far. */
function walked(asked: PartAsked): readonly Place[] | undefined {
  const { asking, limit } = asked;
  const { list, sort } = asking.asked;
  const index = sort.field === undefined ? undefined : LISTINGS[list].indexes[sort.field];
  if (sort.field === undefined || index === undefined) return undefined;
  const way = { column: sort.field, index };
  const conditions = conditionsOf(asking, openBinds(), (name) => `t.${name}`);
  if (conditions.some(({ rows }) => rows !== undefined)) return undefined;
  const ways = (binds: Binds) => waysOf(asking, binds, way);
  const end = endOf(asked, way);
  const found = pageOf(asked, ways, end);
  if (found.length >= limit || !end) return found;
  // Nothing is asked for, and still few rows are where they were: the walk is no longer than the table, and needs no sorting.
  return conditions.length === 0 ? keptPage(asked, ways) : undefined;
}

interface Way {
  readonly column: string;
  readonly index: string;
}

/** Where the walk ends; undefined where the list ends before. */
function endOf({ asking, from, part }: PartAsked, { column, index }: Way): Place | undefined {
  const { sql, asked } = asking;
  const binds = openBinds();
  const order = { by: `t.${column}${collation(asked)}`, key: "t.n", descending: asked.sort.descending };
  const after = partsAfter(from, order, binds)[part] ?? "FALSE";
  return binds.first<Found>(
    sql,
    `SELECT t.n AS n, t.${column} AS sorted FROM ${asked.list} AS t INDEXED BY ${index}
     WHERE t.gone_at IS NULL AND ${after} ORDER BY ${orderBy(order)} LIMIT 1 OFFSET ${ROWS_WALKED}`,
  );
}

/** The rows whose place is that of now, those that had another one, and those that have no place any more. */
function waysOf(asking: PastAsking, binds: Binds, { column, index }: Way): Branch[] {
  const { past, asked } = asking;
  const { list, sort } = asked;
  const [since, c] = [binds.put(past.at), binds.put(past.c)];
  const told = (alias: string) => `json_type(${alias}.diff, '$.${column}') IS NOT NULL`;
  const other = (n: string, before: string) =>
    `NOT EXISTS (SELECT 1 FROM changes AS f INDEXED BY changes_node
      WHERE f.n = ${n} AND f.c > ${c} ${before} AND f.kind = '${list}' AND ${told("f")})`;
  const branch = (value: string, key: string): Omit<Branch, "from"> => {
    const then = (name: string) =>
      name === column ? value : columnAt(past, { list, column: name, alias: "t" }, binds);
    const conditions = conditionsOf(asking, binds, then).map(({ text }) => text);
    return {
      where: [`t.since <= ${since}`, `${then("gone_at")} IS NULL`, ...conditions],
      order: { by: `${value}${collation(asked)}`, key, descending: sort.descending },
    };
  };
  const here = branch(`t.${column}`, "t.n");
  const stays = [...here.where, other("t.n", "")];
  const moved = branch(`(ch.diff ->> '$.${column}[0]')`, "ch.n");
  // The terms of the index's own condition, so that SQLite may use it; the first change since is the one that counts.
  const indexed = `ch.kind IN (${OBJECT_LISTS.map((one) => `'${one}'`).join(", ")}) AND ${told("ch")}`;
  const first = `ch.kind = '${list}' AND ch.c > ${c} AND ${other("ch.n", "AND f.c < ch.c")}`;
  return [
    { ...here, from: `${list} AS t INDEXED BY ${index}`, where: ["t.gone_at IS NULL", ...stays] },
    {
      ...moved,
      from: `changes AS ch INDEXED BY changes_${column} CROSS JOIN ${list} AS t ON t.n = ch.n`,
      where: [indexed, first, ...moved.where],
    },
    { ...here, from: `${list} AS t INDEXED BY ${list}_gone`, where: [`t.gone_at > ${since}`, ...stays] },
  ];
}

/** All that is meant, in no order: by the rows that are named, or by the table and the log. */
function branchesOf(asking: PastAsking, binds: Binds): Branch[] {
  const { past, asked } = asking;
  const { list, sort } = asked;
  const used = new Set(["gone_at"]);
  const column = (name: string) => {
    used.add(name);
    return `t.${name}`;
  };
  const conditions = conditionsOf(asking, binds, column);
  const by = sort.field && `${column(sort.field)}${collation(asked)}`;
  const order = { by, key: "t.n", descending: sort.descending };
  const where = [`t.since <= ${binds.put(past.at)}`, "t.gone_at IS NULL", ...conditions.map(({ text }) => text)];
  // With a LIMIT it is not merged into the query around it, which would look up a column for each time it is named.
  const then = (nodes: string) =>
    `(SELECT t.n, t.since, ${[...used]
      .map((name) => `${columnAt(past, { list, column: name, alias: "t" }, binds)} AS ${name}`)
      .join(", ")} FROM ${list} AS t NOT INDEXED WHERE t.n IN (${nodes}) LIMIT -1) AS t`;
  const exact = conditions.find((condition) => condition.exact);
  if (exact) return [{ order, where, from: then(exact.rows ?? "") }];
  // Also of what is only spelt so within a text: such a row is looked up for nothing, and comes out right.
  const named = [...used].map((name) => `instr(diff, ${binds.put(`"${name}":`)})`).join(" OR ");
  const since = `c > ${binds.put(past.c)} AND kind = '${list}' AND (${named})`;
  const few = conditions.find(({ rows }) => rows !== undefined);
  return [
    {
      order,
      from: `${list} AS t NOT INDEXED`,
      where: [
        ...(few ? [`t.n IN (${few.rows ?? ""})`] : []),
        ...where,
        `NOT EXISTS (SELECT 1 FROM changes INDEXED BY changes_node WHERE n = t.n AND ${since})`,
      ],
    },
    { order, where, from: then(`SELECT n FROM changes NOT INDEXED WHERE ${since}`) },
  ];
}
