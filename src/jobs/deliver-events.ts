/** Wakes keepers whose events should have been delivered by now: a crash came between an event and the alarm for it. */
import { askKeepers } from "./ask-keepers.ts";
import type { Job } from "./job.ts";

/** The keeper's own alarm comes first, ms. */
const GRACE_MS = 60_000;
const MOST_PER_TICK = 500;

/** Asks the keeper of every overdue event to deliver. They do so behind this call, so a slow receiver does not hold the job. */
export const deliverEvents: Job = async (system, now) => {
  const owners = await system.events.overdue(now - GRACE_MS, MOST_PER_TICK);
  const woken = await askKeepers(system, owners, {
    what: "events",
    ask: (owner) => system.keeper(owner).deliver(),
  });
  return { overdue: owners.length, woken: woken.length };
};
