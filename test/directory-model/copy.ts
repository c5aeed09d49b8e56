/** What the copy shows of a tenant, read straight from its tables. */
import { NODE_TYPES } from "../../src/directory/store/schema.ts";
import type { Sql, SqlRow } from "../../src/directory/store/sql.ts";
import { resourceState } from "../../src/directory/store/state.ts";
import type { Row } from "./expected.ts";

/** Users that are not gone, by id; `manager` is the id of one who is not gone either. */
export function shownUsers(sql: Sql): Map<string, Row> {
  return byId(
    sql.all(`SELECT nodes.id, users.*, (SELECT m.id FROM nodes AS m JOIN users AS u ON u.n = m.n
               WHERE m.n = users.manager_n AND u.gone_at IS NULL) AS manager
             FROM users JOIN nodes ON nodes.n = users.n WHERE users.gone_at IS NULL`),
  );
}

/** Groups that are not gone, by id. */
export function shownGroups(sql: Sql): Map<string, Row> {
  return byId(
    sql.all("SELECT nodes.id, groups.* FROM groups JOIN nodes ON nodes.n = groups.n WHERE groups.gone_at IS NULL"),
  );
}

/**
 * Links whose group and whose member are not gone, as members.ts shows them (asked itself in the end, see told.ts). A
 * member without a row of its own waits for it once its kind was read whole: who was deleted after the page of the group
 * was told and before the first reading of that kind began is told by nobody, and their link stays until all groups are
 * read again. Of a kind that was never read whole, ids are all there is.
 */
export function shownEdges(sql: Sql): Set<string> {
  const waiting = TYPED.filter(({ list }) => resourceState(sql, list).history_from !== null);
  const arrived = waiting.map(({ type, alias }) => `AND (m.type <> ${type} OR ${alias}.n IS NOT NULL)`).join(" ");
  const rows = sql.all<{ edge: string }>(
    `SELECT g.id || ' ' || role || ' ' || m.id AS edge FROM edges
     JOIN nodes AS g ON g.n = group_n JOIN groups ON groups.n = group_n AND groups.gone_at IS NULL
     JOIN nodes AS m ON m.n = member_n
     LEFT JOIN users AS u ON u.n = member_n LEFT JOIN groups AS gm ON gm.n = member_n LEFT JOIN devices AS d ON d.n = member_n
     WHERE coalesce(u.gone_at, gm.gone_at, d.gone_at) IS NULL AND (d.n IS NULL OR d.entra_id IS NOT NULL) ${arrived}`,
  );
  return new Set(rows.map(({ edge }) => edge));
}

const TYPED = [
  { list: "users", type: NODE_TYPES.user, alias: "u" },
  { list: "groups", type: NODE_TYPES.group, alias: "gm" },
  { list: "devices", type: NODE_TYPES.device, alias: "d" },
] as const;

/** Links that are kept, whether or not they show, and that are not to be removed. */
export function storedEdges(sql: Sql): Set<string> {
  const rows = sql.all<{ edge: string }>(
    `SELECT g.id || ' ' || role || ' ' || m.id AS edge FROM edges
     JOIN nodes AS g ON g.n = group_n JOIN nodes AS m ON m.n = member_n
     WHERE NOT EXISTS (SELECT 1 FROM staged WHERE kind = 'members' AND n = e)`,
  );
  return new Set(rows.map(({ edge }) => edge));
}

/** The manager of each user, whether or not that one shows. */
export function storedManagers(sql: Sql): Map<string, string> {
  const rows = sql.all<{ id: string; manager: string }>(
    `SELECT nodes.id, m.id AS manager FROM users JOIN nodes ON nodes.n = users.n JOIN nodes AS m ON m.n = manager_n`,
  );
  return new Map(rows.map(({ id, manager }) => [id, manager]));
}

/** Rows of devices that are not gone; `user` is an id. */
export function shownDevices(sql: Sql): Row[] {
  return sql.all<SqlRow>(
    `SELECT devices.*, u.id AS user, nodes.id AS node FROM devices JOIN nodes ON nodes.n = devices.n
     LEFT JOIN nodes AS u ON u.n = user_n WHERE gone_at IS NULL`,
  ) as Row[];
}

/** Every id of a log. */
export function shownLog(sql: Sql, table: "sign_ins" | "directory_audits"): Map<string, number> {
  return new Map(sql.all<{ id: string; at: number }>(`SELECT id, at FROM ${table}`).map(({ id, at }) => [id, at]));
}

/** Products by id. */
export function shownLicences(sql: Sql): Map<string, Row> {
  return byId(sql.all("SELECT id, consumed FROM licences"));
}

/** Alerts by id. */
export function shownAlerts(sql: Sql): Map<string, Row> {
  return byId(sql.all("SELECT id, at, updated_at, status, severity, title FROM alerts"));
}

function byId(rows: readonly SqlRow[]): Map<string, Row> {
  return new Map(rows.map((row) => [String(row["id"]), row as Row]));
}
