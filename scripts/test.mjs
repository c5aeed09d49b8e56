/** npm test: runs every test, and says in its last line how many passed and how many failed. */
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import path from "node:path";
import { run, Trouble } from "./exit.mjs";
import { ensureInstalled } from "./install.mjs";
import { BIN, ROOT, toolEnvironment } from "./paths.mjs";
import { countTests, summaryLine } from "./test-summary.mjs";

const REPORT = path.join(ROOT, "node_modules", ".cache", "latchkey", "tests.json");

await run(async () => {
  await ensureInstalled();
  // A report that is left over from another run must never be counted.
  rmSync(REPORT, { force: true });
  mkdirSync(path.dirname(REPORT), { recursive: true });
  const code = await runVitest(process.argv.slice(2));
  const counts = countTests(readReport());
  const ranNone = counts.passed + counts.failed === 0;
  if (ranNone) console.error("No test ran.");
  console.log(summaryLine(counts));
  return code !== 0 || ranNone || counts.failed > 0 ? Math.max(code, 1) : 0;
});

/**
 * @param {readonly string[]} args Passed through to vitest.
 * @returns {Promise<number>}
 */
function runVitest(args) {
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${REPORT}`];
  const command = [path.join(BIN, "vitest"), "run", ...reporters, ...args];
  const vitest = spawn(path.join(BIN, "node"), command, { cwd: ROOT, env: toolEnvironment(), stdio: "inherit" });
  return new Promise((resolve, reject) => {
    vitest.on("error", reject);
    vitest.on("exit", (code) => resolve(code ?? 1));
  });
}

/** @returns {import("./test-summary.mjs").Report} */
function readReport() {
  try {
    return /** @type {import("./test-summary.mjs").Report} */ (JSON.parse(readFileSync(REPORT, "utf8")));
  } catch (error) {
    throw new Trouble("The test runner ended without a report.", { cause: error });
  }
}
