/** Removes events that nothing is left to do for. */
import type { Job } from "./job.ts";

const DAY_MS = 86_400_000;
const KEEP_MS = 30 * DAY_MS;
const MOST_PER_TICK = 2_000;

/** Removes events 30 days after they happened, delivered or given up. */
export const purgeEvents: Job = async (system, now) => ({
  events: await system.events.purge(now - KEEP_MS, MOST_PER_TICK),
});
