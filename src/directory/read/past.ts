/**
 * The copy as it was: what changed since is taken back. A column's value then is what the first change after that time
 * says it was before, or what it is now where there is none. The change log is written in the order of time, so the
 * place from which on changes count is found by halving.
 */
import { rfc3339 } from "../../lib/clock.ts";
import { notValid } from "../../lib/errors.ts";
import type { Sql } from "../store/sql.ts";
import { resourceState } from "../store/state.ts";
import type { Binds } from "./binds.ts";
import { LISTINGS } from "./listings.ts";
import { OBJECT_LISTS, type ObjectList } from "./question.ts";

/** A time in the past: changes with a greater `c` happened after it. */
export interface Past {
  readonly at: number;
  readonly c: number;
}

const DAY_MS = 86_400_000;
/** How long changes are kept. */
const KEPT_MS = 90 * DAY_MS;

/** The time that a question is asked as of. Failure: `validation_failed` where the history of that list does not go back so far. */
export function pastAt(
  sql: Sql,
  { list, asOf, now }: { readonly list: ObjectList; readonly asOf: number | undefined; readonly now: number },
): Past | undefined {
  if (asOf === undefined) return undefined;
  const refused = (message: string) => notValid([{ path: "as_of", message }]);
  const from = historyFrom(sql, list);
  if (from === null) throw refused(`there is no history of ${list} yet`);
  const since = Math.max(from, now - KEPT_MS);
  if (asOf < since) throw refused(`expected a time since ${rfc3339(since)}, when the history of ${list} begins`);
  if (asOf > now) throw refused("expected a time that has passed");
  return { at: asOf, c: lastChangeAt(sql, asOf) };
}

/** Since when everything that happens to a list is recorded, ms. Devices are told of by two readings, and the later one counts. */
function historyFrom(sql: Sql, list: ObjectList): number | null {
  const { history_from: from } = resourceState(sql, list);
  if (from === null || list !== "devices") return from;
  return Math.max(from, resourceState(sql, "managed_devices").history_from ?? 0);
}

/** The last change that happened at that time or before; 0 where there is none. */
export function lastChangeAt(sql: Sql, at: number): number {
  const next = (c: number) =>
    sql.first<{ c: number; at: number }>("SELECT c, at FROM changes WHERE c > ? ORDER BY c LIMIT 1", c);
  let low = 0;
  let high = sql.first<{ c: number | null }>("SELECT max(c) AS c FROM changes")?.c ?? 0;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = next(middle);
    if (found && found.at <= at) low = found.c;
    else high = middle;
  }
  return low;
}

/** A column of a list's table under a name in a query. */
export interface ColumnPlace {
  readonly list: ObjectList;
  readonly column: string;
  readonly alias: string;
}

/**
 * A column as it was then, or is now where nothing is asked of the past. One search in the index of the log tells that a
 * row has not changed. With min() SQLite takes the other columns from the row that it found.
 */
export function columnAt(past: Past | undefined, { list, column, alias }: ColumnPlace, binds: Binds): string {
  if (!past) return `${alias}.${column}`;
  return `(SELECT CASE WHEN min(c) IS NULL THEN ${alias}.${column} ELSE diff ->> '$.${column}[0]' END
    FROM changes INDEXED BY changes_node WHERE n = ${alias}.n AND c > ${binds.put(past.c)} AND kind = '${list}'
    AND json_type(diff, '$.${column}') IS NOT NULL)`;
}

/** True of a row that was there. */
export function wasThere(
  past: Past | undefined,
  { list, alias }: { readonly list: ObjectList; readonly alias: string },
  binds: Binds,
): string {
  const gone = `${columnAt(past, { list, column: "gone_at", alias }, binds)} IS NULL`;
  return past ? `(${alias}.since <= ${binds.put(past.at)} AND ${gone})` : gone;
}

/** The columns of a list that the history has. */
export function recordedColumns(list: ObjectList): ReadonlySet<string> {
  return RECORDED[list];
}

const RECORDED = Object.fromEntries(
  OBJECT_LISTS.map((list) => [
    list,
    new Set(
      Object.entries(LISTINGS[list].fields)
        .filter(([, { unrecorded }]) => !unrecorded)
        .map(([name, { column }]) => column ?? name),
    ),
  ]),
) as unknown as Readonly<Record<ObjectList, ReadonlySet<string>>>;
