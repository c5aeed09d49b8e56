import * as z from "zod";
import type { World } from "../world.ts";
import { defaultPages, type Workspace } from "./defaults.ts";

/** A page as it is kept. Times are in milliseconds. */
export interface Page {
  id: string;
  workspaceId: string;
  title: string;
  parent?: string;
  icon: unknown;
  cover: unknown;
  inTrash: boolean;
  createdAt: number;
  editedAt: number;
  /** The Notion user who changed it last, if anybody did. */
  editedBy?: string;
}

/** What the controls accept as a page. */
export const pageSchema = z.strictObject({
  id: z.guid().optional(),
  workspace_id: z.guid(),
  title: z.string(),
  /** The page it stands below; at the top of the workspace without. */
  parent: z.guid().optional(),
  in_trash: z.boolean().default(false),
});

/** Adds a page, or replaces one. Throws a ZodError when malformed. */
export function addPage(world: World, input: unknown): Page {
  const {
    id = crypto.randomUUID(),
    workspace_id: workspaceId,
    title,
    parent,
    in_trash: inTrash,
  } = pageSchema.parse(input);
  const now = world.now();
  const page = { id, workspaceId, title, icon: null, cover: null, inTrash, createdAt: now, editedAt: now };
  return savePage(world, { ...page, ...(parent !== undefined && { parent }) });
}

/** Keeps a page. */
export function savePage(world: World, page: Page): Page {
  world.store.put(pageKey(page.workspaceId, page.id), page);
  return page;
}

/** Every page of a workspace, those it began with first. */
export function listPages(world: World, workspace: Workspace): Page[] {
  const kept = new Map(world.store.list<Page>(pageKey(workspace.id, "")).map(([, page]) => [page.id, page]));
  const began = defaultPages(workspace).map((page): Page => {
    const rest = { icon: null, cover: null, inTrash: false, createdAt: BEGINNING, editedAt: BEGINNING };
    return { ...page, ...rest, workspaceId: workspace.id };
  });
  const first = began.map((page) => kept.get(page.id) ?? page);
  return [...first, ...[...kept.values()].filter(({ id }) => !began.some((page) => page.id === id))];
}

/** The pages that a connection may see: those that were picked and everything below them. */
export function sharedPages(world: World, workspace: Workspace, picked: readonly string[]): Page[] {
  const all = listPages(world, workspace);
  const isShared = ({ id, parent }: Page, seen: string[] = []): boolean => {
    if (picked.includes(id)) return true;
    const above = all.find((page) => page.id === parent && !seen.includes(page.id));
    return above !== undefined && isShared(above, [...seen, id]);
  };
  return all.filter((page) => isShared(page));
}

const BEGINNING = Date.parse("2026-01-05T09:00:00Z");

function pageKey(workspaceId: string, id: string): string {
  return `notion-page:${workspaceId}:${id}`;
}
