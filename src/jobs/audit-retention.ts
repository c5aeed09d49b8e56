/** Removes audit records and counters that are older than the operator keeps them. Consents are kept. */
import { dayOf } from "../db/counters.ts";
import type { System } from "../system.ts";
import type { Job } from "./job.ts";

/** The owner up to whom counters were looked at, in job_state. */
const STATE = "counter_retention";
const DAY_MS = 86_400_000;
/** What a tick leaves over, the next one takes. */
const MOST_OWNERS = 20;
const MOST_PER_OWNER = 1_000;
const MOST_UNCHAINED = 500;
const MOST_COUNTED_OWNERS = 200;

/** Shortens the trail to AUDIT_RETENTION_DAYS. Each chain keeps an anchor, so that what is left can be verified. */
export const auditRetention: Job = async (system, now) => {
  const { config, retention } = system;
  const before = now - config.auditRetentionDays * DAY_MS;
  let records = 0;
  const owners = await retention.owners(before, MOST_OWNERS);
  for (const owner of owners) records += await retention.shorten(owner, before, MOST_PER_OWNER);
  return {
    owners: owners.length,
    records: records + (await retention.purgeUnchained(before, MOST_UNCHAINED)),
    counters: await purgeCounters(system, before, now),
  };
};

async function purgeCounters({ retention, jobState }: System, before: number, now: number): Promise<number> {
  const known = (await jobState.get(STATE))?.["after"];
  const after = typeof known === "string" ? known : "";
  const { removed, last } = await retention.purgeCounters({ day: dayOf(before), after, owners: MOST_COUNTED_OWNERS });
  await jobState.put(STATE, { after: last }, now);
  return removed;
}
