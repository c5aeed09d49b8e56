/** The variables that a local Worker gets beside those in .dev.vars, which always win. No I/O. */
import { variable } from "./dev-vars.mjs";

/** @typedef {import("./dev-vars.mjs").DevVars} DevVars */
/** @typedef {{ worker: number, sandbox: number }} Ports */

/** The application that every new stand-in knows. */
const SANDBOX_CLIENT = {
  MICROSOFT_CLIENT_ID: "11111111-aaaa-4bbb-8ccc-000000000001",
  MICROSOFT_CLIENT_SECRET: "sandbox-secret",
};

/** @param {number} port */
export function addressOf(port) {
  return `http://localhost:${port}`;
}

/**
 * True where the Worker is to talk to the stand-in: without an app registration of its own there is nothing else to
 * talk to.
 *
 * @param {DevVars} vars
 */
export function usesSandbox(vars) {
  return variable(vars, "MICROSOFT_CLIENT_ID", "MSCLIENTID", "MICROSOFT_OAUTH_CLIENT_ID").value === undefined;
}

/**
 * @param {DevVars} vars
 * @param {Ports} ports
 * @returns {Record<string, string>}
 */
export function workerVariables(vars, ports) {
  const own = addressOf(ports.worker);
  const sandbox = addressOf(ports.sandbox);
  const defaults = { ENVIRONMENT: "development", PUBLIC_URL: own, RETURN_TO_ORIGINS: own };
  const unset = Object.entries(defaults).filter(([name]) => variable(vars, name).value === undefined);
  if (!usesSandbox(vars)) return Object.fromEntries(unset);
  return {
    ...Object.fromEntries(unset),
    ...SANDBOX_CLIENT,
    MICROSOFT_LOGIN_URL: sandbox,
    MICROSOFT_GRAPH_URL: sandbox,
  };
}

/**
 * @param {Ports} ports
 * @returns {Record<string, string>}
 */
export function sandboxVariables(ports) {
  return { SANDBOX_ORIGINS: addressOf(ports.worker) };
}

/**
 * As arguments of `wrangler dev`, which prefers them to .dev.vars.
 *
 * @param {Record<string, string>} variables
 */
export function variableFlags(variables) {
  return Object.entries(variables).flatMap(([name, value]) => ["--var", `${name}:${value}`]);
}
