/** Runs a script against one tenant's directory, and judges what is true of it in the end. */
import { epilogue } from "./epilogue.ts";
import { Judge } from "./judge.ts";
import { perform } from "./perform.ts";
import type { Script } from "./step.ts";
import { World } from "./world.ts";

/** What came of a script. */
export interface Outcome {
  /** What was wrong; empty: all invariants held. */
  readonly broken: readonly string[];
  /** How runs ended, and how often the copy was seen to be equal. */
  readonly ends: readonly string[];
  readonly proven: number;
  readonly requests: number;
}

/** Runs a script. */
export async function runScript(storage: DurableObjectStorage, script: Script): Promise<Outcome> {
  const world = await World.open(storage, script.size);
  const judge = new Judge(world);
  // Entra's own choice would be random.
  world.tenant.settings({ ...script.settings, expires_in: 4_000 });
  try {
    for (const step of script.steps) {
      await perform({ world, judge }, step);
      if (world.broken.length > 0) break;
    }
    if (world.broken.length === 0) await epilogue(world, judge, script);
  } catch (error) {
    world.broken.push(`the script threw: ${error instanceof Error ? String(error.stack) : String(error)}`);
  }
  world.life.ended = "evicted";
  const requests = [...world.requests.values()].reduce((sum, count) => sum + count, 0);
  return { broken: world.broken, ends: judge.ends, proven: judge.proven, requests };
}
