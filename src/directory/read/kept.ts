/**
 * What questions have found out, kept in the object's memory until anything is written: SQLite itself tells that, whoever
 * wrote. So a list that is turned page by page reads its table once for many pages, and not once for each.
 */
import type { Sql } from "../store/sql.ts";
import type { Place } from "./question.ts";

/** A stretch of a list: rows that follow each other, and whether there are more after them. */
export interface Stretch {
  readonly rows: readonly Place[];
  readonly hasMore: boolean;
}

/** Which page. */
export interface PageAsked {
  readonly after: Place | undefined;
  readonly limit: number;
}

/** What is kept of lists. A key says everything that a list depends on, but what is stored. */
export interface Kept {
  /** A page. `read` reads so many rows after its place: some more than are asked for, for the pages to come. */
  page(key: string, asked: PageAsked, read: (limit: number) => Stretch): Stretch;
  /** How many rows a list has; `read` counts them where that is not known. */
  count(key: string, read: () => number): number;
}

/** So many more rows are read: finding them takes little more than finding those of the page alone. */
const ROWS_AHEAD = 1_000;
/** Rows that are kept in all, some 100 bytes each. What else a stretch takes counts as so many rows. */
const MOST_ROWS = 40_000;
const ROWS_OF_A_STRETCH = 50;
const MOST_COUNTS = 500;

/** A database that is emptied counts its changes from nothing again, but what is copied into it comes by another run. */
const VERSION = "SELECT total_changes() || ' ' || ifnull((SELECT id FROM runs ORDER BY r DESC LIMIT 1), '') AS version";

/** Makes something of a database that is kept until anything is written to it. */
export function keptWhile<T>(make: (sql: Sql) => T): (sql: Sql) => T {
  const known = new WeakMap<Sql, { readonly version: string; readonly made: T }>();
  return (sql) => {
    const version = sql.first<{ version: string }>(VERSION)?.version ?? "";
    const last = known.get(sql);
    if (last?.version === version) return last.made;
    const made = make(sql);
    known.set(sql, { version, made });
    return made;
  };
}

/** What is kept of the lists of a database. */
export const openKept: (sql: Sql) => Kept = keptWhile(() => {
  const counts = new Map<string, number>();
  let stretches: readonly KeptStretch[] = [];
  return {
    page(key, { after, limit }, read) {
      for (const stretch of stretches) {
        const page = stretch.key === key ? pageWithin(stretch, after, limit) : undefined;
        if (page) return page;
      }
      const { rows, hasMore } = read(limit + ROWS_AHEAD);
      stretches = fitting([...stretches, { key, after, rows, hasMore }]);
      return { rows: rows.slice(0, limit), hasMore: hasMore || rows.length > limit };
    },
    count(key, read) {
      const whole = stretches.find((one) => one.key === key && !one.after && !one.hasMore);
      if (whole) return whole.rows.length;
      const count = counts.get(key) ?? read();
      if (counts.size < MOST_COUNTS) counts.set(key, count);
      return count;
    },
  };
});

interface KeptStretch extends Stretch {
  readonly key: string;
  readonly after: Place | undefined;
}

/** The last ones that there is room for. */
function fitting(stretches: readonly KeptStretch[]): readonly KeptStretch[] {
  let rows = 0;
  const over = stretches.findLastIndex((one) => (rows += one.rows.length + ROWS_OF_A_STRETCH) > MOST_ROWS);
  return stretches.slice(over + 1);
}

/** The page, if the stretch has all of it and knows whether there is another one. */
function pageWithin(stretch: KeptStretch, after: Place | undefined, limit: number): Stretch | undefined {
  const { rows, hasMore } = stretch;
  const last = isSame(stretch.after, after) ? -1 : rows.findIndex((row) => isSame(row, after));
  if (last < 0 && !isSame(stretch.after, after)) return undefined;
  const end = last + 1 + limit;
  return end >= rows.length && hasMore ? undefined : { rows: rows.slice(last + 1, end), hasMore: end < rows.length };
}

function isSame(one: Place | undefined, other: Place | undefined): boolean {
  return one?.n === other?.n && one?.sorted === other?.sorted;
}
