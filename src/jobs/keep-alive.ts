/** Shows refresh tokens that nobody has used for long, before they die of it. */
import type { ProviderId } from "../lib/ids.ts";
import { configuredProviders } from "../providers/index.ts";
import type { System } from "../system.ts";
import type { Job } from "./job.ts";
import { planRefreshes } from "./plan-refreshes.ts";

const MOST_PER_TICK = 200;
const SPREAD_MS = 12 * 60_000;

/** A refresh token that dies within this time cannot wait for the next tick. */
const SOON_MS = 20 * 60_000;

/** Plans a refresh of every connection whose refresh token would die of disuse: idle for long, or given for a time that a refresh prolongs. */
export const keepAlive: Job = async (system, now) => {
  let [found, planned] = [0, 0];
  for (const id of configuredProviders(system.config)) {
    const due = await dueOf(system, id, now);
    found += due.length;
    planned += await planRefreshes(system, due, ({ soon }) => now + (soon ? 0 : Math.random() * SPREAD_MS));
  }
  return { due: found, planned };
};

async function dueOf(system: System, id: ProviderId, now: number) {
  const { schedule } = system;
  const { keepAliveMs, rotation } = system.provider(id).refreshTokens;
  const window = { provider: id, limit: MOST_PER_TICK };
  const idle = keepAliveMs === undefined ? [] : await schedule.idle({ ...window, renewedBefore: now - keepAliveMs });
  // Where the refresh token stays the same, its end does too.
  const ending = rotation === "keeps" ? [] : await schedule.ending({ ...window, now, before: now + SOON_MS });
  const urgent = new Set(ending.map((one) => one.id));
  return [...idle.filter((one) => !urgent.has(one.id)), ...ending].map((one) => ({ ...one, soon: urgent.has(one.id) }));
}
