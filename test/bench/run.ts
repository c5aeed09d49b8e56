/** npm run bench: builds the Worker, measures it, and writes the table to the screen and to .wrangler/bench/results.md. */
import { writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { run } from "../../scripts/exit.mjs";
import { ensureInstalled } from "../../scripts/install.mjs";
import { buildWorker, OUT, type Weight } from "./build.ts";
import { measure, type Plan } from "./measure.ts";
import { LEGEND, noiseOf, tableOf, verdictOf } from "./table.ts";
import { startWorld, type World } from "./world.ts";

const PLAN: Plan = { rounds: 36, sliceMs: 150, warmUpMs: 900 };
const GOAL_KIB = 150;
const USES = 500;

await run(async () => {
  await ensureInstalled();
  const started = Date.now();
  const weight = await buildWorker();
  const world = await startWorld();
  try {
    const samples = await measure(world, PLAN);
    const d1 = await countStatements(world);
    const report = [
      `# Bench`,
      `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load ${loadavg()[0]?.toFixed(1)}, ${((Date.now() - started) / 1000).toFixed(0)} s`,
      tableOf(samples),
      LEGEND,
      verdictOf(samples),
      noiseOf(samples),
      d1,
      weightOf(weight),
    ].join("\n\n");
    await writeFile(path.join(OUT, "results.md"), `${report}\n`);
    console.log(report);
  } finally {
    await world.stop();
  }
});

/** What D1 is asked while fresh tokens are used. When a connection was last used is written behind, once a minute. */
async function countStatements(world: World): Promise<string> {
  await ask(world, 1);
  if ((await world.d1Statements("warn")).length === 0) throw new Error("D1 is not counted: a refresh writes to it");
  for (let use = 0; use < USES; use += 1) await ask(world, 0);
  const statements = await world.d1Statements("warn");
  const behind = statements.filter((sql) => /^update .*"last_used_at"/.test(sql));
  return `D1 statements in ${USES} uses of a fresh token: ${statements.length - behind.length} on their path, ${behind.length} written behind.`;
}

/** Uses an owner's token once: 0 has a fresh one, all others stale ones. */
async function ask({ ports, tokens }: World, owner: number): Promise<void> {
  const answer = await fetch(`http://127.0.0.1:${ports.warn}/api/v1/auth/microsoft/bench/fresh`, {
    headers: { Authorization: `Bearer ${tokens[owner]}` },
  });
  await answer.text();
  if (answer.status !== 200) throw new Error(`a use was answered with ${answer.status}`);
}

function weightOf({ gzipKiB, startupMs }: Weight): string {
  const met = gzipKiB < GOAL_KIB ? "met" : "MISSED";
  return [
    `Bundle as deployed, gzipped: ${gzipKiB} KiB (goal: under ${GOAL_KIB} KiB, ${met}).`,
    `Startup (wrangler check startup): ${startupMs} ms of CPU.`,
  ].join("\n");
}
