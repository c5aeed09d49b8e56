/** Shows refresh tokens that nobody has used for long, before they die of it. */
import type { Job } from "./job.ts";
import { planRefreshes } from "./plan-refreshes.ts";

const MOST_PER_TICK = 200;
const SPREAD_MS = 12 * 60_000;
/** Of the time after which a refresh token dies unused. */
const SHARE = 2 / 3;

/** Plans a refresh of every connection whose refresh token has been idle for two thirds of what it bears. */
export const keepAlive: Job = async (system, now) => {
  const provider = system.provider("microsoft");
  if (provider.refreshTokenIdleMs === undefined) return { due: 0, planned: 0 };
  const renewedBefore = now - provider.refreshTokenIdleMs * SHARE;
  const due = await system.schedule.idle({ renewedBefore, provider: provider.id, limit: MOST_PER_TICK });
  const planned = await planRefreshes(system, due, () => now + Math.random() * SPREAD_MS);
  return { due: due.length, planned };
};
