/** Hands connections to their keepers, spread over time. */
import type { DueConnection } from "../db/schedule.ts";
import type { System } from "../system.ts";
import { askKeepers } from "./ask-keepers.ts";

/** Asks each connection's keeper to refresh it at the time that `when` gives, ms. Gives how many keepers took it. */
export async function planRefreshes<T extends DueConnection>(
  system: System,
  due: readonly T[],
  when: (connection: T) => number,
): Promise<number> {
  const planned = await askKeepers(system, due, {
    what: "refresh",
    ask: (connection) => {
      const { id, owner, generation } = connection;
      return system.keeper(owner).refreshBy(id, { at: when(connection), generation });
    },
  });
  return planned.length;
}
