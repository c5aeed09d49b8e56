/** Removes audit records and counters that are older than the operator keeps them. Consents are kept. */
import { dayOf } from "../db/counters.ts";
import type { Job } from "./job.ts";

const DAY_MS = 86_400_000;
/** What a tick leaves over, the next one takes. */
const MOST_OWNERS = 20;
const MOST_PER_OWNER = 1_000;
const MOST_UNCHAINED = 500;
const MOST_COUNTED_OWNERS = 200;

/** Shortens the trail to AUDIT_RETENTION_DAYS. Each chain keeps an anchor, so that what is left can be verified. */
export const auditRetention: Job = async ({ config, retention }, now) => {
  const before = now - config.auditRetentionDays * DAY_MS;
  let records = 0;
  const owners = await retention.owners(before, MOST_OWNERS);
  for (const owner of owners) records += await retention.shorten(owner, before, MOST_PER_OWNER);
  return {
    owners: owners.length,
    records: records + (await retention.purgeUnchained(before, MOST_UNCHAINED)),
    counters: await retention.purgeCounters(dayOf(before), MOST_COUNTED_OWNERS),
  };
};
