/** What a task does when it does not get its page: waits, begins over, goes on without an option, or ends. */
import type { Directory } from "../directory.ts";
import { type Resource, RESOURCES } from "../resources.ts";
import { changeResource, resourceState } from "../store/state.ts";
import { clearMarks } from "../write/removal.ts";
import type { Outcome } from "./outcome.ts";
import { lineOf } from "./mend.ts";
import { openTasks, saveTask, type Task, type TaskTrouble } from "./records.ts";
import { rest } from "./pace.ts";
import { noteRefusal } from "./refusal.ts";
import { REMOVES } from "./round.ts";
import { setAside } from "./set-aside.ts";
import { beyond, halved } from "./window.ts";

const SECOND_MS = 1_000;
const HOUR_MS = 3_600_000;
/** A provider that is silent or throttles for longer than this is given up for this run; the next one tries again. */
const SILENT_FOR_MS = 36 * HOUR_MS;
const LONGEST_PAUSE_MS = 15 * 60 * SECOND_MS;
/** Nobody is believed who wants to be left alone for longer. */
const LONGEST_ASKED_MS = HOUR_MS;
const SHORTEST_PAUSE_MS = 2 * SECOND_MS;
const THROTTLED_PAUSE_MS = 10 * SECOND_MS;
/** A page is tried so often, with these pauses between, before it is set aside. */
const TRIES = 5;
const PAUSES_MS = [2, 10, 60, 300].map((seconds) => seconds * SECOND_MS);
const MOST_RESTARTS = 3;

/** Waits as long as Graph asks, or longer each time where it says nothing. Others of the same workload wait as well. */
export function wait(
  directory: Directory,
  task: Task,
  { why, retryAfterS, trouble }: Extract<Outcome, { kind: "wait" }>,
): Task {
  const { sql, clock } = directory;
  const now = clock.now();
  const silentSince = task.silentSince ?? now;
  if (now - silentSince > SILENT_FOR_MS) return ended(directory, task, { state: "failed", trouble });
  const grown = Math.min(LONGEST_PAUSE_MS, Math.max(SHORTEST_PAUSE_MS, (now - silentSince) / 2));
  const asked = retryAfterS === undefined ? undefined : Math.min(LONGEST_ASKED_MS, retryAfterS * SECOND_MS);
  // Who has given nothing for long is not asked every few seconds; throttling alone is taken at its word.
  const usual = why === "throttled" ? (asked ?? Math.max(THROTTLED_PAUSE_MS, grown)) : Math.max(asked ?? 0, grown);
  const pause = Math.ceil(usual * (1 + directory.random() / 10));
  // A window that is throttled, or not answered, again and again asks for too much at once.
  const smaller = task.window && task.waits % 3 === 2 ? halved(task, HOUR_MS) : undefined;
  const waiting: Task = {
    ...(smaller ?? task),
    silentSince,
    trouble,
    dueAt: now + pause,
    waits: task.waits + 1,
    waitedMs: task.waitedMs + pause,
  };
  if (task.silentSince === undefined) directory.log.warn("directory waits", lineOf(directory, waiting));
  if (why === "throttled") rest(directory, RESOURCES[task.resource].workload, now + pause);
  return saveTask(sql, waiting);
}

/** The link is gone: everything of the resource is read, and the run says so. */
export function restart(directory: Directory, task: Task, trouble: TaskTrouble): Task {
  const { sql } = directory;
  // A window whose pages outlive their links is too long.
  const smaller = task.window && halved(task);
  if (smaller) return saveTask(sql, { ...smaller, tries: 0, dueAt: 0 });
  if (task.restarts >= MOST_RESTARTS) return ended(directory, task, { state: "failed", trouble });
  const { mode } = RESOURCES[task.resource];
  directory.log.warn("directory reading begun over", lineOf(directory, { ...task, trouble }));
  return sql.transaction(() => {
    const { url: _gone, circle: _links, total: _count, ...kept } = task;
    const over = { ...kept, restarts: task.restarts + 1, tries: 0, dueAt: 0 };
    // A log's window is asked for again; nothing of what was read is lost.
    if (mode === "window") return saveTask(sql, over);
    if (mode === "delta") changeResource(sql, task.resource, { link: null });
    for (const kind of REMOVES[task.resource]) clearMarks(sql, kind);
    const fellBack = mode === "delta" && task.round !== "full" ? { fellBack: true } : {};
    return saveTask(sql, { ...over, round: mode === "delta" ? "full" : task.round, setAside: 0, ...fellBack });
  });
}

