import * as z from "zod";
import { pack, unpack } from "../ids.ts";
import { badParameter } from "./api-errors.ts";

const tokenSchema = z.strictObject({ at: z.number(), until: z.number(), query: z.string() });

/** Where a page begins. `until` is the revision that the whole listing shows. */
export interface PageStart {
  at: number;
  until: number;
}

/** Where `pageToken` points to, if there is one. Throws 400 when other parameters changed since it was given. */
export function pageStart(query: URLSearchParams): PageStart | undefined {
  const given = query.get("pageToken");
  if (given === null) return undefined;
  const token = tokenSchema.safeParse(unpack(given));
  if (token.success && token.data.query === digest(query)) return token.data;
  throw badParameter("pageToken", "Invalid page token value.", "invalid");
}

/** `maxResults`. Throws 400 when it is no number from 1 to `most`. */
export function pageSize(query: URLSearchParams, otherwise: number, most: number): number {
  const given = query.get("maxResults");
  if (given === null) return otherwise;
  const size = /^\d{1,9}$/.test(given) ? Number(given) : 0;
  if (size >= 1 && size <= most) return size;
  throw badParameter("maxResults", `Invalid value '${given}'. Values must be within the range: [1, ${most}]`);
}

/** One page of a listing, and the token of the next one. */
export function pageOf<T>(all: readonly T[], start: PageStart, size: number, query: URLSearchParams) {
  const items = all.slice(start.at, start.at + size);
  const at = start.at + items.length;
  const next = at < all.length ? pack({ at, until: start.until, query: digest(query) }) : undefined;
  return { items, next };
}

function digest(query: URLSearchParams): string {
  const others = new URLSearchParams([...query].filter(([name]) => name !== "pageToken"));
  others.sort();
  return others.toString();
}
