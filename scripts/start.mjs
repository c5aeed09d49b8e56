/**
 * npm start: brings up the Worker and the stand-in of the providers, with nothing but Node and npm on the machine.
 * Until the dependencies are installed only Node's own modules may be imported.
 */
import path from "node:path";
import { migrate, ringCron, serversFor, startServer, untilReady, watchServer } from "./dev-servers.mjs";
import { readDevVars, writeDevVars } from "./dev-vars.mjs";
import { run, Trouble } from "./exit.mjs";
import { ensureInstalled } from "./install.mjs";
import { usesSandbox } from "./local-environment.mjs";
import { readCrons, ringCrons } from "./local-crons.mjs";
import { DEV_VARS, ROOT } from "./paths.mjs";
import { checkPorts, readPorts } from "./ports.mjs";
import { stopped, stopWhenAsked } from "./stopping.mjs";
import { CALLER, canSign, welcome } from "./welcome.mjs";

const stopping = stopWhenAsked();
/** @type {import("./processes.mjs").Tool[]} */
const tools = [];

await run(async () => {
  try {
    await start();
    await stopped(stopping.signal);
  } catch (error) {
    // What breaks because everything is being stopped is no news.
    if (!stopping.signal.aborted) throw error;
  } finally {
    await Promise.all(tools.map((tool) => tool.stop()));
  }
  if (stopping.signal.reason instanceof Trouble) throw stopping.signal.reason;
});
// What a failed start left waiting must not keep this process alive.
process.exit();

async function start() {
  const ports = readPorts(process.env);
  if (writeDevVars(DEV_VARS)) console.log("Wrote .dev.vars with fresh keys.");
  const vars = readDevVars(DEV_VARS);
  await checkPorts(usesSandbox(vars) ? ports : { worker: ports.worker });
  await ensureInstalled(stopping.signal);
  console.log("Starting …");
  const { sandbox, worker } = serversFor(vars, ports);
  // The stand-in has no part in the database. The Worker waits for both: two servers that start at once may pick the
  // same internal port.
  await Promise.all([migrate(stopping.signal), sandbox && bringUp(sandbox)]);
  await bringUp(worker);
  if (stopping.signal.aborted) return;
  console.log(welcome(vars, ports, canSign(vars) ? await callerToken(vars) : undefined));
  ringCrons(readCrons(path.join(ROOT, "wrangler.toml")), (cron) => ringCron(ports.worker, cron));
}

/** @param {import("./dev-servers.mjs").Server} server */
async function bringUp(server) {
  if (stopping.signal.aborted) return;
  tools.push(startServer(server, stopping));
  await untilReady(server, stopping.signal);
  void watchServer(server, stopping);
}

/** @param {import("./dev-vars.mjs").DevVars} vars */
async function callerToken(vars) {
  const { signToken } = await import("./sign-token.mjs");
  return signToken(vars, CALLER);
}
