/** A run as it goes on, for whoever watches it. */
import type { Directory } from "../directory.ts";
import { failure } from "../../lib/errors.ts";
import { findRun } from "./records.ts";
import { showRun, type ShownRun, versionOf } from "./show.ts";

/** How a run stands, and what tells it from how it stood before. */
export interface RunProgress {
  readonly version: number;
  readonly ended: boolean;
  readonly run: ShownRun;
}

/** The run as it stands when it has come beyond `since`, or after `waitMs`. Failure: `not_found`. */
export async function runProgress(
  directory: Directory,
  { id, since, waitMs }: { readonly id: string; readonly since: number | undefined; readonly waitMs: number },
): Promise<RunProgress> {
  const { clock, memory } = directory;
  const until = clock.now() + waitMs;
  for (;;) {
    const progress = standing(directory, id);
    if (progress.ended || progress.version !== since || clock.now() >= until) return progress;
    const timer = clock.after(until - clock.now());
    let wake: () => void = () => undefined;
    const further = new Promise<void>((resolve) => (wake = resolve));
    memory.watchers.add(wake);
    await Promise.race([further, timer.done]);
    timer.cancel();
    memory.watchers.delete(wake);
  }
}

function standing({ sql, clock, memory }: Directory, id: string): RunProgress {
  const run = memory.closed ? undefined : findRun(sql, id);
  if (!run) throw failure("not_found", "There is no such run.");
  return { version: versionOf(sql, run), ended: run.status !== "running", run: showRun(sql, run, clock.now()) };
}
