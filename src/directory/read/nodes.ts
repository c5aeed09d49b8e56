/** Finding objects by the ids that Graph knows them by. */
import type { Sql } from "../store/sql.ts";
import { openBinds } from "./binds.ts";
import { columnAt, type Past } from "./past.ts";
import type { ObjectList } from "./question.ts";

/** The node of an id in a list; undefined where it is not known there, or has gone. Devices are found by each of their ids. */
export function findNode(
  sql: Sql,
  list: ObjectList,
  { id, past }: { readonly id: string; readonly past: Past | undefined },
): { readonly n: number } | undefined {
  const binds = openBinds();
  const asked = binds.put(id);
  const known = `SELECT n FROM nodes WHERE id = ${asked}`;
  const others =
    list === "devices"
      ? ["entra_id", "intune_id", "registration_id"].map((name) => `SELECT n FROM devices WHERE ${name} = ${asked}`)
      : [];
  const gone = columnAt(past, { list, column: "gone_at", alias: "t" }, binds);
  const since = past ? `AND t.since <= ${binds.put(past.at)}` : "";
  return binds.first<{ n: number }>(
    sql,
    `SELECT t.n FROM ${list} t WHERE t.n IN (${[known, ...others].join(" UNION ALL ")}) ${since} AND ${gone} IS NULL`,
  );
}
