/** Conditions of lists of objects that are more than a comparison of a column. */
import type { Sql } from "../store/sql.ts";
import { directMembers } from "./edges.ts";
import type { Past } from "./past.ts";
import type { Filter, ObjectList } from "./question.ts";
import { findNode } from "./nodes.ts";
import { either, type Frame } from "./where.ts";

/** A condition. `rows`: a query of the nodes that it is true of, from which a list can be read where they are few. */
export interface Condition {
  readonly text: string;
  readonly rows?: string;
  /** True where those are the nodes of the time that is asked for, whatever has changed since. */
  readonly exact?: true;
  /** True where it asks for nothing but the row's node, which an index has. */
  readonly byNode?: true;
}

/** What a special condition of a list is made with. */
export interface SpecialFrame extends Frame {
  readonly sql: Sql;
  readonly past: Past | undefined;
  readonly now: number;
}

const DAY_MS = 86_400_000;
const NO_NODE = -1;

/** The condition of a special filter. */
export function specialCondition(frame: SpecialFrame, { field, values }: Filter): Condition {
  const make = SPECIALS[field];
  return make ? make(frame, values) : { text: "FALSE" };
}

type Make = (frame: SpecialFrame, values: Filter["values"]) => Condition;

const SPECIALS: Readonly<Record<string, Make>> = {
  id: ({ binds }, values) => {
    const rows = `SELECT n FROM nodes WHERE id IN (SELECT value FROM json_each(${binds.put(JSON.stringify(values))}))`;
    return { text: `t.n IN (${rows})`, rows, exact: true };
  },
  licence: (frame, values) => ({ text: either(values.map((value) => hasLicence(frame, String(value ?? "")))) }),
  manager: (frame, values) => linkedTo(frame, values, { table: "users", column: "manager_n" }),
  user: (frame, values) => linkedTo(frame, values, { table: "devices", column: "user_n" }),
  group: inGroup,
  inactive_days: ({ binds, column, now }, values) => {
    const last = LAST_SIGN_INS.map((name) => `ifnull(${column(name)}, 0)`).join(", ");
    return { text: `${column("enabled")} = 1 AND max(${last}) < ${binds.put(now - Number(values[0]) * DAY_MS)}` };
  },
  never_signed_in: ({ column }, values) => {
    const never = `coalesce(${LAST_SIGN_INS.map((name) => column(name)).join(", ")}) IS NULL`;
    return { text: values[0] ? never : `NOT (${never})` };
  },
  has_devices: (_, values) => {
    const rows = "SELECT user_n FROM devices WHERE user_n IS NOT NULL AND gone_at IS NULL";
    return { text: `t.n ${values[0] ? "" : "NOT "}IN (${rows})`, byNode: true };
  },
};

/** Whatever an account does counts as its being used: a phone that fetches mail signs in without anybody typing. */
const LAST_SIGN_INS = ["last_sign_in_at", "last_non_interactive_at", "last_success_at"];

function hasLicence({ sql, binds, column }: SpecialFrame, value: string): string {
  const licences = column("licences");
  if (value === "") return `ifnull(${licences}, '[]') = '[]'`;
  const named = sql.all<{ id: string }>("SELECT id FROM licences WHERE name = ? COLLATE NOCASE", value);
  const ids = [value.toLowerCase(), value, ...named.map(({ id }) => id)];
  return either([...new Set(ids)].map((id) => `instr(${licences}, ${binds.put(JSON.stringify(id))}) > 0`));
}

function linkedTo(
  { sql, past, binds, column }: SpecialFrame,
  values: Filter["values"],
  { table, column: name }: { readonly table: ObjectList; readonly column: string },
): Condition {
  const nodes = values.flatMap((value) =>
    value === null ? [] : [findNode(sql, "users", { id: String(value), past })?.n ?? NO_NODE],
  );
  const list = `(SELECT value FROM json_each(${binds.put(JSON.stringify(nodes))}))`;
  const none = nodes.length < values.length;
  const text = either([
    ...(nodes.length > 0 ? [`${column(name)} IN ${list}`] : []),
    ...(none ? [`${column(name)} IS NULL`] : []),
  ]);
  return none ? { text } : { text, rows: `SELECT n FROM ${table} WHERE ${name} IN ${list} AND ${name} IS NOT NULL` };
}

/** A group of more members than this is not read member by member: each row is looked up in it instead. */
const MOST_MEMBERS = 20_000;

function inGroup(frame: SpecialFrame, values: Filter["values"]): Condition {
  const { sql, past, binds } = frame;
  const groups = values.map((value) => findNode(sql, "groups", { id: String(value), past })?.n ?? NO_NODE);
  const rows = directMembers(frame, { groups, role: "member" });
  const size =
    binds.first<{ size: number }>(sql, `SELECT count(*) AS size FROM (${rows} LIMIT ${MOST_MEMBERS})`)?.size ?? 0;
  if (past || size < MOST_MEMBERS) return { text: `t.n IN (${rows})`, rows, exact: true };
  return { text: `EXISTS (SELECT 1 FROM (${rows}) AS g WHERE g.m = t.n)`, byNode: true };
}
