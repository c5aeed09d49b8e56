/** npm run check:static: every check that runs no test. Goes on after a failure, so that one run shows all. */
import { spawn } from "node:child_process";
import { run } from "./exit.mjs";
import { ensureInstalled } from "./install.mjs";
import { ROOT, toolEnvironment } from "./paths.mjs";

/** Each with a name and a command. The types come first: linting and type checking need them. */
const CHECKS = /** @type {const} */ ([
  ["environment types", ["npm", "run", "types"]],
  ["format", ["oxfmt", "--check"]],
  ["lint", ["oxlint"]],
  ["types of src and test", ["tsc", "-p", "tsconfig.worker.json"]],
  ["types of what Node runs", ["tsc", "-p", "tsconfig.node.json"]],
  ["unused code", ["knip"]],
  ["migrations", ["node", "scripts/check-migrations.mjs"]],
]);

await run(async () => {
  await ensureInstalled();
  /** @type {string[]} */
  const failed = [];
  for (const [name, command] of CHECKS) {
    const { code, output } = await check(command);
    console.log(`${code === 0 ? "ok    " : "FAILED"} ${name}`);
    if (code !== 0) console.log(output);
    if (code !== 0) failed.push(name);
  }
  if (failed.length > 0) console.log(`Failed: ${failed.join(", ")}`);
  return failed.length === 0 ? 0 : 1;
});

/**
 * @param {readonly [string, ...string[]]} command
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function check([tool, ...args]) {
  const child = spawn(tool, args, {
    cwd: ROOT,
    env: toolEnvironment(),
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, output: output.trimEnd() }));
  });
}
