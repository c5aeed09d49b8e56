/** What has changed, object by object, the newest first or the oldest. */
import { rfc3339 } from "../../lib/clock.ts";
import { failure } from "../../lib/errors.ts";
import type { Sql } from "../store/sql.ts";
import { type Binds, openBinds } from "./binds.ts";
import type { Field } from "./fields.ts";
import { LISTINGS } from "./listings.ts";
import { lastChangeAt } from "./past.ts";
import {
  type Found,
  type ChangesAsked,
  type Json,
  type ObjectList,
  OBJECT_LISTS,
  type Place,
  type Row,
  type ShownRow,
} from "./question.ts";
import { shower } from "./show.ts";

/** The kinds of changes. members, owners: of a group. */
export const CHANGE_KINDS = ["users", "groups", "devices", "members", "owners"] as const;

/** What can become of an object. */
export const CHANGE_WHATS = ["added", "changed", "removed", "restored"] as const;

/** So many records are looked at for one page. */
const ROWS_LOOKED_AT = 50_000;
/** A record can name thousands of members: a page ends after so many characters. */
const MOST_CHARACTERS = 2 * 1024 * 1024;

type Change = Row & {
  c: number;
  at: number;
  kind: string;
  n: number;
  id: string;
  name: string | null;
  what: string;
  diff: string | null;
};

/** A page of changes; it may hold fewer than were asked for and still say where the next begins. Failure: `not_found` for an unknown id. */
export function readChanges(sql: Sql, asked: ChangesAsked): Found {
  const node = asked.id === undefined ? undefined : nodeOf(sql, asked.id);
  const range = rangeOf(sql, asked, node);
  const sizes = range.binds.all<{ c: number; size: number }>(
    sql,
    `SELECT c, ifnull(length(diff), 0) AS size FROM (SELECT * FROM changes WHERE ${range.within} ${range.order} LIMIT ${ROWS_LOOKED_AT})
     WHERE ${range.like} ${range.order} LIMIT ${range.binds.put(asked.limit + 1)}`,
  );
  const fitting = fittingIn(sizes.slice(0, asked.limit));
  const last = fitting.length < sizes.length ? fitting.at(-1) : undefined;
  const next = last === undefined ? lastLookedAt(sql, range) : { n: last, sorted: null };
  return {
    rows: shown(sql, fitting, range.order),
    ...(next ? { next } : {}),
    ...(asked.count ? { count: countOf(sql, rangeOf(sql, { ...asked, after: undefined }, node)) } : {}),
  };
}

function nodeOf(sql: Sql, id: string): number {
  const row = sql.first<{ n: number }>("SELECT n FROM nodes WHERE id = ?", id);
  if (!row) throw failure("not_found", "There is no such object.");
  return row.n;
}

/** The first ones that fit into an answer; one at least. */
function fittingIn(sizes: readonly { readonly c: number; readonly size: number }[]): number[] {
  let total = 0;
  const over = sizes.findIndex(({ size }, index) => {
    total += size;
    return index > 0 && total > MOST_CHARACTERS;
  });
  return (over < 0 ? sizes : sizes.slice(0, over)).map(({ c }) => c);
}

interface Range {
  /** What the log's order or its index answers. */
  readonly within: string;
  readonly like: string;
  readonly order: string;
  readonly binds: Binds;
}

function rangeOf(
  sql: Sql,
  { from, to, after, descending, kinds, what }: ChangesAsked,
  node: number | undefined,
): Range {
  const binds = openBinds();
  const list = (values: readonly string[]) => `(SELECT value FROM json_each(${binds.put(JSON.stringify(values))}))`;
  const within = [
    `c > ${binds.put(from === undefined ? 0 : lastChangeAt(sql, from - 1))}`,
    ...(to === undefined ? [] : [`c <= ${binds.put(lastChangeAt(sql, to - 1))}`]),
    ...(after ? [`c ${descending ? "<" : ">"} ${binds.put(after.n)}`] : []),
    ...(node === undefined ? [] : [`n = ${binds.put(node)}`]),
  ];
  const like = ["TRUE", ...(kinds ? [`kind IN ${list(kinds)}`] : []), ...(what ? [`what IN ${list(what)}`] : [])];
  return {
    within: within.join(" AND "),
    like: like.join(" AND "),
    order: `ORDER BY c ${descending ? "DESC" : ""}`,
    binds,
  };
}