/** A page that fails for a reason of its own is tried five times, then set aside. The rest goes on. */
export function retrySpoiled(directory: Directory, task: Task, trouble: TaskTrouble): Task {
  const { sql, clock } = directory;
  const tries = task.tries + 1;
  const pause = PAUSES_MS[tries - 1];
  if (tries < TRIES && pause !== undefined) {
    const waiting = { ...task, tries, trouble, dueAt: clock.now() + pause };
    if (tries === 1) directory.log.warn("directory page tried again", lineOf(directory, waiting));
    return saveTask(sql, { ...waiting, waits: task.waits + 1, waitedMs: task.waitedMs + pause });
  }
  const reason = `${trouble.detail} (${trouble.providerCode ?? trouble.code})`;
  directory.log.error("directory page set aside", lineOf(directory, { ...task, trouble }));
  return sql.transaction(() => {
    const smaller = task.window && halved(task);
    if (smaller) return saveTask(sql, { ...smaller, tries: 0, dueAt: 0 });
    setAside(sql, task, { now: clock.now(), items: [{ id: undefined, reason }] });
    const without = { ...task, setAside: task.setAside + 1, tries: 0, dueAt: 0 };
    const onwards = beyond(without);
    if (onwards) return saveTask(sql, onwards);
    const { poisoned } = resourceState(sql, task.resource);
    // A link behind which the same page waits again is of no use: then everything is read.
    changeResource(sql, task.resource, { poisoned: poisoned + 1, ...(poisoned > 0 ? { link: null } : {}) });
    return ended(directory, without, { state: "incomplete", trouble });
  });
}

/** Graph will not have it: once more without what may be the reason, else the task ends and the capability is noted. */
export function refuse(
  directory: Directory,
  task: Task,
  { status, trouble }: Extract<Outcome, { kind: "refused" }>,
): Task {
  const option = status === 400 ? optionToDrop(task) : undefined;
  if (option !== undefined) return withoutOption(directory, task, option);
  // Together: a refusal that is noted while its task is not ended would be an old one when it is met again.
  return directory.sql.transaction(() => {
    const known = noteRefusal(directory, task.resource, { status, trouble });
    return ended(directory, task, { state: known.expected ? "skipped" : "refused", trouble: known.trouble });
  });
}

/** The object's database has room for the directory, but no longer for more of the logs. */
export function outOfRoom(directory: Directory, task: Task): Task {
  const detail = "The copy has no room for more of the logs.";
  return ended(directory, task, { state: "failed", trouble: { code: "storage_full", detail } });
}

/** The application itself is refused: no task can go on. */
export function stop(directory: Directory, task: Task, trouble: TaskTrouble): Task {
  directory.log.error("directory run stopped", lineOf(directory, { ...task, trouble }));
  for (const other of openTasks(directory.sql))
    if (other.state === "open" && (other.r !== task.r || other.resource !== task.resource))
      ended(directory, other, { state: "failed", trouble });
  return ended(directory, task, { state: "failed", trouble });
}

function ended({ sql, clock }: Directory, task: Task, { state, trouble }: Ending): Task {
  const { url: _page, ...kept } = task;
  return saveTask(sql, { ...kept, state, trouble, endedAt: clock.now() });
}

type Ending = Required<Pick<Task, "state" | "trouble">>;

/** Asks once more as before, then without the option; what was to be filtered is then read whole. */
function withoutOption({ sql, clock }: Directory, task: Task, option: string): Task {
  const again = { ...task, dueAt: clock.now() + SHORTEST_PAUSE_MS };
  if (task.tries === 0) return saveTask(sql, { ...again, tries: 1 });
  const without = [...(task.without ?? []), option];
  if (option === "$filter") for (const kind of REMOVES[task.resource]) clearMarks(sql, kind);
  return saveTask(sql, { ...again, tries: 0, without, ...(option === "$filter" ? { round: "full" as const } : {}) });
}

/** Some tenants and versions refuse an option that others take; none of these is worth the reading. */
function optionToDrop({ resource, url, round, without = [] }: Task): string | undefined {
  const { mode, top }: Resource = RESOURCES[resource];
  if (url !== undefined || (mode === "delta" && round !== "full")) return undefined;
  const options = [
    ...(resource === "groups" ? ["owners"] : []),
    ...(top === undefined ? [] : ["$top"]),
    ...(mode === "sweep" && round !== "full" ? ["$filter"] : []),
  ];
  return options.find((option) => !without.includes(option));
}
