/** What is too old to be kept. */
import type { Sql } from "../store/sql.ts";
import { runOver } from "./bulk.ts";
import { unlink } from "./unlink.ts";

const DAY_MS = 86_400_000;
/** History, logs, and rows of what is gone. */
const KEPT_MS = 90 * DAY_MS;
/** What is gone so long cannot be restored (Microsoft Graph, "Restore deleted item"). */
const RESTORABLE_MS = 30 * DAY_MS;

/** What was removed, in rows. */
export interface Purged {
  readonly history: number;
  readonly links: number;
  readonly rows: number;
  readonly logs: number;
  /** True where there is more of it. */
  readonly left: boolean;
}

const OBJECTS = ["users", "groups", "devices"] as const;
/** By table the time that counts; alerts that go on changing are kept. */
const LOGS = { sign_ins: "at", directory_audits: "at", alerts: "coalesce(updated_at, at)" } as const;

/**
 * Removes what is too old: history and logs of more than 90 days; rows of what has been gone for more than 90 days, and
 * their nodes where nothing refers to them; links of what has been gone for more than 30 days or for good, which the
 * history records. `now` in ms; about `limit` rows in one call.
 */
export function purge(sql: Sql, now: number, limit: number): Purged {
  const changes = purgeHistory(sql, now - KEPT_MS, limit);
  const history = changes + purgeEnded(sql, now - KEPT_MS, limit - changes);
  const links = purgeLinks(sql, now, limit - history);
  const rows = purgeRows(sql, now - KEPT_MS, limit - history - links);
  const logs = purgeLogs(sql, now - KEPT_MS, limit - history - links - rows);
  return { history, links, rows, logs, left: history + links + rows + logs >= limit };
}

/** The log is in the order of time, and there is no index on it. */
function purgeHistory(sql: Sql, before: number, limit: number): number {
  const oldest = sql.all<{ c: number; at: number }>("SELECT c, at FROM changes ORDER BY c LIMIT ?", limit);
  const firstKept = oldest.findIndex(({ at }) => at >= before);
  const old = firstKept === -1 ? oldest : oldest.slice(0, firstKept);
  const last = old.at(-1);
  if (last) sql.run("DELETE FROM changes WHERE c <= ?", last.c);
  return old.length;
}

/** They are numbered as they ended, so the oldest come first. */
function purgeEnded(sql: Sql, before: number, limit: number): number {
  const oldest = "SELECT x, until FROM ended_edges ORDER BY x LIMIT ?";
  const query = `DELETE FROM ended_edges WHERE x IN (SELECT x FROM (${oldest}) WHERE until < ?) RETURNING x`;
  return limit > 0 ? sql.all(query, limit, before).length : 0;
}

const LINKED = `SELECT n FROM (${OBJECTS.map(
  (table) => `SELECT n FROM ${table} WHERE gone_at IS NOT NULL AND (gone_at < ?1 OR gone = 'hard')`,
).join(" UNION ALL ")}) AS o
WHERE EXISTS (SELECT 1 FROM edges WHERE group_n = o.n) OR EXISTS (SELECT 1 FROM edges WHERE member_n = o.n)
  OR EXISTS (SELECT 1 FROM users WHERE manager_n = o.n) OR EXISTS (SELECT 1 FROM devices WHERE user_n = o.n) LIMIT ?2`;

function purgeLinks(sql: Sql, now: number, limit: number): number {
  if (limit <= 0) return 0;
  const numbers = sql.all<{ n: number }>(LINKED, now - RESTORABLE_MS, limit).map(({ n }) => n);
  return unlink(sql, { numbers, now, history: true, limit }).removed;
}

function purgeRows(sql: Sql, before: number, limit: number): number {
  let room = limit;
  for (const table of OBJECTS) {
    if (room <= 0) break;
    const numbers = sql
      .all<{ n: number }>(`SELECT n FROM ${table} WHERE gone_at < ? LIMIT ?`, before, room)
      .map(({ n }) => n);
    runOver(sql, `DELETE FROM ${table} WHERE n IN (SELECT value FROM json_each(?))`, numbers);
    runOver(sql, `DELETE FROM staged WHERE kind = '${table}' AND n IN (SELECT value FROM json_each(?))`, numbers);
    runOver(sql, FORGET, numbers);
    room -= numbers.length;
  }
  return limit - room;
}

/**
 * Their links went before them, or there was no room left for rows. The last number stays: it would be given again to
 * another object, of which the history would then speak.
 */
const FORGET = `DELETE FROM nodes WHERE n IN (SELECT value FROM json_each(?)) AND n < (SELECT max(n) FROM nodes)
  ${OBJECTS.map((table) => `AND NOT EXISTS (SELECT 1 FROM ${table} AS o WHERE o.n = nodes.n)`).join(" ")}
  AND NOT EXISTS (SELECT 1 FROM changes WHERE changes.n = nodes.n)`;

function purgeLogs(sql: Sql, before: number, limit: number): number {
  let room = limit;
  for (const [table, time] of Object.entries(LOGS)) {
    if (room <= 0) break;
    const gone = sql.all(
      `DELETE FROM ${table} WHERE s IN
       (SELECT s FROM ${table} WHERE at < ?1 AND ${time} < ?1 ORDER BY at LIMIT ?2) RETURNING s`,
      before,
      room,
    );
    room -= gone.length;
  }
  return limit - room;
}
