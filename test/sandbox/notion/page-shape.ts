import type { World } from "../world.ts";
import type { NotionCaller } from "./caller.ts";
import { findMember } from "./people.ts";
import type { Page } from "./pages.ts";

/** The first version in which `in_trash` is the only word for it. */
export const WITHOUT_ARCHIVED = "2026-03-11";

/** A page as answers carry it, in the version asked for. */
export function pageObject(world: World, page: Page, { connection, version }: NotionCaller) {
  const author = { object: "user", id: findMember(world, connection.person)?.id ?? connection.botId };
  const trash = version < WITHOUT_ARCHIVED ? { archived: page.inTrash } : {};
  return {
    object: "page",
    id: page.id,
    created_time: toMinute(page.createdAt),
    last_edited_time: toMinute(page.editedAt),
    created_by: author,
    last_edited_by: page.editedBy === undefined ? author : { object: "user", id: page.editedBy },
    cover: page.cover,
    icon: page.icon,
    parent:
      page.parent === undefined ? { type: "workspace", workspace: true } : { type: "page_id", page_id: page.parent },
    ...trash,
    in_trash: page.inTrash,
    is_locked: false,
    properties: { title: { id: "title", type: "title", title: page.title === "" ? [] : [richText(page.title)] } },
    url: `https://www.notion.so/${page.title.replaceAll(/[^A-Za-z0-9]+/g, "-")}-${page.id.replaceAll("-", "")}`,
    public_url: null,
  };
}

function richText(content: string) {
  const plain = { bold: false, italic: false, strikethrough: false, underline: false, code: false, color: "default" };
  return { type: "text", text: { content, link: null }, annotations: plain, plain_text: content, href: null };
}

// The provider rounds these times down to the minute.
function toMinute(ms: number): string {
  return new Date(Math.floor(ms / 60_000) * 60_000).toISOString();
}
