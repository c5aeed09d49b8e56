/**
 * The work of one alarm: every lane of the runs under way goes on, page by page, until the time is spent or nothing can be
 * done now. Lanes run beside each other, so a workload that throttles stops no other; within a lane, one page at a time.
 */
import type { Directory } from "../directory.ts";
import { type ResourceName, RESOURCES } from "../resources.ts";
import { readState, writeState } from "../store/state.ts";
import { purge } from "../write/removal.ts";
import { paceOf } from "./pace.ts";
import { describe } from "./describe.ts";
import { finishRun } from "./finish.ts";
import { forgetRuns } from "./forget-runs.ts";
import { openTasks, runningRuns, type Task } from "./records.ts";
import { step } from "./step.ts";

/**
 * Resources of one lane do not run beside each other: they have a common limit, or an order (sign-in activity is of users
 * that are known). Not ordered: the first that is due goes on, so one that has to wait holds no other.
 */
interface Lane {
  readonly resources: readonly ResourceName[];
  readonly ordered: boolean;
}

const LANES: readonly Lane[] = [
  { resources: ["users", "sign_in_activity", "licences"], ordered: true },
  { resources: ["groups"], ordered: true },
  // A record of Intune's that comes before its device has a row of its own, which is written again when the device comes.
  { resources: ["devices", "managed_devices"], ordered: false },
  { resources: ["sign_ins", "directory_audits"], ordered: false },
  { resources: ["alerts"], ordered: true },
];

/** An alarm may take 15 minutes and 30 s of CPU; writing is most of it. */
const BUDGET_MS = 20_000;
/** A wait up to this long is waited for; a longer one is left to the next alarm. */
const SHORT_WAIT_MS = 3_000;
const DAY_MS = 86_400_000;
const RUNS_KEPT_MS = 90 * DAY_MS;
const AFTER_DEFECT_MS = 30_000;
const LONGEST_AFTER_DEFECT_MS = 60 * 60_000;
const PURGED_AT_ONCE = 5_000;

/** Does what is due, and asks for the next alarm. Never throws: an alarm that fails six times would be dropped. */
export async function work(directory: Directory): Promise<void> {
  const { sql, memory, clock, log } = directory;
  try {
    if (runningRuns(sql).length > 0) await goOn(directory);
    else tidy(directory);
    memory.defects = 0;
  } catch (cause) {
    if (memory.closed) return;
    memory.defects += 1;
    log.error("directory work failed", { reason: describe(cause), in_a_row: memory.defects, cause });
    directory.wakeBy(clock.now() + Math.min(LONGEST_AFTER_DEFECT_MS, AFTER_DEFECT_MS * 2 ** (memory.defects - 1)));
  }
}

async function goOn(directory: Directory): Promise<void> {
  const { clock, memory } = directory;
  const deadline = clock.now() + (directory.budgetMs ?? BUDGET_MS);
  const lanes = await Promise.allSettled(LANES.map((lane) => goOnLane(directory, lane, deadline)));
  memory.ahead.clear();
  if (memory.closed) return;
  // One that broke off must not leave the others going on behind the alarm.
  const broken = lanes.find((lane) => lane.status === "rejected");
  if (broken) throw broken.reason;
  finishEnded(directory);
  wakeForOpen(directory);
}

/** Asks to be woken for what can go on next; where nothing is left, for tidying. */
export function wakeForOpen(directory: Directory): void {
  const { sql, clock } = directory;
  const tasks = openTasks(sql);
  // Of an ordered lane the first task alone can go on: whoever waits behind it has nothing to be woken for.
  const next = LANES.flatMap((lane) => nextOf(directory, lane, tasks) ?? []);
  const soonest = next.length === 0 ? 0 : Math.min(...next.map((task) => dueOf(directory, task)));
  directory.wakeBy(Math.max(clock.now(), soonest));
}

function finishEnded(directory: Directory): void {
  const open = new Set(openTasks(directory.sql).map(({ r }) => r));
  for (const run of runningRuns(directory.sql)) if (!open.has(run.r)) finishRun(directory, run);
}

function nextOf(directory: Directory, { resources, ordered }: Lane, tasks: readonly Task[]): Task | undefined {
  const waiting = resources.flatMap((name) => tasks.find(({ resource }) => resource === name) ?? []);
  return ordered ? waiting[0] : waiting.toSorted((a, b) => dueOf(directory, a) - dueOf(directory, b))[0];
}

async function goOnLane(directory: Directory, lane: Lane, deadline: number): Promise<void> {
  const { sql, clock, memory } = directory;
  while (!memory.closed && clock.now() < deadline) {
    const task = nextOf(directory, lane, openTasks(sql));
    if (!task) return;
    const wait = dueOf(directory, task) - clock.now();
    if (wait > SHORT_WAIT_MS) return;
    if (wait > 0) await clock.after(wait).done;
    else if (!isOpen(await step(directory, task)) && !memory.closed) finishEnded(directory);
  }
}

function isOpen({ state }: Task): boolean {
  return state === "open" || state === "removing";
}

/** When a task may go on, ms. */
function dueOf(directory: Directory, task: Task): number {
  if (task.state === "removing") return task.dueAt;
  return Math.max(task.dueAt, paceOf(directory, RESOURCES[task.resource].workload));
}

/** Between runs, once a day: what is too old to be kept goes, a part at a time. */
function tidy(directory: Directory): void {
  const { sql, clock } = directory;
  const now = clock.now();
  const last = readState(sql, "purged_at");
  if (typeof last === "number" && now - last < DAY_MS) return directory.wakeBy(last + DAY_MS);
  const { left } = sql.transaction(() => {
    forgetRuns(sql, now - RUNS_KEPT_MS);
    return purge(sql, now, PURGED_AT_ONCE);
  });
  if (left) return directory.wakeBy(now + 1_000);
  writeState(sql, "purged_at", now);
  directory.wakeBy(now + DAY_MS);
}
