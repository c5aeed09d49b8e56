/** Members and owners of groups: users, groups, devices, and what is known by its id alone. */
import { NODE_TYPES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { resourceState } from "../store/state.ts";
import { type Binds, openBinds } from "./binds.ts";
import { directMembers, nestedMembers } from "./edges.ts";
import { countParts, orderBy, type Order, partsAfter, readParts } from "./keyset.ts";
import { findNode } from "./nodes.ts";
import { MEMBERS } from "./object-listings.ts";
import { columnAt, type ColumnPlace, type Past, pastAt } from "./past.ts";
import type { Found, Filter, MembersAsked, ObjectList, Place, Row, ShownRow } from "./question.ts";
import { rowsOf } from "./rows.ts";
import { shower } from "./show.ts";
import { notFound } from "./shown.ts";
import { searchCondition } from "./where.ts";

interface Asking {
  readonly sql: Sql;
  readonly asked: MembersAsked;
  readonly past: Past | undefined;
  readonly group: number;
}

/** A page of members. Failures: `not_found`; `validation_failed` where the history does not go back so far. */
export function readMembers(sql: Sql, asked: MembersAsked): Found {
  const past = pastAt(sql, { list: "groups", asOf: asked.asOf, now: asked.now });
  const group = findNode(sql, "groups", { id: asked.group, past })?.n;
  if (group === undefined) throw notFound("groups");
  const asking: Asking = { sql, asked, past, group };
  const { rows, hasMore } = readParts(countParts(asked.after, asked.sort), asked.limit, (part, most) =>
    pageOf(asking, part, most),
  );
  const last = hasMore ? rows.at(-1) : undefined;
  return {
    rows: shown(asking, rows),
    ...(last ? { next: { n: last.n, sorted: last.sorted } } : {}),
    ...(asked.count ? { count: countOf(asking) } : {}),
  };
}

type Member = Place & { readonly n: number; readonly type: number };

/** The tables that a member may have its row in, each with the column of its address. */
const TABLES = [
  { list: "users", alias: "u", address: "address" },
  { list: "groups", alias: "g", address: "mail" },
  { list: "devices", alias: "d", address: "user_address" },
] as const satisfies readonly { list: ObjectList; alias: string; address: string }[];

function pageOf({ sql, asked, past, group }: Asking, part: number, limit: number): Member[] {
  const binds = openBinds();
  const order = orderOf(asked, nameOf(past, binds));
  const { from, where } = shownOf({ sql, asked, past, group }, binds);
  const after = partsAfter(asked.after, order, binds)[part] ?? "FALSE";
  return binds.all<{ n: number; type: number; sorted: string | number | null }>(
    sql,
    `SELECT f.m AS n, k.type AS type, ${order.by ?? "NULL"} AS sorted ${from} WHERE ${where} AND ${after}
     ORDER BY ${orderBy(order)} LIMIT ${binds.put(limit)}`,
  );
}

function countOf(asking: Asking): number {
  const binds = openBinds();
  const { from, where } = shownOf(asking, binds);
  return binds.first<{ count: number }>(asking.sql, `SELECT count(*) AS count ${from} WHERE ${where}`)?.count ?? 0;
}

/** The members that show: whose row, if they have one, is there. */
function shownOf({ sql, asked, past, group }: Asking, binds: Binds) {
  const walk = { sql, binds, past };
  const direct = directMembers(walk, { groups: [group], role: asked.role });
  const joins = TABLES.map(({ list, alias }) => `LEFT JOIN ${list} AS ${alias} ON ${alias}.n = f.m`);
  const there = TABLES.map(({ list, alias }) => {
    const gone = columnAt(past, { list, column: "gone_at", alias }, binds);
    // What had not arrived by then was known by its id alone, as what has not arrived now is.
    const arrived = past ? `${alias}.since <= ${binds.put(past.at)}` : `${alias}.n IS NOT NULL`;
    const shows = past
      ? `(${alias}.n IS NULL OR ${alias}.since > ${binds.put(past.at)} OR ${gone} IS NULL)`
      : `${gone} IS NULL`;
    return waits(sql, list, past) ? `${shows} AND (k.type <> ${TYPES[list]} OR ifnull(${arrived}, FALSE))` : shows;
  });
  const conditions = [
    ...there,
    // What Intune alone knows is nobody's member: its Entra device was.
    `(d.n IS NULL OR ${columnOf(past, { list: "devices", alias: "d", column: "entra_id" }, binds)} IS NOT NULL)`,
    // A circle of groups leads back to where it began; nothing is a member of itself.
    ...(asked.transitive ? [`f.m <> ${binds.put(group)}`] : []),
    ...asked.filters.map((filter) => filterOf(filter, direct, binds)),
    ...(asked.search === undefined ? [] : [searchedBy(past, asked.search, binds)]),
  ];
  return {
    from: `FROM (${asked.transitive ? nestedMembers(walk, group) : direct}) AS f JOIN nodes AS k ON k.n = f.m ${joins.join(" ")}`,
    where: conditions.join(" AND "),
  };
}

const TYPES = { users: NODE_TYPES.user, groups: NODE_TYPES.group, devices: NODE_TYPES.device } as const;

/** A member that is named before its own row arrives waits for it, unless that kind cannot be read: then its id is all there will be. */
function waits(sql: Sql, list: ObjectList, past: Past | undefined): boolean {
  const { history_from: from } = resourceState(sql, list);
  return from !== null && (past === undefined || from <= past.at);
}

function filterOf({ field, values }: Filter, direct: string, binds: Binds): string {
  if (field === "direct") return `f.m ${values[0] ? "" : "NOT "}IN (${direct})`;
  const types = values.map((value) => NODE_TYPES[value as keyof typeof NODE_TYPES]);
  return `k.type IN (SELECT value FROM json_each(${binds.put(JSON.stringify(types))}))`;
}

function searchedBy(past: Past | undefined, search: string, binds: Binds): string {
  const addresses = TABLES.map(({ list, alias, address }) => columnOf(past, { list, alias, column: address }, binds));
  const frame = { binds, listing: MEMBERS, column: (name: string) => name };
  return searchCondition(frame, [nameOf(past, binds), `coalesce(${addresses.join(", ")})`], search);
}

function nameOf(past: Past | undefined, binds: Binds): string {
  return `coalesce(${TABLES.map(({ list, alias }) => columnOf(past, { list, alias, column: "name" }, binds)).join(", ")})`;
}

function columnOf(past: Past | undefined, place: ColumnPlace, binds: Binds): string {
  const value = columnAt(past, place, binds);
  return past ? `CASE WHEN ${place.alias}.since <= ${binds.put(past.at)} THEN ${value} END` : value;
}

/** Without a sort they come in the order of their numbers: that of a big group is there at once. */
function orderOf({ sort }: MembersAsked, name: string): Order {
  return { by: sort.field && `${name} COLLATE NOCASE`, key: "f.m", descending: sort.descending };
}

const TYPE_NAMES = new Map<number, string>(Object.entries(NODE_TYPES).map(([name, type]) => [type, name]));

function shown({ sql, asked, past, group }: Asking, found: readonly Member[]): ShownRow[] {
  const nodes = found.map(({ n }) => n);
  const rows = new Map<number, Row>();
  for (const { list, address } of TABLES)
    for (const [n, row] of rowsOf(sql, list, { nodes, columns: ["name", address], past }))
      rows.set(n, { name: row["name"] ?? null, address: row[address] ?? null });
  const ids = new Map(
    sql
      .all<{ n: number; id: string }>(
        "SELECT n, id FROM nodes WHERE n IN (SELECT value FROM json_each(?))",
        JSON.stringify(nodes),
      )
      .map(({ n, id }) => [n, id]),
  );
  const direct = directAmong({ sql, asked, past, group }, nodes);
  const show = shower({ fields: MEMBERS.fields, names: asked.fields });
  return found.map(({ n, type }) =>
    show({ ...rows.get(n), id: ids.get(n) ?? null, type: TYPE_NAMES.get(type) ?? null, direct: Number(direct.has(n)) }),
  );
}

function directAmong({ sql, asked, past, group }: Asking, nodes: readonly number[]): Set<number> {
  if (!asked.transitive) return new Set(nodes);
  const binds = openBinds();
  const direct = directMembers({ sql, binds, past }, { groups: [group], role: asked.role });
  const among = `m IN (SELECT value FROM json_each(${binds.put(JSON.stringify(nodes))}))`;
  return new Set(binds.all<{ m: number }>(sql, `SELECT m FROM (${direct}) WHERE ${among}`).map(({ m }) => m));
}
