import { Hono } from "hono";
import * as z from "zod";
import type { World } from "../world.ts";
import { requireCapability, type NotionCaller } from "./caller.ts";
import { NotionError } from "./errors.ts";
import { invalid, readId, readInput } from "./input.ts";
import { pageObject, WITHOUT_ARCHIVED } from "./page-shape.ts";
import { savePage, sharedPages, type Page } from "./pages.ts";
import type { NotionEnv } from "./user-routes.ts";

/** `/v1/pages/{id}`. What is not shared with the connection looks as if there were no such page. */
export function pageRoutes(world: World): Hono<NotionEnv> {
  const app = new Hono<NotionEnv>();
  app.get("/:id", (c) => {
    requireCapability(world, "read_content");
    return c.json(pageObject(world, sharedPage(world, c.var.caller, c.req.param("id")), c.var.caller));
  });
  app.patch("/:id", (c) => {
    requireCapability(world, "update_content");
    const input = readInput(c.req.raw, patchSchema);
    const changed = changePage(world, sharedPage(world, c.var.caller, c.req.param("id")), input, c.var.caller);
    return c.json(pageObject(world, changed, c.var.caller));
  });
  return app;
}

const textsSchema = z.array(z.looseObject({ text: z.looseObject({ content: z.string() }) }));
const patchSchema = z.strictObject({
  properties: z.record(z.string(), z.unknown()).optional(),
  icon: z.record(z.string(), z.unknown()).nullable().optional(),
  cover: z.record(z.string(), z.unknown()).nullable().optional(),
  in_trash: z.boolean().optional(),
  archived: z.boolean().optional(),
});

function sharedPage(world: World, { connection }: NotionCaller, asked: string): Page {
  const id = readId("page_id", asked);
  const found = sharedPages(world, connection.workspace, connection.pages).find((page) => page.id === id);
  if (found !== undefined) return found;
  const text = `Could not find page with ID: ${id}. Make sure the relevant pages and databases are shared with your integration.`;
  throw new NotionError("object_not_found", text);
}

function changePage(world: World, page: Page, input: z.infer<typeof patchSchema>, caller: NotionCaller): Page {
  if (input.archived !== undefined && caller.version >= WITHOUT_ARCHIVED)
    throw invalid("body failed validation: body.archived should be not present.");
  const inTrash = input.in_trash ?? input.archived ?? page.inTrash;
  if (page.inTrash && inTrash)
    throw invalid("Can't edit block that is archived. You must unarchive the block before editing.");
  const title = newTitle(input.properties ?? {});
  return savePage(world, {
    ...page,
    inTrash,
    ...(title !== undefined && { title }),
    ...(input.icon !== undefined && { icon: input.icon }),
    ...(input.cover !== undefined && { cover: input.cover }),
    editedAt: world.now(),
    editedBy: caller.connection.botId,
  });
}

// A page that stands in no database has one property.
function newTitle(properties: Record<string, unknown>): string | undefined {
  const { title, ...others } = properties;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw invalid(`${unknown} is not a property that exists.`);
  if (title === undefined) return undefined;
  const parsed = z.union([textsSchema, z.looseObject({ title: textsSchema })]).safeParse(title);
  if (!parsed.success) throw invalid("body failed validation: body.properties.title.title should be an array of text.");
  const texts = Array.isArray(parsed.data) ? parsed.data : parsed.data.title;
  return texts.map(({ text }) => text.content).join("");
}
