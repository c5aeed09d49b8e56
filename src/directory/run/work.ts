/**
 * The work of one alarm: every lane of the running run goes on, page by page, until the time is spent or nothing can be
 * done now. Lanes run beside each other, so a workload that throttles stops no other; within a lane, one page at a time.
 */
import type { Directory } from "../directory.ts";
import { type ResourceName, RESOURCES } from "../resources.ts";
import { readState, writeState } from "../store/state.ts";
import { purge } from "../write/removal.ts";
import { paceOf } from "./pace.ts";
import { describe } from "./describe.ts";
import { finishRun } from "./finish.ts";
import { forgetRuns, type Run, runningRun, type Task, tasksOf } from "./records.ts";
import { step } from "./step.ts";

/** What must not run beside each other: an order (sign-in activity is of users that are known) or a common limit. */
const LANES: readonly (readonly ResourceName[])[] = [
  ["users", "sign_in_activity", "licences"],
  ["groups"],
  ["devices"],
  ["managed_devices"],
  ["sign_ins", "directory_audits"],
  ["alerts"],
];

/** An alarm may take 15 minutes and 30 s of CPU; writing is most of it. */
const BUDGET_MS = 20_000;
/** A wait up to this long is waited for; a longer one is left to the next alarm. */
const SHORT_WAIT_MS = 3_000;
const DAY_MS = 86_400_000;
const RUNS_KEPT_MS = 90 * DAY_MS;
const AFTER_DEFECT_MS = 30_000;
const PURGED_AT_ONCE = 5_000;

/** Does what is due, and asks for the next alarm. Never throws: an alarm that fails six times would be dropped. */
export async function work(directory: Directory): Promise<void> {
  try {
    const run = runningRun(directory.sql);
    if (run) await goOn(directory, run);
    else tidy(directory);
  } catch (cause) {
    if (directory.memory.closed) return;
    directory.log.error("directory work failed", { reason: describe(cause), cause });
    directory.wakeBy(directory.clock.now() + AFTER_DEFECT_MS);
  }
}

async function goOn(directory: Directory, run: Run): Promise<void> {
  const { sql, clock } = directory;
  const deadline = clock.now() + (directory.budgetMs ?? BUDGET_MS);
  await Promise.all(LANES.map((lane) => goOnLane(directory, { run, lane, deadline })));
  directory.memory.ahead.clear();
  if (directory.memory.closed) return;
  const tasks = tasksOf(sql, run.r);
  // Of a lane the first task alone can go on: whoever waits behind it has nothing to be woken for.
  const open = LANES.flatMap((lane) => firstOpen(lane, tasks) ?? []);
  if (open.length === 0) {
    finishRun(directory, run);
    return directory.wakeBy(clock.now());
  }
  directory.wakeBy(Math.max(clock.now(), Math.min(...open.map((task) => dueOf(directory, task)))));
}

function firstOpen(lane: readonly ResourceName[], tasks: readonly Task[]): Task | undefined {
  return lane
    .map((name) => tasks.find(({ resource }) => resource === name))
    .find((found) => found !== undefined && isOpen(found));
}

async function goOnLane(
  directory: Directory,
  { run, lane, deadline }: { readonly run: Run; readonly lane: readonly ResourceName[]; readonly deadline: number },
): Promise<void> {
  const { sql, clock, memory } = directory;
  while (!memory.closed && clock.now() < deadline) {
    const task = firstOpen(lane, tasksOf(sql, run.r));
    if (!task) return;
    const wait = dueOf(directory, task) - clock.now();
    if (wait > SHORT_WAIT_MS) return;
    if (wait > 0) await clock.after(wait).done;
    else await step(directory, task);
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
