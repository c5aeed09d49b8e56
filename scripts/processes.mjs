/** Starts installed tools and ends them whole: each one leads a process group, and the group goes with it. */
import { spawn } from "node:child_process";
import path from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { Trouble } from "./exit.mjs";
import { BIN, ROOT, toolEnvironment } from "./paths.mjs";

/** @typedef {{ stop: () => Promise<void>, ended: Promise<number | null> }} Tool */
/** @typedef {(line: string, from: "out" | "err") => void} OnLine */

const LIFELINE = fileURLToPath(new URL("lifeline.mjs", import.meta.url));
const GRACE_MS = 5_000;

/**
 * Starts a tool that runs until it is stopped, or until this process is no more.
 *
 * @param {readonly string[]} command
 * @param {OnLine} onLine Called for every line that the tool prints.
 * @returns {Tool}
 */
export function startTool(command, onLine) {
  const child = spawn(path.join(BIN, "node"), [LIFELINE, ...command], {
    cwd: ROOT,
    env: toolEnvironment(),
    // Its own group: Ctrl-C in the terminal reaches this process alone, which then ends the tools in order.
    detached: true,
    stdio: ["pipe", "pipe", "pipe"],
  });
  createInterface({ input: child.stdout }).on("line", (line) => onLine(line, "out"));
  createInterface({ input: child.stderr }).on("line", (line) => onLine(line, "err"));
  /** @type {Promise<number | null>} */
  const ended = new Promise((resolve) => {
    child.on("error", () => resolve(1));
    child.on("close", (code) => resolve(code));
  });
  return { ended, stop: () => stopGroup(child.pid, ended) };
}

/**
 * @param {number | undefined} group
 * @param {Promise<unknown>} ended
 */
async function stopGroup(group, ended) {
  if (group === undefined) return;
  signalGroup(group, "SIGTERM");
  await Promise.race([ended, pause(GRACE_MS, undefined, { ref: false })]);
  // Whatever outlived its parent. Usually nothing is left.
  signalGroup(group, "SIGKILL");
}

/**
 * @param {number} group
 * @param {NodeJS.Signals} signal
 */
function signalGroup(group, signal) {
  try {
    process.kill(-group, signal);
  } catch {
    // No such group any more: that is what was wanted.
  }
}

/**
 * Runs a tool to its end.
 *
 * @param {readonly string[]} command
 * @param {string} purpose For the line that says what failed.
 * @param {AbortSignal} signal Ends it early.
 * @throws {Trouble} With what the tool printed, where it fails.
 */
export async function runTool(command, purpose, signal) {
  /** @type {string[]} */
  const said = [];
  const tool = startTool(command, (line) => said.push(line));
  const stop = () => void tool.stop();
  signal.addEventListener("abort", stop);
  const code = await tool.ended;
  signal.removeEventListener("abort", stop);
  if (code !== 0 && !signal.aborted) throw new Trouble(`${purpose} failed.\n${said.join("\n")}`);
}
