/** npm run bench: builds the Worker, measures it, and writes the tables to the screen and below .wrangler/bench. */
import { mkdir, writeFile } from "node:fs/promises";
import { cpus, loadavg } from "node:os";
import path from "node:path";
import { parseArgs } from "node:util";
import { run, Trouble } from "../../scripts/exit.mjs";
import { ensureInstalled } from "../../scripts/install.mjs";
import { OUT, type Weight, weighWorker } from "./build.ts";
import { type DirectoryPlan, keepSeen, measureDirectory } from "./directory.ts";
import { directoryReport } from "./directory-report.ts";
import { measure, type Plan } from "./measure.ts";
import { LEGEND, noiseOf, tableOf, verdictOf } from "./table.ts";
import { stopRuntimes } from "./miniflare.ts";
import { startWorld, type World } from "./world.ts";

const PLAN: Plan = { rounds: 36, sliceMs: 150, warmUpMs: 900 };
const GOAL_KIB = 150;
const USES = 500;

const PARTS = ["vault", "directory"] as const;
const BENCHES = { vault: benchVault, directory: benchDirectory } as const;
const WHOLE: DirectoryPlan = {
  users: 100_000,
  groups: 5_000,
  memberships: 500_000,
  devices: 50_000,
  rounds: 3,
  latencyMs: 100,
  logs: true,
};
const QUICK: DirectoryPlan = { ...WHOLE, users: 5_000, groups: 250, memberships: 25_000, devices: 2_500, logs: false };

/** `npm run bench -- directory --quick` and the like. */
const { values: asked, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    users: { type: "string" },
    groups: { type: "string" },
    memberships: { type: "string" },
    devices: { type: "string" },
    rounds: { type: "string" },
    latency: { type: "string" },
    "no-logs": { type: "boolean", default: false },
  },
});

for (const signal of ["SIGINT", "SIGTERM"]) {
  process.once(signal, () => void stopRuntimes().finally(() => process.exit(130)));
}

await run(async () => {
  const parts = positionals.length === 0 ? PARTS : PARTS.filter((part) => positionals.includes(part));
  const unknown = positionals.filter((name) => !PARTS.some((part) => part === name));
  if (unknown.length > 0) throw new Trouble(`There is no bench ${unknown.join(", ")}: expected ${PARTS.join(" or ")}.`);
  await ensureInstalled();
  await mkdir(OUT, { recursive: true });
  for (const part of parts) {
    const started = Date.now();
    const report = await BENCHES[part]();
    const where = `${new Date().toISOString()}, ${cpus().length} × ${cpus()[0]?.model ?? "?"}, load ${loadavg()[0]?.toFixed(1)}, ${((Date.now() - started) / 1000).toFixed(0)} s`;
    const text = `${report}\n\n${where}`;
    await writeFile(path.join(OUT, part === "vault" ? "results.md" : `${part}.md`), `${text}\n`);
    console.log(text);
  }
});

async function benchDirectory(): Promise<string> {
  const seen = await measureDirectory(planOf());
  await keepSeen(seen);
  return directoryReport(seen);
}

function planOf(): DirectoryPlan {
  const usual = asked.quick ? QUICK : WHOLE;
  const numbers = ["users", "groups", "memberships", "devices", "rounds"] as const;
  const given = numbers.flatMap((name) => (asked[name] === undefined ? [] : [[name, Number(asked[name])] as const]));
  const latencyMs = Number(asked.latency ?? usual.latencyMs);
  const wrong = [...given.map(([, number]) => number), latencyMs].find(
    (number) => !Number.isInteger(number) || number < 0,
  );
  if (wrong !== undefined) throw new Trouble("Expected whole numbers, such as --users 20000 --rounds 2 --latency 0.");
  return { ...usual, ...Object.fromEntries(given), latencyMs, logs: usual.logs && !asked["no-logs"] };
}

async function benchVault(): Promise<string> {
  const weight = await weighWorker();
  const world = await startWorld();
  try {
    const samples = await measure(world, PLAN);
    const d1 = await countStatements(world);
    return [`# Bench`, tableOf(samples), LEGEND, verdictOf(samples), noiseOf(samples), d1, weightOf(weight)].join(
      "\n\n",
    );
  } finally {
    await world.stop();
  }
}

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
