/** Lets a run go on that was held because it would remove much. */
import type { Directory } from "../directory.ts";
import { failure } from "../../lib/errors.ts";
import { busyResources } from "./begin.ts";
import { findRun, type Run, saveRun, tasksOf } from "./records.ts";
import { release } from "./round.ts";

/** Approves a held run. Failures: `not_found`; `conflict` where it is not held, or another run is under way. */
export function approveRun(directory: Directory, id: string): Run {
  const { sql, clock } = directory;
  const run = findRun(sql, id);
  if (!run) throw failure("not_found", "There is no such run.");
  if (run.status !== "held")
    throw failure("conflict", `The run is not held: it is ${run.status}.`, { extra: { run_id: run.id } });
  const busy = busyResources(sql);
  const held = tasksOf(sql, run.r).filter(({ state }) => state === "held");
  const other = held.map(({ resource }) => busy.get(resource)).find((found) => found !== undefined);
  if (other)
    throw failure("conflict", "Another run reads the same. Approve when it has ended.", {
      extra: { run_id: other.id },
    });
  const approved: Run = { ...run, status: "running", endedAt: null, approvedAt: clock.now() };
  sql.transaction(() => {
    saveRun(sql, approved);
    for (const task of held) release(directory, task);
  });
  directory.wakeBy(clock.now());
  return approved;
}