function lastLookedAt(sql: Sql, { within, order, binds }: Range): Place | undefined {
  const query = `SELECT c FROM changes WHERE ${within} ${order} LIMIT 1 OFFSET ${ROWS_LOOKED_AT - 1}`;
  const row = binds.first<{ c: number }>(sql, query);
  return row && { n: row.c, sorted: null };
}

function countOf(sql: Sql, { within, like, binds }: Range): number {
  return (
    binds.first<{ count: number }>(sql, `SELECT count(*) AS count FROM changes WHERE ${within} AND ${like}`)?.count ?? 0
  );
}

const NAMES =
  "coalesce((SELECT name FROM users u WHERE u.n = ch.n), (SELECT name FROM groups g WHERE g.n = ch.n), (SELECT name FROM devices d WHERE d.n = ch.n))";

function shown(sql: Sql, records: readonly number[], order: string): ShownRow[] {
  const changes = sql.all<Change>(
    `SELECT ch.c AS c, ch.at AS at, ch.kind AS kind, ch.n AS n, nodes.id AS id, ${NAMES} AS name, ch.what AS what, ch.diff AS diff
     FROM changes AS ch LEFT JOIN nodes ON nodes.n = ch.n WHERE ch.c IN (SELECT value FROM json_each(?)) ${order}`,
    JSON.stringify(records),
  );
  const diffs = changes.map(({ diff }) => (diff === null ? {} : (JSON.parse(diff) as Diff)));
  const ids = idsOf(sql, diffs);
  return changes.map(({ at, kind, id, name, what }, index) => ({
    at: rfc3339(at),
    kind,
    id,
    name,
    what,
    changes:
      kind === "members" || kind === "owners" ? edgesShown(diffs[index], ids) : columnsShown(kind, diffs[index], ids),
  }));
}

type Diff = Readonly<Record<string, readonly unknown[]>>;

/** Columns that hold a node. */
const LINKS = new Set(["manager_n", "user_n"]);

function idsOf(sql: Sql, diffs: readonly Diff[]): Map<number, string> {
  const nodes = diffs.flatMap((diff) =>
    Object.entries(diff).flatMap(([name, values]) =>
      name === "added" || name === "removed" || LINKS.has(name) ? values : [],
    ),
  );
  const wanted = nodes.filter((n) => typeof n === "number");
  const rows = sql.all<{ n: number; id: string }>(
    "SELECT n, id FROM nodes WHERE n IN (SELECT value FROM json_each(?))",
    JSON.stringify([...new Set(wanted)]),
  );
  return new Map(rows.map(({ n, id }) => [n, id]));
}

function edgesShown(diff: Diff | undefined, ids: ReadonlyMap<number, string>): Json {
  const named = (nodes: readonly unknown[] = []) => nodes.flatMap((n) => ids.get(Number(n)) ?? []);
  return { added: named(diff?.["added"]), removed: named(diff?.["removed"]) };
}

/** By field what it was and is. That an object has gone is told by what became of it. */
function columnsShown(kind: string, diff: Diff | undefined, ids: ReadonlyMap<number, string>): Json {
  const list = OBJECT_LISTS.find((one) => one === kind);
  if (!list || !diff) return {};
  return Object.fromEntries(
    Object.entries(diff).flatMap(([column, [before, after]]) => {
      const found = FIELDS[list].get(column);
      if (!found) return [];
      return [[found.name, { old: valueShown(found, before, ids), new: valueShown(found, after, ids) }]];
    }),
  );
}

interface NamedField {
  readonly name: string;
  readonly field: Field;
}

function valueShown({ name, field }: NamedField, value: unknown, ids: ReadonlyMap<number, string>): Json {
  if (field.kind === "user") return typeof value === "number" ? (ids.get(value) ?? null) : null;
  // A licence is told by its id: what it was called then is not known.
  const shownAs: Field = field.kind === "licences" ? { kind: "list" } : field;
  const row = { [field.column ?? name]: value as Row[string] };
  return shower({ fields: { [name]: shownAs }, names: [name] })(row)[name] ?? null;
}

const FIELDS = Object.fromEntries(
  OBJECT_LISTS.map((list) => [
    list,
    new Map(
      Object.entries(LISTINGS[list].fields)
        .filter(([, { kind }]) => kind !== "present")
        .map(([name, field]) => [field.column ?? name, { name, field }]),
    ),
  ]),
) as unknown as Readonly<Record<ObjectList, ReadonlyMap<string, NamedField>>>;
