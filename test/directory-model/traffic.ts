/**
 * Real work under way: a script's time stands still until it has ended. Everything of the engine is promises; only the
 * stand-in and bodies need turns of the event loop, and those are counted. So no real timer is waited for.
 */

/** Longer than any chain of promises between two waits. */
const HOPS = 150;

/** See the head of this file. */
export function createTraffic() {
  let underWay = 0;
  let idle: (() => void) | undefined;
  const leave = () => {
    underWay -= 1;
    if (underWay === 0) idle?.();
  };
  const enter = () => {
    underWay += 1;
  };
  return {
    enter,
    leave,
    async settle(): Promise<void> {
      for (let hop = 0; hop < HOPS; hop += 1) {
        await Promise.resolve();
        if (underWay === 0) continue;
        await new Promise<void>((resolve) => (idle = resolve));
        idle = undefined;
        hop = 0;
      }
    },
  };
}
