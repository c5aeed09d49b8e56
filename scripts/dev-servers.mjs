/** The two local Workers: how each is started, and when it is up. */
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { Trouble } from "./exit.mjs";
import { addressOf, sandboxVariables, usesSandbox, variableFlags, workerVariables } from "./local-environment.mjs";
import { SANDBOX_STATE, WORKER_STATE } from "./paths.mjs";
import { runTool, startTool } from "./processes.mjs";
import { outputFilter } from "./wrangler-output.mjs";

/** @typedef {import("./dev-vars.mjs").DevVars} DevVars */
/** @typedef {import("./local-environment.mjs").Ports} Ports */
/** @typedef {import("./processes.mjs").Tool} Tool */
/** @typedef {{ name: string, port: number, command: readonly string[] }} Server */

const MIGRATE = ["wrangler", "d1", "migrations", "apply", "DB", "--local", "--persist-to", WORKER_STATE];
const READY_TIMEOUT_MS = 60_000;
const POLL_MS = 100;
const CHECK_EVERY_MS = 2_000;
const SILENT_CHECKS = 3;

/**
 * What to start; the stand-in only where the Worker is to talk to it.
 *
 * @param {DevVars} vars
 * @param {Ports} ports
 * @returns {{ worker: Server, sandbox: Server | undefined }}
 */
export function serversFor(vars, ports) {
  const worker = {
    name: "The Worker",
    port: ports.worker,
    command: devCommand(ports.worker, WORKER_STATE, variableFlags(workerVariables(vars, ports))),
  };
  if (!usesSandbox(vars)) return { worker, sandbox: undefined };
  const flags = ["--config", "test/sandbox/wrangler.toml", ...variableFlags(sandboxVariables(ports))];
  const command = devCommand(ports.sandbox, SANDBOX_STATE, flags);
  return { worker, sandbox: { name: "The stand-in", port: ports.sandbox, command } };
}

/**
 * @param {number} port
 * @param {string} state
 * @param {readonly string[]} flags
 */
function devCommand(port, state, flags) {
  // Inspector port 0: any free one, so that it never collides.
  const quiet = ["--show-interactive-dev-session=false", "--inspector-port", "0"];
  return ["wrangler", "dev", "--port", String(port), "--persist-to", state, ...quiet, ...flags];
}

/**
 * Brings the local D1 up to date.
 *
 * @param {AbortSignal} signal
 */
export async function migrate(signal) {
  await runTool(MIGRATE, "Applying the migrations to the local database", signal);
}

/**
 * Starts a server, and takes everything down when it ends by itself.
 *
 * @param {Server} server
 * @param {AbortController} stopping
 * @returns {Tool}
 */
export function startServer(server, stopping) {
  const filter = outputFilter();
  const tool = startTool(server.command, (line, from) => {
    const shown = filter(line, from);
    if (shown !== undefined) console.log(shown);
  });
  void tool.ended.then(() => stopping.abort(new Trouble(`${server.name} ended by itself.`)));
  return tool;
}

/**
 * Waits until a server answers, or stopping begins.
 *
 * @param {Server} server
 * @param {AbortSignal} signal
 * @throws {Trouble} After a minute.
 */
export async function untilReady(server, signal) {
  const until = Date.now() + READY_TIMEOUT_MS;
  while (!signal.aborted && !(await answers(server.port))) {
    if (Date.now() > until) throw new Trouble(`${server.name} does not answer on port ${server.port}: see above.`);
    await pause(POLL_MS);
  }
}

/**
 * Takes everything down when nobody listens on a port any more: wrangler outlives a runtime that was killed.
 *
 * @param {Server} server
 * @param {AbortController} stopping
 */
export async function watchServer(server, stopping) {
  for (let silent = 0; silent < SILENT_CHECKS; silent = (await listens(server.port)) ? 0 : silent + 1) {
    await pause(CHECK_EVERY_MS, undefined, { ref: false });
  }
  stopping.abort(new Trouble(`${server.name} no longer listens on port ${server.port}.`));
}

/**
 * @param {number} port
 * @returns {Promise<boolean>}
 */
function listens(port) {
  return new Promise((resolve) => {
    const socket = connect({ host: "localhost", port });
    const answer = (/** @type {boolean} */ there) => {
      socket.destroy();
      resolve(there);
    };
    socket.on("connect", () => answer(true)).on("error", () => answer(false));
  });
}

/**
 * Any answer counts, even that there is nothing at this address: whether all is well the health route tells.
 *
 * @param {number} port
 */
async function answers(port) {
  try {
    const response = await fetch(`${addressOf(port)}/`, { signal: AbortSignal.timeout(5_000) });
    await response.arrayBuffer();
    return true;
  } catch {
    return false;
  }
}

/**
 * Runs a scheduled job now.
 *
 * @param {number} port
 * @param {string} cron
 */
export async function ringCron(port, cron) {
  const query = new URLSearchParams({ cron });
  const response = await fetch(`${addressOf(port)}/cdn-cgi/handler/scheduled?${query.toString()}`);
  await response.arrayBuffer();
  if (!response.ok) throw new Error(`${cron}: status ${response.status}`);
}
