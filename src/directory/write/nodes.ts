/** The small numbers of objects. Whoever is referred to gets one, whether or not it has arrived. */
import { NODE_TYPES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { allOver, runOver } from "./bulk.ts";

/** The nodes that one page works on. */
export interface Nodes {
  /** The number of an id that has one. */
  find(id: string): number | undefined;
  /** The number of an id; a new one where it has none. `type` is one of NODE_TYPES; 0 where it is not known. */
  intern(id: string, type: number): number;
  /** True for what was not in the copy before this page. */
  isNew(n: number): boolean;
  /** Writes what is new, in one statement, and what turned out to be of another type. */
  save(): void;
}

interface Node {
  readonly n: number;
  type: number;
}

/** Opens the nodes of a page; `ids` are read with one query, others one by one. */
export function openNodes(sql: Sql, ids: Iterable<string>): Nodes {
  const asked = [...new Set(ids)];
  const found = readNodes(sql, asked);
  const known = new Map(asked.map((id, at) => [id, found[at]]));
  const added: [number, string, Node][] = [];
  const retyped = new Set<Node>();
  let first: number | undefined;
  const find = (id: string): Node | undefined => {
    if (!known.has(id)) known.set(id, readNodes(sql, [id])[0]);
    return known.get(id);
  };
  const add = (id: string, type: number): Node => {
    first ??= (sql.first<{ last: number | null }>("SELECT max(n) AS last FROM nodes")?.last ?? 0) + 1;
    const node = { n: first + added.length, type };
    added.push([node.n, id, node]);
    known.set(id, node);
    return node;
  };
  return {
    find: (id) => find(id)?.n,
    intern: (id, type) => {
      const node = find(id) ?? add(id, type);
      if (node.type === NODE_TYPES.other && type !== NODE_TYPES.other) {
        node.type = type;
        if (!(first !== undefined && node.n >= first)) retyped.add(node);
      }
      return node.n;
    },
    isNew: (n) => first !== undefined && n >= first,
    save: () => {
      runOver(
        sql,
        ADD,
        added.map(([n, id, { type }]) => [n, id, type]),
      );
      runOver(
        sql,
        RETYPE,
        [...retyped].map(({ n, type }) => [n, type]),
      );
    },
  };
}

/** The nodes of ids in their order. One list of numbers comes back: a row for each takes as long as the search. */
function readNodes(sql: Sql, ids: readonly string[]): (Node | undefined)[] {
  return allOver<{ found: string }>(sql, FIND, ids).flatMap(({ found }) =>
    (JSON.parse(found) as (number | null)[]).map((code) =>
      code === null ? undefined : { n: Math.floor(code / TYPES), type: code % TYPES },
    ),
  );
}

/** More than there are types. */
const TYPES = 8;
const FIND = `SELECT json_group_array(nodes.n * ${TYPES} + nodes.type) AS found
  FROM json_each(?) AS i LEFT JOIN nodes ON nodes.id = i.value`;
const ADD = "INSERT INTO nodes (n, id, type) SELECT value ->> 0, value ->> 1, value ->> 2 FROM jsonb_each(?)";
const RETYPE = "UPDATE nodes SET type = v.value ->> 1 FROM jsonb_each(?) AS v WHERE nodes.n = v.value ->> 0";
