/** The variables that a local Worker gets beside those in .dev.vars, which always win. No I/O. */
import { variable } from "./dev-vars.mjs";

/** @typedef {import("./dev-vars.mjs").DevVars} DevVars */
/** @typedef {{ worker: number, sandbox: number }} Ports */

/**
 * The clients that every new stand-in knows, and where it stands in for their providers.
 *
 * @type {Readonly<Record<"microsoft" | "google" | "notion", (sandbox: string) => Record<string, string>>>}
 */
export const SANDBOX_CLIENTS = {
  microsoft: (sandbox) => ({
    MICROSOFT_CLIENT_ID: "11111111-aaaa-4bbb-8ccc-000000000001",
    MICROSOFT_CLIENT_SECRET: "sandbox-secret",
    MICROSOFT_LOGIN_URL: sandbox,
    MICROSOFT_GRAPH_URL: sandbox,
  }),
  google: (sandbox) => ({
    GOOGLE_CLIENT_ID: "sandbox-google-client.apps.googleusercontent.com",
    GOOGLE_CLIENT_SECRET: "sandbox-google-secret",
    GOOGLE_ACCOUNTS_URL: `${sandbox}/google/accounts`,
    GOOGLE_TOKEN_URL: `${sandbox}/google/oauth2`,
    GOOGLE_API_URL: `${sandbox}/google/api`,
  }),
  notion: (sandbox) => ({
    NOTION_CLIENT_ID: "sandbox-notion-client",
    NOTION_CLIENT_SECRET: "sandbox-notion-secret",
    NOTION_API_URL: `${sandbox}/notion`,
  }),
};

/** @param {number} port */
export function addressOf(port) {
  return `http://localhost:${port}`;
}

/**
 * True where the Worker is to talk to the stand-in: without an app registration at Microsoft there is nothing else to
 * talk to.
 *
 * @param {DevVars} vars
 */
export function usesSandbox(vars) {
  const client = variable(vars, "MICROSOFT_CLIENT_ID", "MSCLIENTID", "MICROSOFT_OAUTH_CLIENT_ID").value;
  // `npm run setup` may have been tried against the stand-in: its own application is nobody else's.
  const login = variable(vars, "MICROSOFT_LOGIN_URL").value ?? "";
  const isItsOwn = client === SANDBOX_CLIENTS.microsoft("")["MICROSOFT_CLIENT_ID"];
  return client === undefined || (isItsOwn && /^http:\/\/(?:localhost|127\.0\.0\.1)(?::|\/|$)/.test(login));
}

/**
 * The providers besides Microsoft that can be connected, at the stand-in or with a client in .dev.vars.
 *
 * @param {DevVars} vars
 */
export function otherProviders(vars) {
  const has = (/** @type {string} */ name) => usesSandbox(vars) || variable(vars, name).value !== undefined;
  return [...(has("GOOGLE_CLIENT_ID") ? ["google", "youtube"] : []), ...(has("NOTION_CLIENT_ID") ? ["notion"] : [])];
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
    ...SANDBOX_CLIENTS.microsoft(sandbox),
    // A client of one's own goes to the real provider, though the rest may be the stand-in's.
    ...(variable(vars, "GOOGLE_CLIENT_ID").value === undefined ? SANDBOX_CLIENTS.google(sandbox) : {}),
    ...(variable(vars, "NOTION_CLIENT_ID").value === undefined ? SANDBOX_CLIENTS.notion(sandbox) : {}),
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
