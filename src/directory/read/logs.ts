/**
 * The logs: sign-ins, directory audits, alerts, by time. A log has no end of rows and few filters have an index, so a page
 * looks at a bounded number of rows: it may hold fewer than were asked for, or none, and still say where the next begins.
 */
import type { Sql } from "../store/sql.ts";
import { type Binds, openBinds } from "./binds.ts";
import { openKept } from "./kept.ts";
import { orderBy, type Order, partsAfter } from "./keyset.ts";
import { LISTINGS } from "./listings.ts";
import type { Found, Filter, ListAsked, LogList, Place, Row } from "./question.ts";
import { columnsOf, shower } from "./show.ts";
import { either, fieldCondition, type Frame, searchCondition } from "./where.ts";

/** What a log is asked. */
export type LogAsked = ListAsked & { readonly list: LogList };

/** So many rows are looked at for one page. */
const ROWS_LOOKED_AT = 50_000;

/** A page of a log. */
export function readLog(sql: Sql, asked: LogAsked): Found {
  const { list, fields: names, limit } = asked;
  const { fields } = LISTINGS[list];
  const columns = columnsOf(fields, names).map((column) => `, ${column}`);
  const binds = openBinds();
  const { inner, outer } = conditionsOf(asked, binds);
  const found = binds.all<Row & { s: number; happened_at: number }>(
    sql,
    `SELECT s, at AS happened_at${columns.join("")}
     FROM (SELECT * FROM ${list} WHERE ${inner} ORDER BY ${orderBy(orderOf(asked))} LIMIT ${binds.put(ROWS_LOOKED_AT)})
     WHERE ${outer} ORDER BY ${orderBy(orderOf(asked))} LIMIT ${binds.put(limit + 1)}`,
  );
  const rows = found.slice(0, limit);
  const last = found.length > limit ? rows.at(-1) : undefined;
  const next = last ? { n: last.s, sorted: last.happened_at } : lastLookedAt(sql, asked);
  return {
    rows: rows.map(shower({ fields, names })),
    ...(next ? { next } : {}),
    ...(asked.count ? { count: countOf(sql, asked) } : {}),
  };
}

/** Where the next page begins, if this one did not look at all rows. */
function lastLookedAt(sql: Sql, asked: LogAsked): Place | undefined {
  const binds = openBinds();
  const { inner } = conditionsOf(asked, binds);
  const row = binds.first<{ s: number; at: number }>(
    sql,
    `SELECT s, at FROM ${asked.list} WHERE ${inner} ORDER BY ${orderBy(orderOf(asked))} LIMIT 1 OFFSET ${ROWS_LOOKED_AT - 1}`,
  );
  return row && { n: row.s, sorted: row.at };
}

function countOf(sql: Sql, asked: LogAsked): number {
  const binds = openBinds();
  const { inner, outer } = conditionsOf({ ...asked, after: undefined }, binds);
  const query = `SELECT count(*) AS count FROM ${asked.list} WHERE ${inner} AND ${outer}`;
  return openKept(sql).count(binds.key(query), () => binds.first<{ count: number }>(sql, query)?.count ?? 0);
}

function orderOf({ sort }: LogAsked): Order {
  return { by: "at", key: "s", descending: sort.descending };
}

/** inner: what an index answers. outer: everything else. */
function conditionsOf(asked: LogAsked, binds: Binds): { readonly inner: string; readonly outer: string } {
  const listing = LISTINGS[asked.list];
  const frame: Frame = { listing, binds, column: (name) => name };
  // Every row has a time, so there is one part.
  const after = partsAfter(asked.after, orderOf(asked), binds);
  const inner = asked.filters.filter(isIndexed);
  const outer = asked.filters.filter((filter) => !isIndexed(filter));
  const search = asked.search === undefined ? [] : [searchCondition(frame, listing.search, asked.search)];
  return {
    inner: [after[0] ?? "TRUE", ...inner.map((filter) => conditionOf(frame, filter))].join(" AND "),
    outer: ["TRUE", ...search, ...outer.map((filter) => conditionOf(frame, filter))].join(" AND "),
  };
}

function isIndexed({ field, test }: Filter): boolean {
  return field === "id" || field === "user" || (field === "at" && test !== "any");
}

function conditionOf(frame: Frame, filter: Filter): string {
  const { field, test, values } = filter;
  if (test !== "special") return fieldCondition(frame, filter);
  if (field === "result") {
    return either(values.map((value) => (value === "success" ? "error_code = 0" : "error_code <> 0")));
  }
  const column = `${field}_id`;
  const [only, ...more] = values;
  if (more.length === 0) return only === null ? `${column} IS NULL` : `${column} = ${frame.binds.put(String(only))}`;
  return either(values.map((value) => conditionOf(frame, { ...filter, values: [value] })));
}
