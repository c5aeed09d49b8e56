import { pack, unpack } from "../ids.ts";
import { badQuery } from "./errors.ts";

/** How many entries a page has when nothing else is asked for, and at most. */
const DEFAULT_SIZE = 10;
const LARGEST_SIZE = 1000;

/** One page of a list and, unless it is the last, the link to the next. */
export interface Page<T> {
  items: T[];
  nextLink?: string;
}

/** Cuts a page out of a list by `$top`, `$skip` and `$skiptoken`. `$top` wins over the preferred size. */
export function pageOf<T>(all: readonly T[], url: URL, preferredSize?: number): Page<T> {
  const top = count(url, "$top");
  if (top !== undefined && (top < 1 || top > LARGEST_SIZE))
    throw badQuery(`Invalid value '${top}' for $top: it must be from 1 to 1000.`);
  const size = top ?? preferredSize ?? DEFAULT_SIZE;
  const from = skipTokenOf(url) ?? count(url, "$skip") ?? 0;
  const items = all.slice(from, from + size);
  if (from + size >= all.length) return { items };
  return { items, nextLink: linkWith(url, { $skiptoken: pack({ from: from + size }), $skip: undefined }) };
}

/** The same address with some query options replaced, or with undefined taken away. */
export function linkWith(url: URL, options: Record<string, string | undefined>): string {
  const link = new URL(url);
  for (const [name, value] of Object.entries(options)) {
    if (value === undefined) link.searchParams.delete(name);
    else link.searchParams.set(name, value);
  }
  return link.href.replaceAll("%24", "$");
}

function skipTokenOf(url: URL): number | undefined {
  const token = url.searchParams.get("$skiptoken");
  if (token === null) return undefined;
  const { from } = (unpack(token) ?? {}) as { from?: unknown };
  if (typeof from !== "number") throw badQuery("Skip token is malformed.");
  return from;
}

function count(url: URL, name: string): number | undefined {
  const value = url.searchParams.get(name);
  if (value === null) return undefined;
  if (!/^\d+$/.test(value)) throw badQuery(`Invalid value '${value}' for the query option ${name}.`);
  return Number(value);
}
