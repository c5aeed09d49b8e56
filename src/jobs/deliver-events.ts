/** Wakes keepers whose events should have been delivered by now: a crash came between an event and the alarm for it. */
import type { Job } from "./job.ts";

/** The keeper's own alarm comes first, ms. */
const GRACE_MS = 60_000;
const MOST_PER_TICK = 500;
/** Calls to keepers under way at once: a Worker may wait for six connections. */
const AT_ONCE = 6;

/** Asks the keeper of every overdue event to deliver. They do so behind this call, so a slow receiver does not hold the job. */
export const deliverEvents: Job = async (system, now) => {
  const owners = await system.events.overdue(now - GRACE_MS, MOST_PER_TICK);
  const waiting = owners.values();
  let woken = 0;
  const take = async () => {
    for (const owner of waiting) {
      try {
        await system.keeper(owner).deliver();
        woken += 1;
      } catch (cause) {
        system.log.warn("keeper not woken for its events", { system: system.name, owner, cause });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return { overdue: owners.length, woken };
};
