import { expect, test } from "vitest";
import { Lane } from "./lane.ts";
import { runSchedule } from "./schedule.ts";
import type { Step } from "./steps.ts";
import { World } from "./world.ts";

const USE = { do: "use", resource: "graph", rejectLast: false } as const;
const REFUSED = { do: "use", resource: "graph", rejectLast: true } as const;
const down = (is: boolean) => ({ do: "d1-down", down: is }) as const;

test.each<[string, readonly Step[]]>([
  // The refresh of the new grant reaches D1 by itself; the sign-in still waits in own storage, with the token that was replaced.
  [
    "a refresh of that very grant",
    [down(true), { do: "reconnect" }, USE, REFUSED, { do: "end-life", how: "shutdown" }],
  ],
  [
    "a sign-in that came after a disconnect",
    [
      down(true),
      { do: "disconnect" },
      { do: "pass", ms: 500 },
      { do: "d1", faults: [], latencyMs: 700 },
      down(false),
      { do: "reconnect" },
      { do: "end-life", how: "shutdown" },
    ],
  ],
])("what waits for D1 is not laid over %s, which an ended life has stored since", async (name, steps) => {
  const options = { rotation: "notion", random: () => 0.5 } as const;
  const world = await World.open(new Lane(`w${name.length}`), `waiting${name.length}`, options);
  expect(await runSchedule(world, steps)).toEqual([]);
});
