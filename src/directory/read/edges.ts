/** Memberships, as they are and as they were: those that there are, and of the past those that have ended since. */
import { EDGE_ROLES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import type { Binds } from "./binds.ts";
import { type Past, wasThere } from "./past.ts";

/** What queries of edges are made with. */
export interface Walk {
  readonly sql: Sql;
  readonly binds: Binds;
  readonly past: Past | undefined;
}

/** A query of the nodes that are directly in one of the groups. */
export function directMembers(
  walk: Walk,
  { groups, role }: { readonly groups: readonly number[]; readonly role: keyof typeof EDGE_ROLES },
): string {
  const { binds } = walk;
  const [only, ...more] = groups;
  const list = `IN (SELECT value FROM json_each(${binds.put(JSON.stringify(groups))}))`;
  const of = more.length === 0 ? `= ${binds.put(only ?? -1)}` : list;
  return sourcesOf(walk, role)
    .map(({ from, edge }) => `SELECT e.member_n AS m FROM ${from} WHERE e.group_n ${of} AND ${edge}`)
    .join(" UNION ALL ");
}

/** A query of the nodes that are in a group, or in a group inside it, each once. A circle of groups ends where it meets itself. */
export function nestedMembers(walk: Walk, group: number): string {
  const { binds, past } = walk;
  const alive = wasThere(past, { list: "groups", alias: "x" }, binds);
  const sources = sourcesOf(walk, "member");
  const deeper = sources.map(
    ({ from, edge }) => `UNION SELECT e.member_n FROM nest CROSS JOIN ${from} JOIN groups x ON x.n = e.member_n
      WHERE e.group_n = nest.g AND ${edge} AND ${alive}`,
  );
  const members = sources.map(
    ({ from, edge }) => `SELECT e.member_n AS m FROM nest CROSS JOIN ${from} WHERE e.group_n = nest.g AND ${edge}`,
  );
  return `WITH RECURSIVE nest(g) AS (SELECT ${binds.put(group)} ${deeper.join(" ")})
    ${[...members, "SELECT NULL WHERE FALSE"].join(" UNION ")}`;
}

/** A query of the groups that a node is directly in. */
export function directGroups(walk: Walk, member: number): string {
  const of = walk.binds.put(member);
  return sourcesOf(walk, "member")
    .map(({ from, edge }) => `SELECT e.group_n AS g FROM ${from} WHERE e.member_n = ${of} AND ${edge}`)
    .join(" UNION ALL ");
}

/** A query of the groups that a node is in, itself or by a group that is in them, each once. */
export function groupsAbove(walk: Walk, member: number): string {
  const { binds, past } = walk;
  const alive = wasThere(past, { list: "groups", alias: "x" }, binds);
  // The member itself is where the walk begins; it is no group, so no list of groups shows it.
  const higher = sourcesOf(walk, "member").map(
    ({ from, edge }) => `UNION SELECT e.group_n FROM above CROSS JOIN ${from} JOIN groups x ON x.n = e.group_n
      WHERE e.member_n = above.g AND ${edge} AND ${alive}`,
  );
  return `WITH RECURSIVE above(g) AS (SELECT ${binds.put(member)} ${higher.join(" ")}) SELECT g FROM above`;
}

interface Source {
  readonly from: string;
  /** What is true of the edges that are meant. */
  readonly edge: string;
}

/** Where edges `e` of a role are read from. No edge is in both: it begins anew when it has ended. */
function sourcesOf({ binds, past }: Walk, role: keyof typeof EDGE_ROLES): Source[] {
  const edge = `e.role = ${EDGE_ROLES[role]}`;
  if (!past) return [{ from: "edges e", edge }];
  const at = binds.put(past.at);
  return [
    { from: "edges e", edge: `${edge} AND e.since <= ${at}` },
    { from: "ended_edges e", edge: `${edge} AND e.since <= ${at} AND e.until > ${at}` },
  ];
}
