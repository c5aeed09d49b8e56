/** The schedule: cron expression → jobs, as a table. */
import type { AuditEvent } from "../connections/audit.ts";
import { Failure } from "../lib/errors.ts";
import { SYSTEM_OWNER, SYSTEMS } from "../lib/ids.ts";
import { openHouse, openSystem, type System } from "../system.ts";
import { announceExpiring } from "./announce-expiring.ts";
import { auditRetention } from "./audit-retention.ts";
import type { Job } from "./job.ts";
import { deliverEvents } from "./deliver-events.ts";
import { keepAlive } from "./keep-alive.ts";
import { purge } from "./purge.ts";
import { purgeEvents } from "./purge-events.ts";
import { refreshExpiring } from "./refresh-expiring.ts";
import { reseal } from "./reseal.ts";
import { retryRevocations } from "./retry-revocations.ts";
import { startTenantRuns } from "./start-tenant-runs.ts";

/** Which jobs each cron expression of wrangler.toml runs, in order. */
export const SCHEDULE: Readonly<Record<string, Readonly<Record<string, Job>>>> = {
  "*/15 * * * *": {
    refresh_expiring: refreshExpiring,
    keep_alive: keepAlive,
    purge,
    audit_retention: auditRetention,
    deliver_events: deliverEvents,
    purge_events: purgeEvents,
    retry_revocations: retryRevocations,
    announce_expiring: announceExpiring,
    reseal,
  },
  "*/5 * * * *": { start_tenant_runs: startTenantRuns },
};

/** Jobs for what belongs to no system: they run once, beside main's. */
const OF_NO_SYSTEM: ReadonlySet<Job> = new Set([startTenantRuns]);

/** Runs the jobs of a cron expression for both systems. `now`: ms since the epoch. A job that fails does not stop the next. */
export async function runJobs(cron: string, env: Env, now: number): Promise<void> {
  const house = openHouse(env);
  const jobs = SCHEDULE[cron];
  // wrangler.toml and the table have drifted apart: nothing would run, and nobody would know.
  if (!jobs) return house.log.error("unknown cron expression", { cron, known: Object.keys(SCHEDULE) });
  for (const name of SYSTEMS) {
    const system = openSystem(house, name);
    for (const [job, run] of Object.entries(jobs))
      if (name === "main" || !OF_NO_SYSTEM.has(run)) await runJob({ system, job, run, now });
  }
}

interface Run {
  readonly system: System;
  readonly job: string;
  readonly run: Job;
  readonly now: number;
}

async function runJob(run: Run): Promise<void> {
  const { system, job } = run;
  const started = Date.now();
  const line = () => ({ job, system: system.name, took_ms: Date.now() - started });
  try {
    const counts = await run.run(system, run.now);
    system.log.info("job", { ...line(), outcome: "ok", ...counts });
    await recordRun(run, { outcome: "ok", detail: counts });
  } catch (cause) {
    system.log.error("job", { ...line(), outcome: "failed", cause });
    const code = cause instanceof Failure ? cause.code : "internal";
    await recordRun(run, { outcome: "failed", failure: { code } });
  }
}

/** Jobs belong to nobody: their records are in the system's own trail. One that cannot be written stops no job. */
async function recordRun(
  { system, job }: Run,
  { detail, ...ended }: Pick<AuditEvent, "outcome" | "failure" | "detail">,
): Promise<void> {
  try {
    const event = { action: "job", actor: "latchkey", detail: { job, ...detail }, ...ended } as const;
    await system.keeper(SYSTEM_OWNER).note(event);
  } catch (cause) {
    system.log.warn("run of a job not recorded", { job, system: system.name, cause });
  }
}
