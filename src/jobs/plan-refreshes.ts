/** Hands connections to their keepers, spread over time, a few calls at once. */
import type { DueConnection } from "../db/schedule.ts";
import type { System } from "../system.ts";

/** Calls to keepers under way at once: a Worker may wait for six connections. */
const AT_ONCE = 6;

/** Asks each connection's keeper to refresh it at the time that `when` gives, ms. Gives how many keepers took it. */
export async function planRefreshes(
  system: System,
  due: readonly DueConnection[],
  when: (connection: DueConnection) => number,
): Promise<number> {
  const waiting = due.values();
  let planned = 0;
  const take = async () => {
    for (const connection of waiting) {
      const { id, owner, generation } = connection;
      try {
        await system.keeper(owner).refreshBy(id, { at: when(connection), generation });
        planned += 1;
      } catch (cause) {
        system.log.warn("refresh not planned", { system: system.name, connection: id, cause });
      }
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, take));
  return planned;
}
