/** Removes rows that have been dead for long. Unfinished sign-ins are purged by their keeper's own alarm. */
import type { Job } from "./job.ts";

const DAY_MS = 86_400_000;
const KEEP_REVOKED_MS = 30 * DAY_MS;
const MOST_PER_TICK = 500;

/** Removes revoked rows after 30 days. */
export const purge: Job = async (system, now) => ({
  rows: await system.schedule.purgeRevoked(now - KEEP_REVOKED_MS, MOST_PER_TICK),
});
