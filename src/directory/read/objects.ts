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
import { type Asking, collation, conditionsOf, type ObjectsAsked } from "./conditions.ts";
import { openKept, type Stretch } from "./kept.ts";
import { countParts, orderBy, type Order, partsAfter, readParts } from "./keyset.ts";
import { LISTINGS } from "./listings.ts";
import { findNode } from "./nodes.ts";
import { pastAt } from "./past.ts";
import { pastCount, pastPage } from "./past-objects.ts";
import type { Found, Place } from "./question.ts";
import { notFound, shownObjects } from "./shown.ts";

/** A page of a list. Failures: `validation_failed` where the history does not go back so far; `not_found` for groups of an unknown user. */
export function readObjects(sql: Sql, asked: ObjectsAsked): Found {
  const { list, memberOf, limit } = asked;
  const past = pastAt(sql, asked);
  const member = memberOf && findNode(sql, "users", { id: memberOf.user, past })?.n;
  if (memberOf && member === undefined) throw notFound("users");
  const asking: Asking = { sql, asked, past, member };
  const { rows, hasMore } = past ? pastPage({ ...asking, past }, limit) : presentPage(asking);
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

/** An index that is walked for whatever comes gives any page at once; what takes more is kept for the pages to come. */
function presentPage(asking: Asking): Stretch {
  const { sql, asked } = asking;
  const read = (limit: number) =>
    readParts(countParts(asked.after, asked.sort), limit, (part, most) => pageOf(asking, part, most));
  const binds = openBinds();
  const { from, where, order, isAtHand } = partsOf(asking, binds);
  if (isAtHand) return read(asked.limit);
  return openKept(sql).page(binds.key(`${from} WHERE ${where} ORDER BY ${orderBy(order)}`), asked, read);
}

function pageOf(asking: Asking, part: number, limit: number): Place[] {
  const { sql, asked } = asking;
  const binds = openBinds();
  const { from, where, order, isWalked } = partsOf(asking, binds);
  const { by = "NULL", key, descending } = order;
  const after = partsAfter(asked.after, order, binds)[part] ?? "FALSE";
  const rows = `SELECT ${key} AS n, ${by} AS sorted ${from} WHERE ${where} AND ${after}`;
  const ordered = isWalked || !descending ? `${rows} ORDER BY ${orderBy(order)}` : backwards(rows, asked, order);
  return binds.all<{ n: number; sorted: string | number | null }>(sql, `${ordered} LIMIT ${binds.put(limit)}`);
}

/** Reads the table from its end: of rows with the same value those come first, and no later one displaces them. */
function backwards(rows: string, asked: ObjectsAsked, { key, descending }: Order): string {
  const order = { by: `sorted${collation(asked)}`, key: "n", descending };
  return `SELECT n, sorted FROM (${rows} ORDER BY ${key} DESC LIMIT -1) ORDER BY ${orderBy(order)}`;
}

function countOf(asking: Asking): number {
  const { past } = asking;
  if (past) return pastCount({ ...asking, past });
  const binds = openBinds();
  const { from, where, order } = partsOf(asking, binds);
  const rows = `${from} WHERE ${where}`;
  return openKept(asking.sql).count(
    binds.key(`${rows} ORDER BY ${orderBy(order)}`),
    () => binds.first<{ count: number }>(asking.sql, `SELECT count(*) AS count ${rows}`)?.count ?? 0,
  );
}

interface Parts {
  readonly from: string;
  readonly where: string;
  readonly order: Order;
  /** True where a sorted index is walked. */
  readonly isWalked: boolean;
  /** True where each of its rows is meant. */
  readonly isAtHand: boolean;
}

function partsOf(asking: Asking, binds: Binds): Parts {
  const { list, sort } = asking.asked;
  const conditions = conditionsOf(asking, binds, (name) => `t.${name}`);
  const few = conditions.findIndex(({ rows }) => rows !== undefined);
  const where = conditions.map(({ text, rows }, index) => (index === few ? `t.n IN (${rows ?? ""})` : text));
  const index = sort.field === undefined ? undefined : LISTINGS[list].indexes[sort.field];
  // Left to itself SQLite would walk an index for the sake of its order.
  const isWalked = index !== undefined && conditions.every(({ byNode }) => byNode);
  return {
    isWalked,
    isAtHand: isWalked && conditions.length === 0,
    from: `FROM ${list} AS t ${isWalked ? `INDEXED BY ${index}` : "NOT INDEXED"}`,
    where: ["t.gone_at IS NULL", ...where].join(" AND "),
    order: { by: sort.field && `t.${sort.field}${collation(asking.asked)}`, key: "t.n", descending: sort.descending },
  };
}

function directIn({ asked, member }: Asking): number | undefined {
  return asked.memberOf && asked.fields.includes("direct") ? member : undefined;
}
