/** The rows of a page of objects, with what they refer to. */
import { type Failure, failure } from "../../lib/errors.ts";
import type { Sql } from "../store/sql.ts";
import { openBinds } from "./binds.ts";
import { directGroups } from "./edges.ts";
import type { Field } from "./fields.ts";
import { LISTINGS } from "./listings.ts";
import { findNode } from "./nodes.ts";
import { GROUPS_OF_A_USER } from "./object-listings.ts";
import { type Past, pastAt } from "./past.ts";
import type { Found, ObjectList, Question, Row, ShownRow } from "./question.ts";
import { rowsOf } from "./rows.ts";
import { columnsOf, type Known, shower } from "./show.ts";

const ONE = { users: "user", groups: "group", devices: "device" } as const;

/** The failure of an id that a list does not know. */
export function notFound(list: ObjectList): Failure {
  return failure("not_found", `There is no such ${ONE[list]}.`);
}

/** One object by its id. Failures: `not_found`; `validation_failed` where the history does not go back so far. */
export function readObject(sql: Sql, asked: Extract<Question, { ask: "object" }>): Found {
  const { list, id, fields } = asked;
  const past = pastAt(sql, asked);
  const node = findNode(sql, list, { id, past });
  if (!node) throw notFound(list);
  return { rows: shownObjects(sql, { list, fields, nodes: [node.n], past, directIn: undefined }) };
}

/** What of which rows is shown. */
export interface Showing {
  readonly list: ObjectList;
  readonly fields: readonly string[];
  readonly nodes: readonly number[];
  readonly past: Past | undefined;
  /** Whose groups they are: each row tells whether that is so directly. */
  readonly directIn: number | undefined;
}

/** Rows as they are answered, in the order of their nodes. */
export function shownObjects(sql: Sql, { list, fields: names, nodes, past, directIn }: Showing): ShownRow[] {
  const fields = list === "groups" ? GROUPS_OF_A_USER.fields : LISTINGS[list].fields;
  const rows = rowsOf(sql, list, { nodes, columns: columnsOf(fields, names), past });
  const known = knownTo(sql, { fields, names, rows: [...rows.values()], past });
  const show = shower({ fields, names, known });
  const direct = directIn === undefined ? undefined : directlyIn(sql, past, directIn);
  return nodes.flatMap((n) => {
    const row = rows.get(n);
    if (!row) return [];
    return [show(direct ? { ...row, direct: Number(direct.has(n)) } : row)];
  });
}

function directlyIn(sql: Sql, past: Past | undefined, member: number): Set<number> {
  const binds = openBinds();
  const groups = directGroups({ sql, binds, past }, member);
  return new Set(binds.all<{ g: number }>(sql, groups).map(({ g }) => g));
}

interface Knowing {
  readonly fields: Readonly<Record<string, Field>>;
  readonly names: readonly string[];
  readonly rows: readonly Row[];
  readonly past: Past | undefined;
}

function knownTo(sql: Sql, { fields, names, rows, past }: Knowing): Known {
  const links = names.flatMap((name) => (fields[name]?.kind === "user" ? [fields[name].column ?? name] : []));
  const nodes = links.flatMap((link) => rows.flatMap((row) => (typeof row[link] === "number" ? [row[link]] : [])));
  const hasLicences = names.some((name) => fields[name]?.kind === "licences");
  return {
    users: usersKnown(sql, [...new Set(nodes)], past),
    licences: new Map(
      hasLicences
        ? sql
            .all<{ id: string; name: string | null }>("SELECT id, name FROM licences")
            .map(({ id, name }) => [id, name])
        : [],
    ),
  };
}

/** Users that are referred to; of one that has not arrived yet only the id is known. */
function usersKnown(sql: Sql, nodes: readonly number[], past: Past | undefined): Map<number, Row> {
  const users = rowsOf(sql, "users", { nodes, columns: ["name", "address"], past });
  const awaited = nodes.filter((n) => !users.has(n));
  if (awaited.length === 0) return users;
  const found = sql.all<{ n: number; id: string }>(
    "SELECT n, id FROM nodes WHERE n IN (SELECT value FROM json_each(?))",
    JSON.stringify(awaited),
  );
  for (const { n, id } of found) users.set(n, { n, id, name: null, address: null, gone_at: null });
  return users;
}
