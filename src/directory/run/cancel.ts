/** Ends a run that somebody does not want to wait for any longer. What was written stays; the next run goes on from the links. */
import type { Directory } from "../directory.ts";
import { failure } from "../../lib/errors.ts";
import { finishRun } from "./finish.ts";
import { findRun, type Run, saveTask, tasksOf } from "./records.ts";

/** Cancels a run that is under way. Failures: `not_found`; `conflict` where it has ended. */
export function cancelRun(directory: Directory, id: string): Run {
  const { sql, clock } = directory;
  const run = findRun(sql, id);
  if (!run) throw failure("not_found", "There is no such run.");
  if (run.status !== "running")
    throw failure("conflict", `The run has ended: it is ${run.status}.`, { extra: { run_id: run.id } });
  const trouble = { code: "cancelled", detail: "The run was cancelled." };
  for (const { url: _page, ...task } of tasksOf(sql, run.r))
    if (task.state === "open" || task.state === "removing")
      saveTask(sql, { ...task, state: "failed", trouble, endedAt: clock.now() });
  return finishRun(directory, run);
}
