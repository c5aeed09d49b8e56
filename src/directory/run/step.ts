/**
 * One page of one task: asked for, written and passed in one transaction with the cursor to the next, so that whatever
 * ends this life of the object repeats at most one page and loses none. The next page is asked for while this one is
 * written.
 */
import type { Directory } from "../directory.ts";
import { tellWatchers } from "../directory.ts";
import { RESOURCES } from "../resources.ts";
import { resourceState } from "../store/state.ts";
import { WRITERS } from "../write/writers.ts";
import { addressFor, countAddress } from "./address.ts";
import { askForPage, countObjects, type PageRequest } from "./ask.ts";
import { isCircle, passed } from "./circle.ts";
import { describe } from "./describe.ts";
import type { Outcome, Page } from "./outcome.ts";
import { findTask, saveTask, type Task, type TaskTrouble } from "./records.ts";
import { endRound, removeSome } from "./round.ts";
import { setAside } from "./set-aside.ts";
import { outOfRoom, refuse, restart, retrySpoiled, stop, wait } from "./trouble.ts";
import { MOST_BYTES } from "./window.ts";

/** Takes a task one page further. Gives the task as it stands then. */
export async function step(directory: Directory, task: Task): Promise<Task> {
  const after = task.state === "removing" ? removeSome(directory, task) : await readPage(directory, task);
  tellWatchers(directory);
  return after;
}

async function readPage(directory: Directory, begun: Task): Promise<Task> {
  if (RESOURCES[begun.resource].mode === "window" && directory.sql.size() > MOST_BYTES)
    return outOfRoom(directory, begun);
  const task = await counted(directory, begun);
  const { url, given } = addressFor(directory.graphUrl, task, resourceState(directory.sql, task.resource));
  const outcome = await taken(directory, { resource: task.resource, url, given });
  if (directory.memory.closed) return task;
  // Meanwhile the run may have been stopped; nothing is awaited from here on.
  const current = findTask(directory.sql, task);
  if (current?.version !== task.version || current.state !== "open") return current ?? task;
  switch (outcome.kind) {
    case "page":
      return keep(directory, { ...task, url }, outcome.page);
    case "reset":
      return restart(directory, task, outcome.trouble);
    case "wait":
      return wait(directory, task, outcome);
    case "refused":
      return refuse(directory, task, outcome);
    case "spoiled":
      return retrySpoiled(directory, task, outcome.trouble);
    case "stopped":
      return stop(directory, task, outcome.trouble);
  }
}

/** The first step of a reading asks how many there will be, for the estimate alone: whatever comes of it, the task goes on. */
async function counted(directory: Directory, task: Task): Promise<Task> {
  if (task.startedAt !== undefined) return task;
  const started = { ...task, startedAt: directory.clock.now() };
  const address = task.round === "full" ? countAddress(directory.graphUrl, task) : undefined;
  if (address === undefined) return started;
  const count = await countObjects(directory, task.resource, address);
  return count === undefined ? started : { ...started, total: count };
}

/** The page, perhaps asked for already. */
async function taken(directory: Directory, request: PageRequest): Promise<Outcome> {
  const { ahead } = directory.memory;
  const known = ahead.get(request.url);
  ahead.delete(request.url);
  return known ?? askForPage(directory, request);
}

/** Asks for the page after this one. Reports and alerts have a pace to keep, so theirs wait for their turn. */
function lookAhead(directory: Directory, { resource }: Task, url: string | undefined): void {
  if (url === undefined || RESOURCES[resource].mode === "window") return;
  const { ahead } = directory.memory;
  const answer = askForPage(directory, { resource, url, given: true });
  // What goes wrong is heard by whoever takes it, if somebody does.
  answer.catch(() => undefined);
  ahead.set(url, answer);
}

function keep(directory: Directory, task: Task, page: Page): Task {
  const next = page.nextLink;
  if (next !== undefined && isCircle(task, next)) {
    return retrySpoiled(directory, { ...task, tries: Number.MAX_SAFE_INTEGER }, CIRCLE);
  }
  if (page.deltaLink === undefined && next === undefined && RESOURCES[task.resource].mode === "delta")
    return retrySpoiled(directory, task, NO_LINK);
  lookAhead(directory, task, next);
  try {
    return directory.sql.transaction(() => written(directory, task, page));
  } catch (cause) {
    directory.memory.ahead.clear();
    directory.log.error("directory page not written", { resource: task.resource, cause });
    return retrySpoiled(directory, task, {
      code: "page_not_written",
      detail: `The page could not be written: ${describe(cause)}`,
    });
  }
}

function written(directory: Directory, task: Task, page: Page): Task {
  const { sql, clock } = directory;
  const now = clock.now();
  const result = WRITERS[task.resource](sql, {
    items: page.items,
    now,
    full: task.round === "full",
    history: resourceState(sql, task.resource).history_from !== null,
  });
  setAside(sql, task, { now, items: result.setAside });
  const { trouble: _mended, silentSince: _heard, url: _read, ...rest } = task;
  const further: Task = {
    ...rest,
    dueAt: 0,
    tries: 0,
    pages: task.pages + 1,
    seen: task.seen + result.seen,
    written: task.written + result.written,
    setAside: task.setAside + result.setAside.length,
  };
  if (page.nextLink !== undefined)
    return saveTask(sql, { ...further, url: page.nextLink, ...passed(task, page.nextLink) });
  return endRound(directory, further, page.deltaLink ?? null);
}

const CIRCLE: TaskTrouble = { code: "page_circle", detail: "Microsoft Graph's links lead in a circle." };
const NO_LINK: TaskTrouble = { code: "page_unreadable", detail: "Microsoft Graph sent a page that leads nowhere." };
