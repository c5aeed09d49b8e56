/** Installs what package-lock.json names, unless it is there already. Uses nothing but Node's own modules. */
import { spawn } from "node:child_process";
import { lstatSync, readFileSync } from "node:fs";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { run, Trouble } from "./exit.mjs";
import { BIN, ROOT } from "./paths.mjs";

/** @typedef {{ version?: string, integrity?: string, optional?: boolean, devOptional?: boolean, peer?: boolean, link?: boolean }} LockedPackage */
/** @typedef {Record<string, LockedPackage>} LockedPackages */

/**
 * Installs where needed, and says so on standard error: a script's own output stays its own.
 *
 * @param {AbortSignal} [signal] Ends it early.
 * @throws {Trouble} Where npm fails.
 */
export async function ensureInstalled(signal) {
  if (isInstalled(ROOT)) return;
  console.error("Installing the dependencies that package-lock.json names …");
  const { code, output } = await npmCi(signal);
  if (code !== 0) throw new Trouble(describeFailure(output));
}

/**
 * True where node_modules holds what the lock file asks for. Compares contents, as a checkout changes dates.
 *
 * @param {string} root
 */
export function isInstalled(root) {
  // A link leads to somebody else's packages, for example another checkout's, and npm ci would empty those.
  if (isLink(path.join(root, "node_modules"))) return true;
  const wanted = readPackages(path.join(root, "package-lock.json"));
  // npm writes this file last: an interrupted installation leaves none.
  const present = readPackages(path.join(root, "node_modules", ".package-lock.json"));
  return wanted !== undefined && present !== undefined && satisfies(present, wanted);
}

/** @param {string} file */
function isLink(file) {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * Packages for other operating systems are optional and absent; everything else must be there, as locked.
 *
 * @param {LockedPackages} present
 * @param {LockedPackages} wanted
 */
export function satisfies(present, wanted) {
  const known = Object.entries(present).every(([name, at]) => isSame(at, wanted[name]));
  const complete = Object.entries(wanted).every(
    ([name, want]) => name === "" || name in present || want.optional === true || want.devOptional === true,
  );
  return known && complete;
}

/**
 * @param {LockedPackage} a
 * @param {LockedPackage | undefined} b
 */
function isSame(a, b) {
  return a.version === b?.version && a.integrity === b?.integrity;
}

/**
 * @param {string} file
 * @returns {LockedPackages | undefined}
 */
function readPackages(file) {
  try {
    const lock = /** @type {{ packages?: LockedPackages }} */ (JSON.parse(readFileSync(file, "utf8")));
    return lock.packages;
  } catch {
    return undefined;
  }
}

/**
 * @param {AbortSignal | undefined} signal
 * @returns {Promise<{ code: number | null, output: string }>}
 */
function npmCi(signal) {
  // Not with the Node under node_modules: npm ci begins by deleting it.
  const entries = (process.env.PATH ?? "").split(path.delimiter).filter((entry) => !entry.startsWith(BIN));
  const env = { ...process.env, PATH: entries.join(path.delimiter) };
  const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];
  // npm's own pauses, 10 and 60 seconds, would leave a person without a network in front of a silent terminal.
  const pauses = ["--fetch-retry-mintimeout=1000", "--fetch-retry-factor=2"];
  const args = ["ci", "--prefer-offline", ...quiet, ...pauses];
  const npm = spawn("npm", args, { cwd: ROOT, env, signal, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [npm.stdout, npm.stderr]) stream.on("data", (chunk) => (output += chunk));
  return new Promise((resolve) => {
    npm.on("error", (error) => resolve({ code: 1, output: error.message }));
    npm.on("close", (code) => resolve({ code, output }));
  });
}

const NO_NETWORK = /\b(ENOTFOUND|EAI_AGAIN|ECONNREFUSED|ECONNRESET|ETIMEDOUT|ENETUNREACH|EHOSTUNREACH|ENOTCACHED)\b/;

/**
 * One line for what npm printed.
 *
 * @param {string} output
 */
export function describeFailure(output) {
  const [network] = NO_NETWORK.exec(output) ?? [];
  if (network !== undefined) {
    return `Cannot install the dependencies: the package registry cannot be reached (${network}). Connect to the network and repeat.`;
  }
  const lines = output.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  const said = lines.filter((line) => line !== "" && !/^(code|errno|A complete log)\b/.test(line));
  return `Cannot install the dependencies: npm ci failed: ${said[0] ?? "it gave no reason"}`;
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) await run(() => ensureInstalled());
