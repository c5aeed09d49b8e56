/** npm run setup: a guide that sets a tenant up. Until the dependencies are installed only Node's modules may be imported. */
import { existsSync } from "node:fs";
import { readDevVars } from "./dev-vars.mjs";
import { reasonOf, run, Trouble } from "./exit.mjs";
import { ensureInstalled } from "./install.mjs";
import { DEV_VARS } from "./paths.mjs";
import { Ended, EXIT } from "./setup/ended.mjs";
import { readFlags, usage } from "./setup/flags.mjs";

const SIGNALS = /** @type {const} */ ({ SIGINT: EXIT.cancelled, SIGTERM: 143, SIGHUP: 129 });

// The file is changed without a pause: a handler of ours runs before it or after it, where the default would not wait.
for (const [signal, code] of Object.entries(SIGNALS)) process.on(signal, () => process.exit(code));

const json = process.argv.includes("--json");

await run(async () => {
  try {
    return await main();
  } catch (error) {
    if (!(error instanceof Trouble)) throw error;
    const ended = error instanceof Ended ? error : undefined;
    if (json) console.log(JSON.stringify({ error: errorOf(error, ended) }, undefined, 2));
    console.error(error.message);
    return ended?.exitCode ?? EXIT.refused;
  }
});
// A prompt leaves the terminal's input open.
process.exit();

async function main() {
  const flags = readFlags(process.argv.slice(2));
  if (flags.has("help")) {
    console.log(usage());
    return EXIT.done;
  }
  await ensureInstalled();
  const [{ guide }, { openSession }] = await Promise.all([import("./setup/guide.mjs"), import("./setup/session.mjs")]);
  const fileExists = existsSync(DEV_VARS);
  const print = (/** @type {string} */ text) => (json ? console.error(text) : console.log(text));
  const prompter = isAnswered(flags) ? (await import("./setup/prompter.mjs")).prompterOn() : undefined;
  const vars = fileExists ? readDevVars(DEV_VARS) : {};
  const session = openSession({ flags, vars, env: process.env, prompter, print, file: DEV_VARS });
  const result = await attempt(session, () => guide(session, fileExists));
  if (json) console.log(session.shown(result));
  return EXIT.done;
}

/** @param {import("./setup/flags.mjs").Flags} flags */
function isAnswered(flags) {
  return process.stdin.isTTY && process.stdout.isTTY && !flags.has("yes") && !flags.has("json");
}

/**
 * What goes wrong is told without the secrets, too.
 *
 * @template Value
 * @param {import("./setup/session.mjs").Session} session
 * @param {() => Promise<Value>} work
 */
async function attempt(session, work) {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Ended) throw new Ended(session.shown(error.message), error.exitCode, error.more);
    throw error instanceof Trouble ? error : new Trouble(session.shown(`A defect of the guide: ${reasonOf(error)}`));
  }
}

/**
 * @param {Trouble} error
 * @param {Ended | undefined} ended
 */
function errorOf({ message }, ended) {
  const { about, code, adminConsentUrl } = ended?.more ?? {};
  return { message, code, about, admin_consent_url: adminConsentUrl };
}
