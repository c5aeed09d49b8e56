import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { runSchedule } from "./schedule.ts";
import { schedule } from "./steps.ts";
import { World } from "./world.ts";

const runs = Number(env.FAULT_SCHEDULES);
let people = 0;

test(
  `no grant is lost over ${runs} schedules of uses, refreshes, disconnects, ends of the object, D1 faults and lost answers`,
  { timeout: 60_000 + runs * 400 },
  async () => {
    const seed = env.FAULT_SEED === "" ? Date.now() % 2 ** 31 : Number(env.FAULT_SEED);
    let done = 0;
    const property = fc.asyncProperty(schedule, async ({ rotation, steps, seed: luck }) => {
      people += 1;
      const person = `user${people}`;
      const world = await World.open(rotation, person, randomFrom(luck));
      const broken = await runSchedule(world, person, steps);
      done += 1;
      if (broken.length > 0) throw new Error(broken.join("\n"));
    });
    await fc.assert(property, { numRuns: runs, seed });
    expect(done).toBeGreaterThanOrEqual(runs);
  },
);

/** A small generator (mulberry32), so that jitter is part of the seed. */
function randomFrom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
