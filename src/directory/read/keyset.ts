/**
 * Pages by keyset: a page begins after the row that was shown last, by its value and its number, so that what is written
 * meanwhile moves nothing else. What has no value comes before all others.
 */
import { type Binds, openBinds } from "./binds.ts";
import type { Place } from "./question.ts";

/** What a list is sorted by: an expression (undefined: the number alone), and the row's number, which settles ties. */
export interface Order {
  readonly by: string | undefined;
  readonly key: string;
  readonly descending: boolean;
}

/**
 * The conditions of what comes after a place, each a part of it that is read from its index alone; the parts follow each
 * other. A comparison of row values would do in one, but SQLite does not search an index of another collation by it.
 */
export function partsAfter(place: Place | undefined, { by, key, descending }: Order, binds: Binds): string[] {
  if (!place) return ["TRUE"];
  const beyond = descending ? "<" : ">";
  const later = `${key} ${beyond} ${binds.put(place.n)}`;
  if (by === undefined) return [later];
  if (place.sorted === null)
    return descending ? [`${by} IS NULL AND ${later}`] : [`${by} IS NULL AND ${later}`, `${by} IS NOT NULL`];
  const value = binds.put(place.sorted);
  const following = `(${by} ${beyond}= ${value} AND (${by} ${beyond} ${value} OR ${later}))`;
  return descending ? [following, `${by} IS NULL`] : [following];
}

/** How many parts follow a place. */
export function countParts(
  place: Place | undefined,
  sort: { readonly field: string | undefined; readonly descending: boolean },
): number {
  return partsAfter(place, { by: sort.field, key: "n", descending: sort.descending }, openBinds()).length;
}

/** The ORDER BY of a list. */
export function orderBy({ by, key, descending }: Order): string {
  const way = descending ? " DESC" : "";
  return [by, key].flatMap((term) => (term === undefined ? [] : [`${term}${way}`])).join(", ");
}

/** Reads part after part until there are `limit` rows, and one more that tells that there is another page. */
export function readParts<T>(
  parts: number,
  limit: number,
  read: (part: number, limit: number) => readonly T[],
): { readonly rows: readonly T[]; readonly hasMore: boolean } {
  const found: T[] = [];
  for (let part = 0; part < parts && found.length <= limit; part += 1)
    found.push(...read(part, limit + 1 - found.length));
  return { rows: found.slice(0, limit), hasMore: found.length > limit };
}
