import * as z from "zod";
import { GraphError } from "../graph/errors.ts";
import type { GraphContext } from "../graph/caller.ts";
import { linkWith } from "../graph/pages.ts";
import { pack, unpack } from "../ids.ts";
import { generationOf, LINK_LIFE_MS, type LinkContext } from "./delta-token.ts";
import { readFilter, readSearch, type Filter, type Test } from "./filter.ts";

/** What a list was asked for, beside the properties. */
export interface ListQuery {
  url: URL;
  /** Entries of a page. */
  size: number;
  filter?: Filter;
  search?: Test;
  /** The direction by displayName, when an order was asked for. */
  order?: "asc" | "desc";
  /** Whether `@odata.count` was asked for. */
  count: boolean;
  expandManager?: string[];
}

/** Whether the request asks for the index that follows writes late and knows more. */
export function isEventual(c: GraphContext): boolean {
  return c.req.header("consistencylevel")?.toLowerCase() === "eventual";
}

/** Reads the options of a list. `usual` and `most` are sizes of pages. Throws 400 on what needs the eventual index and does not say so. */
export function readListQuery(c: GraphContext, { usual, most }: { usual: number; most: number }): ListQuery {
  const url = new URL(c.req.url);
  const text = (name: string) => url.searchParams.get(name);
  const refused = ["$skip", "$deltatoken", "$apply", "$compute"].find((name) => url.searchParams.has(name));
  if (refused !== undefined)
    throw new GraphError(400, "Request_BadRequest", `'${refused}' is not supported by the service.`);
  const [filterText, searchText, orderText, expandText] = [
    text("$filter"),
    text("$search"),
    text("$orderby"),
    text("$expand"),
  ];
  const query: ListQuery = {
    url,
    size: readTop(text("$top"), { usual, most }),
    count: text("$count") === "true",
    ...(filterText !== null && { filter: readFilter(filterText) }),
    ...(searchText !== null && { search: readSearch(searchText) }),
    ...(orderText !== null && { order: readOrder(orderText) }),
    ...(expandText !== null && { expandManager: readManagerExpand(expandText) }),
  };
  checkAdvanced(query, isEventual(c));
  return query;
}

/** Reads `$expand=manager($select=…)`: the selected names. Throws 400 on any other. */
export function readManagerExpand(text: string): string[] {
  const match = /^manager(?:\(\$select=([\w,]+)\))?$/i.exec(text.trim());
  if (match === null)
    throw new GraphError(400, "BadRequest", `Parsing OData Select and Expand failed: could not expand '${text}'.`);
  return match[1]?.split(",") ?? [];
}

const tokenSchema = z.object({
  tid: z.string(),
  path: z.string(),
  issued: z.number(),
  generation: z.number(),
  at: z.union([z.number(), z.string()]),
});

/** The link to the page of a list that begins at a place. */
export function nextPage(context: LinkContext, url: URL, at: number | string): string {
  const stamp = { issued: context.world.now(), generation: generationOf(context, "next") };
  return linkWith(url, { $skiptoken: pack({ tid: context.t.id, path: url.pathname, ...stamp, at }) });
}

/** Where a page begins: 0 is the first. Throws 400 on a link that is too old, or none of this list. */
export function placeOf(context: LinkContext, url: URL): number | string {
  const text = url.searchParams.get("$skiptoken");
  if (text === null) return 0;
  const token = tokenSchema.safeParse(unpack(text)).data;
  if (token === undefined || token.tid !== context.t.id || token.path !== url.pathname)
    throw new GraphError(400, "Request_BadRequest", "Invalid value specified for property 'skipToken' of resource.");
  const old = context.world.now() - token.issued > LINK_LIFE_MS;
  if (old || token.generation !== generationOf(context, "next"))
    throw new GraphError(
      400,
      "Directory_ExpiredPageToken",
      "The specified page token value has expired and cannot be included in your request.",
    );
  return token.at;
}

function readTop(text: string | null, { usual, most }: { usual: number; most: number }): number {
  if (text === null) return Math.min(usual, most);
  const top = Number(text);
  if (/^\d+$/.test(text) && top >= 1 && top <= most) return top;
  throw new GraphError(
    400,
    "Request_UnsupportedQuery",
    `Invalid page size specified: '${text}'. Must be between 1 and ${most} inclusive.`,
  );
}

function readOrder(text: string): "asc" | "desc" {
  const [, direction] = /^\s*displayName(?:\s+(asc|desc))?\s*$/i.exec(text) ?? [undefined, null];
  if (direction === null)
    throw new GraphError(400, "Request_UnsupportedQuery", `Sorting by '${text}' is not supported.`);
  return direction?.toLowerCase() === "desc" ? "desc" : "asc";
}

function checkAdvanced({ count, filter, search, order }: ListQuery, eventual: boolean): void {
  const needsCount = filter !== undefined && (filter.advanced || order !== undefined);
  if (eventual ? !needsCount || count : !(count || needsCount || search !== undefined || order !== undefined)) return;
  const text =
    "Request contains a query that needs the header ConsistencyLevel: eventual and, with a filter, $count=true.";
  throw new GraphError(400, "Request_UnsupportedQuery", text);
}
