/** What an administrator asks first, as numbers; each with the query of the lists that gives exactly the rows it counts. */
import { rfc3339 } from "../../lib/clock.ts";
import type { ResourceName } from "../resources.ts";
import type { Sql } from "../store/sql.ts";
import { resourceState } from "../store/state.ts";
import { keptWhile } from "./kept.ts";
import type { Json, ShownRow } from "./question.ts";

const DAY_MS = 86_400_000;
const BASE = "/v1/microsoft";
const INACTIVE_DAYS = [30, 60, 90] as const;

/** Counts of the copy. `days`: how far back failed sign-ins are counted. */
export function readInsights(sql: Sql, { days, now }: { readonly days: number; readonly now: number }): ShownRow {
  return {
    at: rfc3339(now),
    users: userInsights(sql, now),
    devices: deviceInsights(sql),
    licences: licenceInsights(sql),
    sign_in_failures: failureInsights(sql, { days, now }),
  };
}

/** A number and the query that lists its rows. */
function counted(
  count: number,
  path: string,
  query: Readonly<Record<string, string>>,
): { count: number; query: string } {
  return { count, query: `${BASE}/${path}?${new URLSearchParams(query).toString()}` };
}

/** What is counted of users, whatever the time is. */
interface UserFigures {
  readonly never: number;
  readonly guests: number;
  readonly disabled: number;
  readonly disabled_with_devices: number;
  /** When each enabled one was last active, ms, in this order; 0: never. */
  readonly lastActive: Float64Array;
}

const LAST = "max(ifnull(last_sign_in_at, 0), ifnull(last_non_interactive_at, 0), ifnull(last_success_at, 0))";

const userFigures = keptWhile((sql): UserFigures => {
  const row = sql.first<Record<Exclude<keyof UserFigures, "lastActive">, number> & { last_active: string }>(
    `SELECT total(last = 0) AS never, total(type = 'guest' COLLATE NOCASE) AS guests, total(enabled = 0) AS disabled,
       total(enabled = 0 AND EXISTS (SELECT 1 FROM devices d WHERE d.user_n = u.n AND d.user_n IS NOT NULL AND d.gone_at IS NULL))
         AS disabled_with_devices,
       json_group_array(last) FILTER (WHERE enabled = 1) AS last_active
     FROM (SELECT n, enabled, type, ${LAST} AS last FROM users NOT INDEXED WHERE gone_at IS NULL) AS u`,
  );
  const lastActive = Float64Array.from(JSON.parse(row?.last_active ?? "[]") as number[]).toSorted();
  return { never: 0, guests: 0, disabled: 0, disabled_with_devices: 0, ...row, lastActive };
});

/** How many of the numbers, which are in their order, are less. */
function countBelow(numbers: Float64Array, limit: number): number {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((numbers[middle] ?? limit) < limit) low = middle + 1;
    else high = middle;
  }
  return low;
}

function userInsights(sql: Sql, now: number): Json {
  const { lastActive, ...figures } = userFigures(sql);
  // Where sign-ins are not known at all, nobody is inactive for all that is known.
  const isKnown = resourceState(sql, "sign_in_activity").readAt !== null;
  return {
    read_at: readAt(sql, "users"),
    sign_ins_read_at: readAt(sql, "sign_in_activity"),
    inactive: isKnown
      ? INACTIVE_DAYS.map((days) => ({
          days,
          ...counted(countBelow(lastActive, now - days * DAY_MS), "users", { inactive_days: String(days) }),
        }))
      : null,
    never_signed_in: isKnown ? counted(figures.never, "users", { never_signed_in: "true" }) : null,
    guests: counted(figures.guests, "users", { type: "guest" }),
    disabled: counted(figures.disabled, "users", { enabled: "false" }),
    disabled_with_devices: counted(figures.disabled_with_devices, "users", { enabled: "false", has_devices: "true" }),
  };
}

type Compliance = { os: string | null; ownership: string | null; compliance: string | null; count: number };

const deviceFigures = keptWhile((sql) => ({
  groups: sql.all<Compliance>(
    `SELECT min(os) AS os, min(ownership) AS ownership, min(compliance) AS compliance, count(*) AS count
     FROM devices NOT INDEXED WHERE gone_at IS NULL
     GROUP BY os COLLATE NOCASE, ownership COLLATE NOCASE, compliance COLLATE NOCASE ORDER BY count DESC LIMIT 1000`,
  ),
  unmanaged:
    sql.first<{ count: number }>(
      "SELECT count(*) AS count FROM devices NOT INDEXED WHERE gone_at IS NULL AND intune_id IS NULL",
    )?.count ?? 0,
}));

function deviceInsights(sql: Sql): Json {
  const { groups, unmanaged } = deviceFigures(sql);
  return {
    read_at: readAt(sql, "devices"),
    managed_read_at: readAt(sql, "managed_devices"),
    compliance: groups.map(({ count, os, ownership, compliance }) => ({
      os,
      ownership,
      compliance,
      ...counted(count, "devices", { os: os ?? "", ownership: ownership ?? "", compliance: compliance ?? "" }),
    })),
    unmanaged: counted(unmanaged, "devices", { managed: "false" }),
  };
}

type Licence = {
  id: string;
  name: string | null;
  status: string | null;
  consumed: number | null;
  enabled: number | null;
  suspended: number | null;
  warning: number | null;
};

/** How many have each licence. Few sets of licences are worn by many, so users are grouped by theirs. */
const wornLicences = keptWhile((sql) => {
  const sets = sql.all<{ licences: string; count: number }>(
    `SELECT licences, count(*) AS count FROM users NOT INDEXED WHERE gone_at IS NULL AND licences IS NOT NULL AND licences <> '[]'
     GROUP BY licences`,
  );
  const worn = new Map<string, number>();
  for (const { licences, count } of sets)
    for (const id of JSON.parse(licences) as string[]) worn.set(id, (worn.get(id) ?? 0) + count);
  return worn;
});

/** Microsoft's own figures, and beside them who has the licence here. */
function licenceInsights(sql: Sql): Json {
  const worn = wornLicences(sql);
  return sql.all<Licence>("SELECT * FROM licences ORDER BY name COLLATE NOCASE, id").map((licence) => ({
    ...licence,
    assigned: counted(worn.get(licence.id) ?? 0, "users", { licence: licence.id }),
  }));
}

function failureInsights(sql: Sql, { days, now }: { readonly days: number; readonly now: number }): Json {
  const since = now - days * DAY_MS;
  const after = rfc3339(since);
  const reasons = sql.all<{ error_code: number; reason: string | null; count: number }>(
    `SELECT error_code, min(failure_reason) AS reason, count(*) AS count FROM sign_ins INDEXED BY sign_ins_failed WHERE at >= ? AND error_code <> 0
     GROUP BY error_code ORDER BY count DESC, error_code LIMIT 1000`,
    since,
  );
  const total = reasons.reduce((sum, { count }) => sum + count, 0);
  return {
    days,
    read_at: readAt(sql, "sign_ins"),
    ...counted(total, "audit/sign-ins", { result: "failure", at_after: after }),
    reasons: reasons.map(({ error_code: code, reason, count }) => ({
      error_code: code,
      reason,
      ...counted(count, "audit/sign-ins", { error_code: String(code), at_after: after }),
    })),
  };
}

function readAt(sql: Sql, name: ResourceName): string | null {
  const { readAt: at } = resourceState(sql, name);
  return at === null ? null : rfc3339(at);
}
