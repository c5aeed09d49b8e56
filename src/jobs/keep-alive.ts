/** Shows refresh tokens that nobody has used for long, before they die of it. */
import { configuredProviders } from "../providers/index.ts";
import type { Job } from "./job.ts";
import { planRefreshes } from "./plan-refreshes.ts";

const MOST_PER_TICK = 200;
const SPREAD_MS = 12 * 60_000;

/** Plans a refresh of every connection whose refresh token has been idle for long, well before it would die of it. */
export const keepAlive: Job = async (system, now) => {
  let [found, planned] = [0, 0];
  for (const id of configuredProviders(system.config)) {
    const { keepAliveMs } = system.provider(id).refreshTokens;
    if (keepAliveMs === undefined) continue;
    const due = await system.schedule.idle({ renewedBefore: now - keepAliveMs, provider: id, limit: MOST_PER_TICK });
    found += due.length;
    planned += await planRefreshes(system, due, () => now + Math.random() * SPREAD_MS);
  }
  return { due: found, planned };
};
