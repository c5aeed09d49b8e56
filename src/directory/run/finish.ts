/** Ends a run when none of its tasks can go on, and says how. */
import type { Directory } from "../directory.ts";
import { tellWatchers } from "../directory.ts";
import type { Sql } from "../store/sql.ts";
import { resourceState } from "../store/state.ts";
import { noteReadable } from "./refusal.ts";
import { type Run, type RunStatus, saveRun, type Task, tasksOf } from "./records.ts";

/** Writes the end of a run. Only a run whose every task was read and written to its end has succeeded. */
export function finishRun(directory: Directory, run: Run): Run {
  const { sql, clock, log } = directory;
  const tasks = tasksOf(sql, run.r);
  const ended = sql.transaction(() => {
    const finished: Run = { ...run, status: statusOf(sql, tasks), endedAt: clock.now() };
    saveRun(sql, finished);
    for (const { resource, state } of tasks)
      if (state === "done" || state === "held") noteReadable(directory, resource);
    return finished;
  });
  log[ended.status === "succeeded" ? "info" : "warn"]("directory run ended", {
    run: run.id,
    type: run.type,
    outcome: ended.status,
    took_ms: clock.now() - run.startedAt,
    ...Object.fromEntries(tasks.map((task) => [task.resource, summary(task)])),
  });
  tellWatchers(directory);
  return ended;
}

/** How a run stands by its tasks. */
function statusOf(sql: Sql, tasks: readonly Task[]): RunStatus {
  const has = (...states: Task["state"][]) => tasks.some(({ state }) => states.includes(state));
  if (has("held")) return "held";
  if (!has("refused", "incomplete", "failed") && !tasks.some((task) => falls(sql, task)))
    return has("done") ? "succeeded" : "failed";
  return has("done") ? "partial" : "failed";
}

/** True for a resource that was left out although it has been copied before: its copy falls behind. */
function falls(sql: Sql, { state, resource }: Task): boolean {
  const { readAt, watermark } = resourceState(sql, resource);
  return state === "skipped" && (readAt !== null || watermark !== null);
}

/** One task in a few words for the line in the log. */
function summary({ state, seen, written, removed, trouble }: Task): string {
  const why = trouble === undefined || state === "done" ? "" : ` ${trouble.providerCode ?? trouble.code}`;
  return `${state}${why}: ${seen} seen, ${written} written, ${removed} removed`;
}
