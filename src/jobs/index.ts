/** The schedule: cron expression → jobs, as a table. */
import { SYSTEMS } from "../lib/ids.ts";
import { openHouse, openSystem, type System } from "../system.ts";
import type { Job } from "./job.ts";
import { deliverEvents } from "./deliver-events.ts";
import { keepAlive } from "./keep-alive.ts";
import { purge } from "./purge.ts";
import { purgeEvents } from "./purge-events.ts";
import { refreshExpiring } from "./refresh-expiring.ts";

/** Which jobs each cron expression of wrangler.toml runs, in order. */
export const SCHEDULE: Readonly<Record<string, Readonly<Record<string, Job>>>> = {
  "*/15 * * * *": {
    refresh_expiring: refreshExpiring,
    keep_alive: keepAlive,
    purge,
    deliver_events: deliverEvents,
    purge_events: purgeEvents,
  },
};

/** Runs the jobs of a cron expression for both systems. `now`: ms since the epoch. A job that fails does not stop the next. */
export async function runJobs(cron: string, env: Env, now: number): Promise<void> {
  const house = openHouse(env);
  const jobs = SCHEDULE[cron];
  // wrangler.toml and the table have drifted apart: nothing would run, and nobody would know.
  if (!jobs) return house.log.error("unknown cron expression", { cron, known: Object.keys(SCHEDULE) });
  for (const name of SYSTEMS) {
    const system = openSystem(house, name);
    for (const [job, run] of Object.entries(jobs)) await runJob({ system, job, run, now });
  }
}

async function runJob({
  system,
  job,
  run,
  now,
}: {
  system: System;
  job: string;
  run: Job;
  now: number;
}): Promise<void> {
  const started = Date.now();
  try {
    const counts = await run(system, now);
    system.log.info("job", { job, system: system.name, outcome: "ok", ...counts, took_ms: Date.now() - started });
  } catch (cause) {
    system.log.error("job", { job, system: system.name, outcome: "failed", cause, took_ms: Date.now() - started });
  }
}
