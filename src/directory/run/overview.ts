/** How the copy stands: counts, the last reading of each resource, what is under way and what comes next. */
import { rfc3339 } from "../../lib/clock.ts";
import type { Directory } from "../directory.ts";
import { RESOURCE_NAMES } from "../resources.ts";
import { EDGE_ROLES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { resourceState } from "../store/state.ts";
import { heldRuns, listRuns, runningRun } from "./records.ts";
import { dueAt, intervalsOf } from "./schedule.ts";
import { showRun } from "./show.ts";

/** Edges of what has gone, which show nowhere. Of that there is little, and an index of each: all others are only counted. */
const HIDDEN = `
SELECT e FROM edges WHERE role = ${EDGE_ROLES.member} AND group_n IN (SELECT n FROM groups WHERE gone_at IS NOT NULL)
UNION
SELECT e FROM edges WHERE role = ${EDGE_ROLES.member} AND member_n IN (
  SELECT n FROM users WHERE gone_at IS NOT NULL
  UNION ALL SELECT n FROM groups WHERE gone_at IS NOT NULL
  UNION ALL SELECT n FROM devices WHERE gone_at IS NOT NULL)`;

const COUNTS = {
  users: "SELECT count(*) AS count FROM users WHERE gone_at IS NULL",
  groups: "SELECT count(*) AS count FROM groups WHERE gone_at IS NULL",
  members: `SELECT (SELECT count(*) FROM edges WHERE role = ${EDGE_ROLES.member}) - (SELECT count(*) FROM (${HIDDEN})) AS count`,
  devices: "SELECT count(*) AS count FROM devices WHERE gone_at IS NULL",
  sign_ins: "SELECT count(*) AS count FROM sign_ins",
  directory_audits: "SELECT count(*) AS count FROM directory_audits",
  alerts: "SELECT count(*) AS count FROM alerts",
} as const;

/** The overview of a directory. Times RFC 3339, sizes in bytes. */
export type Overview = ReturnType<typeof overview>;

/** How the copy of `tenant` stands. */
export function overview({ sql, clock }: Directory, tenant: string) {
  const now = clock.now();
  const running = runningRun(sql);
  const last = listRuns(sql, { limit: 10 }).find(({ endedAt }) => endedAt !== null);
  return {
    counts: Object.fromEntries(Object.entries(COUNTS).map(([name, query]) => [name, count(sql, query)])),
    storage_bytes: sql.size(),
    resources: Object.fromEntries(
      RESOURCE_NAMES.map((name) => {
        const { readAt, fullAt, watermark, history_from: historyFrom, poisoned } = resourceState(sql, name);
        return [
          name,
          {
            read_at: time(readAt),
            read_whole_at: time(fullAt),
            complete_until: time(watermark),
            history_from: time(historyFrom),
            pages_set_aside: poisoned,
          },
        ];
      }),
    ),
    running: running ? showRun(sql, running, now) : null,
    last: last ? showRun(sql, last, now) : null,
    held: heldRuns(sql).map((run) => showRun(sql, run, now)),
    intervals: intervalsOf(sql),
    next_due: Object.fromEntries(Object.entries(dueAt(sql, tenant, now)).map(([part, at]) => [part, time(at)])),
  };
}

function count(sql: Sql, query: string): number {
  return sql.first<{ count: number }>(query)?.count ?? 0;
}

function time(ms: number | null): string | null {
  return ms === null ? null : rfc3339(ms);
}
