/** Builds what is measured, and asks wrangler how large it is and how fast it starts. */
import { spawn } from "node:child_process";
import path from "node:path";
import { build } from "esbuild";
import { BIN, ROOT, toolEnvironment } from "../../scripts/paths.mjs";

/** Where everything goes that the bench makes. */
export const OUT = path.join(ROOT, ".wrangler", "bench");

const BUILT = path.join(OUT, "worker", "index.js");
const TOOL_TIMEOUT_MS = 60_000;

/** What wrangler says of the Worker. */
export interface Weight {
  /** Gzipped, KiB, as `wrangler deploy` sends it. */
  readonly gzipKiB: number;
  /** CPU time of the start, ms, from `wrangler check startup`. */
  readonly startupMs: number;
}

/** Builds the Worker as `wrangler deploy` would, and gives what wrangler said. */
export function buildWorker(): Promise<string> {
  return wrangler(["deploy", "--dry-run", "--outdir", path.join(OUT, "worker")]);
}

/** Builds the Worker, and weighs it. */
export async function weighWorker(): Promise<Weight> {
  const deployed = await buildWorker();
  const startup = await wrangler(["check", "startup", "--outfile", path.join(OUT, "startup.cpuprofile")]);
  return {
    gzipKiB: numberIn(deployed, /gzip: ([\d.]+) KiB/),
    startupMs: numberIn(startup, /Active: ([\d.]+) ms/),
  };
}

/** Bundles a Worker of the bench; `latchkey/…` stands for what {@link buildWorker} built (or for `worker`) and for the sources. */
export async function bundle(file: string, worker = BUILT): Promise<string> {
  const built = await build({
    entryPoints: [path.join(ROOT, "test", file)],
    bundle: true,
    format: "esm",
    target: "es2024",
    conditions: ["workerd", "worker", "browser"],
    external: ["cloudflare:*", "node:*"],
    alias: {
      "latchkey/built": worker,
      "latchkey/app": path.join(ROOT, "src", "app.ts"),
      "latchkey/guards": path.join(ROOT, "src", "routes", "guards.ts"),
      "latchkey/keeper": path.join(ROOT, "src", "routes", "keeper.ts"),
      "latchkey/premises": path.join(ROOT, "src", "routes", "premises.ts"),
    },
    write: false,
  });
  return built.outputFiles[0]?.text ?? "";
}

function numberIn(text: string, pattern: RegExp): number {
  const found = pattern.exec(text)?.[1];
  if (found === undefined) throw new Error(`wrangler did not say ${String(pattern)}:\n${text}`);
  return Number(found);
}

function wrangler(args: readonly string[]): Promise<string> {
  const child = spawn(path.join(BIN, "wrangler"), args, {
    cwd: ROOT,
    env: { ...toolEnvironment(), CI: "1" },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: TOOL_TIMEOUT_MS,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? resolve(output) : reject(new Error(`wrangler ${args.join(" ")} failed:\n${output}`)),
    );
  });
}
