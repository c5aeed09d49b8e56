/**
 * Pages of a resource before their turn. The link to a page stands in the one before it, so one is asked for while
 * another is on its way to the disk; and what came meanwhile is written together, which costs far less than page by page.
 */
import type { Directory } from "../directory.ts";
import { type ResourceName, RESOURCES } from "../resources.ts";
import { askForPage, type PageRequest } from "./ask.ts";
import { isCircle, passed } from "./circle.ts";
import type { Outcome, Page } from "./outcome.ts";
import { paceOf } from "./pace.ts";
import type { Task, TaskTrouble } from "./records.ts";

/** Pages of one resource in their order, as one. */
export interface Gathered extends Page {
  readonly pages: number;
  /** The task's trail before the link that the last of them has. */
  readonly circle: Task["circle"];
  /** What is wrong with where it leads; the page is alone then. */
  readonly misled: TaskTrouble | undefined;
}

/** An end of this life of the object repeats so many pages at most. */
const MOST_PAGES = 10;
/** Of their texts. Parsed, they take some times as much memory, in each lane. */
const MOST_CHARACTERS = 1_000_000;
/** Where Graph takes its time, writing is done while it does: then few pages are written together. */
const LONGEST_MS = 250;

/** The page, perhaps asked for already. */
export async function taken(directory: Directory, request: PageRequest): Promise<Outcome> {
  const { ahead } = directory.memory;
  const known = ahead.get(request.url);
  ahead.delete(request.url);
  return known ?? askForPage(directory, request);
}

/** The page and those behind it that may be written with it. The page behind them has been asked for. */
export async function gather(directory: Directory, task: Task, first: Page): Promise<Gathered> {
  const until = directory.clock.now() + LONGEST_MS;
  let gathered: Gathered = { ...first, pages: 1, circle: task.circle, misled: misled(task, first) };
  // Reports and alerts have a pace to keep: each of their pages waits for its turn.
  if (RESOURCES[task.resource].mode === "window") return gathered;
  while (!gathered.misled && gathered.nextLink !== undefined) {
    await lookAhead(directory, task.resource, gathered.nextLink);
    const further = mayGrow(directory, task, { gathered, until }) && (await grown(directory, task, gathered));
    if (!further) {
      // What was asked for leaves with the end of this turn, and writing is a long one.
      await directory.clock.after(0).done;
      break;
    }
    gathered = further;
  }
  return gathered;
}

function mayGrow(
  { clock, memory }: Directory,
  task: Task,
  { gathered, until }: { readonly gathered: Gathered; readonly until: number },
): boolean {
  // What went wrong with a page must not be met again with others beside it.
  if (task.tries > 0 || memory.closed) return false;
  return gathered.pages < MOST_PAGES && gathered.characters < MOST_CHARACTERS && clock.now() < until;
}

/** With the page that its link leads to; undefined where that one is to be looked at by itself, in its turn. */
async function grown(directory: Directory, task: Task, before: Gathered): Promise<Gathered | undefined> {
  const { nextLink: url } = before;
  if (url === undefined || paceOf(directory, RESOURCES[task.resource].workload) > directory.clock.now())
    return undefined;
  const outcome = await taken(directory, { resource: task.resource, url, given: true });
  const further = outcome.kind === "page" ? joined(task, before, { url, page: outcome.page }) : undefined;
  if (!further) directory.memory.ahead.set(url, Promise.resolve(outcome));
  return further;
}

function misled(task: Task, { nextLink, deltaLink }: Page): TaskTrouble | undefined {
  if (nextLink !== undefined) return isCircle(task, nextLink) ? CIRCLE : undefined;
  return deltaLink === undefined && RESOURCES[task.resource].mode === "delta" ? NO_LINK : undefined;
}

function joined(
  task: Task,
  before: Gathered,
  { url, page }: { readonly url: string; readonly page: Page },
): Gathered | undefined {
  const trail = { ...task, url, ...passed(before, url) };
  const characters = before.characters + page.characters;
  if (characters > MOST_CHARACTERS || misled(trail, page)) return undefined;
  const items = [...before.items, ...page.items];
  return { ...page, items, characters, pages: before.pages + 1, circle: trail.circle, misled: undefined };
}

/** Asks for a page. Resolves once the request has left: what is written before that would hold it back until it is on disk. */
function lookAhead(directory: Directory, resource: ResourceName, url: string): Promise<void> {
  const { ahead } = directory.memory;
  return new Promise((left) => {
    if (ahead.has(url)) return left();
    const answer = askForPage(directory, { resource, url, given: true, left });
    // What goes wrong is heard by whoever takes it, if somebody does.
    answer.then(
      () => left(),
      () => left(),
    );
    ahead.set(url, answer);
  });
}

/** A link in a circle: asking again would lead there again. */
export const CIRCLE: TaskTrouble = { code: "page_circle", detail: "Microsoft Graph's links lead in a circle." };
const NO_LINK: TaskTrouble = { code: "page_unreadable", detail: "Microsoft Graph sent a page that leads nowhere." };
