/** Memberships, as they are and as they were. */
import { EDGE_ROLES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import type { Binds } from "./binds.ts";
import { type Past, wasThere } from "./past.ts";

/** A group and a member or owner of it, as nodes. */
type Edge = readonly [group: number, member: number];

/** Which edges. */
interface EdgesAsked {
  readonly role: keyof typeof EDGE_ROLES;
  /** Of these groups alone. */
  readonly groups?: readonly number[];
}

/** Records are read so many at a time: one of them can name thousands of members. */
const RECORDS_AT_ONCE = 500;
/** Nodes are less than this, so that two of them fit into one number. */
const MOST_NODES = 2 ** 26;

/** The edges that were there then and are not now: those whose first change since was that they were removed. */
function edgesThen(sql: Sql, past: Past | undefined, asked: EdgesAsked): Edge[] {
  if (!past) return [];
  const wasThereThen = new Map<number, boolean>();
  for (const { n, added, removed } of changedEdges(sql, past, asked)) {
    for (const member of removed) setFirst(wasThereThen, n * MOST_NODES + member, true);
    for (const member of added) setFirst(wasThereThen, n * MOST_NODES + member, false);
  }
  return [...wasThereThen].flatMap(([edge, there]): Edge[] =>
    there ? [[Math.floor(edge / MOST_NODES), edge % MOST_NODES]] : [],
  );
}

function setFirst(map: Map<number, boolean>, key: number, value: boolean): void {
  if (!map.has(key)) map.set(key, value);
}

interface EdgeDiff {
  readonly added?: readonly number[];
  readonly removed?: readonly number[];
}

function* changedEdges(sql: Sql, past: Past, { role, groups }: EdgesAsked) {
  const of = groups ? "AND n IN (SELECT value FROM json_each(?))" : "";
  const list = groups ? [JSON.stringify(groups)] : [];
  let after = past.c;
  for (;;) {
    const records = sql.all<{ c: number; n: number; diff: string | null }>(
      `SELECT c, n, diff FROM changes WHERE kind = ? AND c > ? ${of} ORDER BY c LIMIT ${RECORDS_AT_ONCE}`,
      `${role}s`,
      after,
      ...list,
    );
    for (const { n, diff } of records) {
      const { added = [], removed = [] } = JSON.parse(diff ?? "{}") as EdgeDiff;
      yield { n, added, removed };
    }
    const last = records.at(-1);
    if (!last || records.length < RECORDS_AT_ONCE) return;
    after = last.c;
  }
}

/** What queries of edges are made with. */
export interface Walk {
  readonly sql: Sql;
  readonly binds: Binds;
  readonly past: Past | undefined;
}

/** A query of the nodes that are directly in one of the groups. */
export function directMembers(
  { sql, binds, past }: Walk,
  { groups, role }: { readonly groups: readonly number[]; readonly role: keyof typeof EDGE_ROLES },
): string {
  const [only, ...more] = groups;
  const list = `IN (SELECT value FROM json_each(${binds.put(JSON.stringify(groups))}))`;
  const of = more.length === 0 ? `= ${binds.put(only ?? -1)}` : list;
  const now = `SELECT e.member_n AS m FROM edges e WHERE e.group_n ${of} AND ${edgeOf(role, past, binds)}`;
  if (!past) return now;
  const old = edgesThen(sql, past, { role, groups });
  return `${now} UNION ALL SELECT value ->> 1 FROM json_each(${binds.put(JSON.stringify(old))})`;
}

/** A query of the nodes that are in a group, or in a group inside it, each once. A circle of groups ends where it meets itself. */
export function nestedMembers({ sql, binds, past }: Walk, group: number): string {
  const edge = edgeOf("member", past, binds);
  const alive = wasThere(past, { list: "groups", alias: "x" }, binds);
  const old = past && oldTable(edgesThen(sql, past, { role: "member" }), binds);
  const deeper = `UNION SELECT e.member_n FROM nest CROSS JOIN edges e JOIN groups x ON x.n = e.member_n
    WHERE e.group_n = nest.g AND ${edge} AND ${alive}`;
  const deeperThen = `UNION SELECT old.m FROM nest CROSS JOIN old JOIN groups x ON x.n = old.m WHERE old.g = nest.g AND ${alive}`;
  return `WITH RECURSIVE ${old ? `${old},` : ""} nest(g) AS (SELECT ${binds.put(group)} ${deeper} ${old ? deeperThen : ""})
    SELECT e.member_n AS m FROM nest CROSS JOIN edges e WHERE e.group_n = nest.g AND ${edge}
    UNION SELECT ${old ? "old.m FROM nest CROSS JOIN old WHERE old.g = nest.g" : "NULL WHERE FALSE"}`;
}

/** A query of the groups that a node is directly in. */
export function directGroups({ sql, binds, past }: Walk, member: number): string {
  const now = `SELECT e.group_n AS g FROM edges e WHERE e.member_n = ${binds.put(member)} AND ${edgeOf("member", past, binds)}`;
  if (!past) return now;
  const old = edgesThen(sql, past, { role: "member" }).filter(([, m]) => m === member);
  return `${now} UNION ALL SELECT value ->> 0 FROM json_each(${binds.put(JSON.stringify(old))})`;
}

/** A query of the groups that a node is in, itself or by a group that is in them, each once. */
export function groupsAbove({ sql, binds, past }: Walk, member: number): string {
  const edge = edgeOf("member", past, binds);
  const alive = wasThere(past, { list: "groups", alias: "x" }, binds);
  const old = past && oldTable(edgesThen(sql, past, { role: "member" }), binds);
  // The member itself is where the walk begins; it is no group, so no list of groups shows it.
  const higher = `UNION SELECT e.group_n FROM above CROSS JOIN edges e JOIN groups x ON x.n = e.group_n
    WHERE e.member_n = above.g AND ${edge} AND ${alive}`;
  const higherThen = `UNION SELECT old.g FROM above CROSS JOIN old JOIN groups x ON x.n = old.g WHERE old.m = above.g AND ${alive}`;
  return `WITH RECURSIVE ${old ? `${old},` : ""}
    above(g) AS (SELECT ${binds.put(member)} ${higher} ${old ? higherThen : ""}) SELECT g FROM above`;
}

function edgeOf(role: keyof typeof EDGE_ROLES, past: Past | undefined, binds: Binds): string {
  return `e.role = ${EDGE_ROLES[role]}${past ? ` AND e.since <= ${binds.put(past.at)}` : ""}`;
}

function oldTable(old: readonly Edge[], binds: Binds): string {
  return `old(g, m) AS MATERIALIZED (SELECT value ->> 0, value ->> 1 FROM json_each(${binds.put(JSON.stringify(old))}))`;
}
