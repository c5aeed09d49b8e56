/** Ports are checked before anything starts: what wrangler says about a taken one is hard to read. */
import net from "node:net";
import { Trouble } from "./exit.mjs";

/**
 * The two ports, from the environment.
 *
 * @param {Readonly<Record<string, string | undefined>>} env
 */
export function readPorts(env) {
  const worker = readPort(env, "PORT", 8787);
  const sandbox = readPort(env, "SANDBOX_PORT", 8788);
  if (worker === sandbox) throw new Trouble(`PORT and SANDBOX_PORT are both ${worker}: expected two different ports`);
  return { worker, sandbox };
}

/**
 * @param {Readonly<Record<string, string | undefined>>} env
 * @param {string} name
 * @param {number} fallback
 */
function readPort(env, name, fallback) {
  const given = env[name]?.trim() ?? "";
  const written = given === "" ? String(fallback) : given;
  const port = Number(written);
  if (/^\d+$/.test(written) && port >= 1 && port <= 65_535) return port;
  throw new Trouble(`${name}=${written}: expected a port from 1 to 65535`);
}

/**
 * Checks those that will be used.
 *
 * @param {{ worker: number, sandbox?: number }} ports
 * @throws {Trouble} Naming the variable to change.
 */
export async function checkPorts({ worker, sandbox }) {
  await checkPort("PORT", worker);
  if (sandbox !== undefined) await checkPort("SANDBOX_PORT", sandbox);
}

/**
 * @param {string} name
 * @param {number} port
 */
async function checkPort(name, port) {
  const problem = await problemWith(port);
  if (problem === undefined) return;
  throw new Trouble(
    `Port ${port} ${problem}. Choose another one with ${name}, for example: ${name}=${other(port)} npm start`,
  );
}

/** @param {number} port */
function other(port) {
  return port < 64_000 ? port + 1000 : port - 1000;
}

/**
 * @param {number} port
 * @returns {Promise<string | undefined>}
 */
async function problemWith(port) {
  // A listener on one family does not hinder a listener on the other, but a browser may reach either.
  for (const host of ["127.0.0.1", "::1"]) {
    const code = await tryToListen(host, port);
    if (code === "EADDRINUSE") return "is taken";
    if (code === "EACCES") return "may not be used by this user";
  }
  return undefined;
}

/**
 * @param {string} host
 * @param {number} port
 * @returns {Promise<string | undefined>} The error's code, if any.
 */
function tryToListen(host, port) {
  return new Promise((resolve) => {
    const server = net.createServer();
    server.once("error", (error) => resolve("code" in error ? String(error.code) : error.message));
    server.listen({ host, port, exclusive: true }, () => server.close(() => resolve(undefined)));
  });
}
