/** The logs: sign-ins and audits, which never change, and alerts, which do. */
import type { Sql } from "../store/sql.ts";
import { allOver, differing, insertRows, updateRows, type Values } from "./bulk.ts";
import { type Column, valuesOf } from "./columns.ts";
import { type Item, readItems, Unreadable } from "./item.ts";
import { ALERT_COLUMNS, AUDIT_COLUMNS, auditOf, SIGN_IN_COLUMNS } from "./log-columns.ts";
import type { PageInput, PageResult } from "./page.ts";

interface Entry extends Values {
  id: string;
  at: number;
}

interface Log {
  readonly table: "sign_ins" | "directory_audits" | "alerts";
  readonly columns: readonly Column[];
  /** Columns that are not one property. */
  readonly further?: { readonly names: readonly string[]; readonly of: (item: Item) => Values };
}

const SIGN_INS: Log = { table: "sign_ins", columns: SIGN_IN_COLUMNS };
const AUDITS: Log = { table: "directory_audits", columns: AUDIT_COLUMNS, further: auditOf };
const ALERTS: Log = { table: "alerts", columns: ALERT_COLUMNS };

/** Sign-ins of one page. */
export function writeSignIns(sql: Sql, page: PageInput): PageResult {
  return writeOnce(sql, page, SIGN_INS);
}

/** Directory audits of one page. */
export function writeDirectoryAudits(sql: Sql, page: PageInput): PageResult {
  return writeOnce(sql, page, AUDITS);
}

/** Alerts of one page; what is older than what is stored changes nothing. */
export function writeAlerts(sql: Sql, page: PageInput): PageResult {
  const { read, setAside } = readLog(page, ALERTS);
  const names = namesOf(ALERTS);
  const told = new Map(read.map((entry) => [entry.id, entry]));
  const stored = new Map(
    allOver<Values & { id: string }>(
      sql,
      `SELECT s, id, ${names.join(", ")} FROM alerts WHERE id IN (SELECT value FROM json_each(?))`,
      told.keys(),
    ).map((row) => [row.id, row]),
  );
  const added = [...told.values()].filter(({ id }) => !stored.has(id));
  const updates = [...stored].flatMap(([id, before]) => {
    const values: Values = { ...told.get(id), s: before["s"] ?? null };
    const changed = isOlder(values, before) ? [] : differing(names, before, values);
    return changed.length > 0 ? [{ values, changed }] : [];
  });
  insertRows(sql, { table: "alerts", columns: ["id", ...names] }, added);
  updateRows(sql, { table: "alerts", key: "s", columns: names, indexed: new Set(["at"]) }, updates);
  return { seen: read.length, written: added.length + updates.length, staged: 0, setAside };
}

function writeOnce(sql: Sql, page: PageInput, log: Log): PageResult {
  const { read, setAside } = readLog(page, log);
  const told = new Map(read.map((entry) => [entry.id, entry]));
  const known = allOver<{ id: string }>(
    sql,
    `SELECT id FROM ${log.table} WHERE id IN (SELECT value FROM json_each(?))`,
    told.keys(),
  );
  for (const { id } of known) told.delete(id);
  insertRows(sql, { table: log.table, columns: ["id", ...namesOf(log)] }, [...told.values()]);
  return { seen: read.length, written: told.size, staged: 0, setAside };
}

function readLog({ items }: PageInput, { columns, further }: Log) {
  return readItems(items, (item, id): Entry => {
    const { at, ...values } = { ...valuesOf(item, columns), ...further?.of(item) };
    const property = columns.find(({ column }) => column === "at")?.property;
    if (typeof at !== "number") throw new Unreadable(`${property} is no time.`);
    return { ...values, id, at };
  });
}

function namesOf({ columns, further }: Log): string[] {
  return [...columns.map(({ column }) => column), ...(further?.names ?? [])];
}

function isOlder({ updated_at: told }: Values, { updated_at: known }: Values): boolean {
  return typeof told === "number" && typeof known === "number" && told < known;
}
