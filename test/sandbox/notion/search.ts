import type { Context } from "hono";
import * as z from "zod";
import type { World } from "../world.ts";
import { requireCapability } from "./caller.ts";
import { invalid, readInput } from "./input.ts";
import { listAnswer } from "./lists.ts";
import { pageObject } from "./page-shape.ts";
import { sharedPages } from "./pages.ts";
import type { NotionEnv } from "./user-routes.ts";

const searchSchema = z.strictObject({
  query: z.string().default(""),
  filter: z.strictObject({ property: z.literal("object"), value: z.string() }).optional(),
  sort: z
    .strictObject({ timestamp: z.literal("last_edited_time"), direction: z.enum(["ascending", "descending"]) })
    .optional(),
  start_cursor: z.string().nullable().optional(),
  page_size: z.number().optional(),
});

/** `POST /v1/search`: the shared pages whose title contains the query, changed last first. */
export function search(world: World, c: Context<NotionEnv>): Response {
  requireCapability(world, "read_content");
  const { caller } = c.var;
  const { query, filter, sort, ...paging } = readInput(c.req.raw, searchSchema);
  // Databases became containers of data sources in this version.
  const other = caller.version >= "2025-09-03" ? "data_source" : "database";
  if (filter !== undefined && filter.value !== "page" && filter.value !== other)
    throw invalid(`body failed validation: body.filter.value should be \`"page"\` or \`"${other}"\`.`);
  const sign = sort?.direction === "ascending" ? 1 : -1;
  const found = sharedPages(world, caller.connection.workspace, caller.connection.pages)
    .filter(({ title, inTrash }) => !inTrash && title.toLowerCase().includes(query.toLowerCase()))
    .filter(() => filter?.value !== other)
    .toSorted((a, b) => sign * (a.editedAt - b.editedAt));
  const pages = found.map((page) => pageObject(world, page, caller));
  return c.json(listAnswer(`page_or_${other}`, pages, paging));
}
