/** What a scheduled job is. */
import type { System } from "../system.ts";

/** Counts for the log line of a run. */
export type JobCounts = Readonly<Record<string, number>>;

/** A job: idempotent, bounded, and free to be stopped anywhere and run again. `now`: ms since the epoch. */
export type Job = (system: System, now: number) => Promise<JobCounts>;
