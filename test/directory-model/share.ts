/** A share of the scripts: each file of them runs one, so that they run beside each other. */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { type Outcome, runScript } from "./script.ts";
import type { Script, Step } from "./step.ts";
import { scriptOf } from "./steps.ts";

const SHARES = 4;
const MOST_SHRINKING = 60;

/** Runs every script of that share, from 0 on. */
export function testShare(share: number): void {
  const scripts = Number(env.DIRECTORY_SCRIPTS);
  const mine = Array.from({ length: scripts }, (_, index) => index).filter((index) => index % SHARES === share);
  const title = `the copy equals the tenant after any of ${mine.length} scripts of changes, runs, faults and ends of the object`;
  test.skipIf(mine.length === 0)(title, { timeout: 120_000 + mine.length * 5_000 }, async () => {
    const first = Number(env.DIRECTORY_SEED);
    const ends: Record<string, number> = {};
    let proven = 0;
    for (const index of mine) {
      const script = scriptOf(first + index);
      const outcome = await play(script);
      if (outcome.broken.length > 0) throw new Error(await report(script, outcome));
      for (const end of outcome.ends) ends[end] = (ends[end] ?? 0) + 1;
      proven += outcome.proven;
    }
    console.log(`${mine.length} scripts: runs ended ${JSON.stringify(ends)}, ${proven} were seen to be true`);
    expect(proven).toBeGreaterThanOrEqual(mine.length);
  });
}

function play(script: Script): Promise<Outcome> {
  const stub = env.TENANT_DIRECTORY.getByName("model");
  return runInDurableObject(stub, (_object, state) => runScript(state.storage, script));
}

/** The seed, the fewest steps that still fail, and what was wrong. */
async function report(script: Script, outcome: Outcome): Promise<string> {
  let shortest = { script, outcome };
  let tries = 0;
  for (let size = Math.ceil(script.steps.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
    for (let at = 0; at < shortest.script.steps.length && tries < MOST_SHRINKING;) {
      tries += 1;
      const steps = shortest.script.steps.toSpliced(at, size);
      const candidate = { ...script, steps };
      const result = await play(candidate);
      if (result.broken.length > 0) shortest = { script: candidate, outcome: result };
      else at += size;
    }
  }
  const { size, settings, steps } = shortest.script;
  return [
    `DIRECTORY_SEED=${script.seed} DIRECTORY_SCRIPTS=1 runs it again`,
    ...outcome.broken,
    `the shortest that fails: ${JSON.stringify({ size, settings })}`,
    ...steps.map((step: Step) => `  ${JSON.stringify(step)}`),
    ...shortest.outcome.broken,
  ].join("\n");
}
