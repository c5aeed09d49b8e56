/** Warns applications of grants that die soon whatever Latchkey does. */
import { askKeepers } from "./ask-keepers.ts";
import type { Job } from "./job.ts";

const DAY_MS = 86_400_000;
const SOON_MS = 3 * DAY_MS;
const MOST_PER_TICK = 500;

/** Announces every grant that dies within three days, once. */
export const announceExpiring: Job = async (system, now) => {
  const dying = await system.upkeep.dying({ now, before: now + SOON_MS, limit: MOST_PER_TICK });
  const told = await askKeepers(system, dying, {
    what: "expiry",
    ask: ({ owner, id }) => system.keeper(owner).announceExpiry(id),
  });
  return { dying: dying.length, announced: told.length };
};
