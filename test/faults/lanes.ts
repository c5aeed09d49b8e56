/** The fault schedule: lanes of schedules beside each other, each with a seed of its own. */
import { env } from "cloudflare:workers";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { Lane } from "./lane.ts";
import { runSchedule } from "./schedule.ts";
import { schedule } from "./steps.ts";
import { World } from "./world.ts";

const runs = Number(env.FAULT_SCHEDULES);
const LANES = 8;

/** Runs the schedules of some lanes, from `first` on: each file has its share, so that they run beside each other. */
export function testLanes({ first, count }: { readonly first: number; readonly count: number }): void {
  const share = Math.ceil(runs / LANES) * count;
  const title = `no grant is lost over ${share} schedules of uses, refreshes, disconnects, ends of the object, D1 faults and lost answers`;
  test(title, { timeout: 60_000 + runs * 400 }, async () => {
    const seed = Number(env.FAULT_SEED);
    const lanes = Array.from({ length: count }, (_, at) => runLane(String(first + at), seed + first + at));
    const done = await Promise.all(lanes);
    expect(done.reduce((sum, held) => sum + held, 0)).toBeGreaterThanOrEqual(share);
  });
}

/** Runs a lane's share and gives how many schedules held. A failure prints the seed and the shortest schedule that fails. */
async function runLane(name: string, seed: number): Promise<number> {
  const lane = new Lane(name);
  let done = 0;
  const property = fc.asyncProperty(schedule, async ({ rotation, steps, seed: luck }) => {
    done += 1;
    const world = await World.open(lane, `user${name}x${done}`, { rotation, random: randomFrom(luck) });
    const broken = await runSchedule(world, steps);
    if (broken.length > 0) throw new Error(broken.join("\n"));
  });
  await fc.assert(property, { numRuns: Math.ceil(runs / LANES), seed });
  return done;
}

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
