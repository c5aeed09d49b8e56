/** Tells providers of disconnects that they could not be told of. The keeper's own alarm does the same: this finds what an alarm has lost. */
import { askKeepers } from "./ask-keepers.ts";
import type { Job } from "./job.ts";

const MOST_PER_TICK = 200;

/** Asks the keepers of what is due. */
export const retryRevocations: Job = async (system, now) => {
  const due = await system.upkeep.revocationsDue(now, MOST_PER_TICK);
  const owners = [...new Set(due.map(({ owner }) => owner))];
  const left = await askKeepers(system, owners, {
    what: "revocations",
    ask: (owner) => system.keeper(owner).revokeDue(),
  });
  return { due: due.length, left: left.reduce((sum, one) => sum + one, 0) };
};
