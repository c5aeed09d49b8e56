/** Renews what is in use before it dies, so that nobody waits for it. */
import type { Job } from "./job.ts";
import { planRefreshes } from "./plan-refreshes.ts";

const DAY_MS = 86_400_000;
const SOON_MS = 20 * 60_000;
/** What a tick leaves over, the next one takes: the soonest to die come first. */
const MOST_PER_TICK = 2_000;
/** Spread over this long at most, and always well before the token dies. */
const SPREAD_MS = 10 * 60_000;

/** Plans a refresh of every connection used in the last day whose token dies within 20 minutes. */
export const refreshExpiring: Job = async (system, now) => {
  const due = await system.schedule.expiring({
    now,
    usedAfter: now - DAY_MS,
    expiresBefore: now + SOON_MS,
    limit: MOST_PER_TICK,
  });
  const planned = await planRefreshes(system, due, ({ tokenExpiresAt }) => {
    const left = Math.max(0, (tokenExpiresAt ?? now) - now);
    return now + Math.random() * Math.min(SPREAD_MS, left / 2);
  });
  return { due: due.length, planned };
};
