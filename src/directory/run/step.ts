/**
 * A few pages of one task: asked for, written and passed in one transaction with the cursor to the next, so that whatever
 * ends this life of the object repeats those at most and loses none.
 */
import type { Directory } from "../directory.ts";
import { tellWatchers } from "../directory.ts";
import { RESOURCES } from "../resources.ts";
import { resourceState } from "../store/state.ts";
import { WRITERS } from "../write/writers.ts";
import { addressFor, countAddress } from "./address.ts";
import { CIRCLE, gather, type Gathered, taken } from "./ahead.ts";
import { countObjects } from "./ask.ts";
import { passed } from "./circle.ts";
import { describe } from "./describe.ts";
import type { Outcome } from "./outcome.ts";
import { findTask, saveTask, type Task } from "./records.ts";
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
  const read = outcome.kind === "page" ? await gather(directory, { ...task, url }, outcome.page) : outcome;
  if (directory.memory.closed) return task;
  // Meanwhile the run may have been stopped; nothing is awaited from here on.
  const current = findTask(directory.sql, task);
  if (current?.version !== task.version || current.state !== "open") return current ?? task;
  return "items" in read ? keep(directory, { ...task, url }, read) : unread(directory, task, read);
}

function unread(directory: Directory, task: Task, outcome: Exclude<Outcome, { kind: "page" }>): Task {
  switch (outcome.kind) {
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

function keep(directory: Directory, task: Task, page: Gathered): Task {
  const { misled } = page;
  // A circle is one however often it is walked.
  const last = misled === CIRCLE ? { tries: Number.MAX_SAFE_INTEGER } : {};
  if (misled) return retrySpoiled(directory, { ...task, ...last }, misled);
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

function written(directory: Directory, task: Task, page: Gathered): Task {
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
    pages: task.pages + page.pages,
    seen: task.seen + result.seen,
    written: task.written + result.written,
    setAside: task.setAside + result.setAside.length,
  };
  if (page.nextLink !== undefined)
    return saveTask(sql, { ...further, url: page.nextLink, ...passed(page, page.nextLink) });
  return endRound(directory, further, page.deltaLink ?? null);
}
