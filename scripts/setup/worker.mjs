/** The running Worker's routes for a tenant, called as one of its administrators. */
import { canSign } from "../welcome.mjs";
import { signToken } from "../sign-token.mjs";
import { refused, wrongUse } from "./ended.mjs";
import { send, textIn } from "./http.mjs";

/** @typedef {import("./session.mjs").Session} Session */
/** @typedef {(method: "GET" | "POST", path: string, body?: unknown) => Promise<unknown>} Worker Answers with the JSON of a success. */

const TOKEN_LIFE_S = 300;
const ANSWER_MS = 3_000;

/**
 * True where a Worker answers.
 *
 * @param {string} url
 */
export async function isUp(url) {
  try {
    const response = await fetch(`${url}/api/v1/health/microsoft/`, { signal: AbortSignal.timeout(ANSWER_MS) });
    await response.arrayBuffer();
    return response.ok;
  } catch {
    return false;
  }
}

/**
 * @param {Session} session
 * @param {string} url
 * @param {string} org
 * @returns {Worker}
 * @throws {import("./ended.mjs").Ended} Where there is no token to call with.
 */
export function workerAt(session, url, org) {
  const tokenOf = tokens(session, org);
  return async (method, path, body) => {
    const headers = { Authorization: `Bearer ${await tokenOf()}`, "Content-Type": "application/json" };
    const sent = body === undefined ? {} : { body: JSON.stringify(body) };
    const answer = await send(`${url}${path}`, { method, headers, ...sent });
    if (answer.status < 300) return answer.body;
    throw problem(answer);
  };
}

/**
 * @param {Session} session
 * @param {string} org
 * @returns {() => Promise<string>}
 */
function tokens({ flags, env, vars, hide }, org) {
  const name = flags.text("token-env");
  if (name !== undefined) {
    const token = env[name]?.trim();
    if (!token) throw wrongUse("--token-env: there is no such variable, or it is empty");
    hide(token);
    return () => Promise.resolve(token);
  }
  if (!canSign(vars))
    throw wrongUse("--token-env is missing: callers' tokens come from the issuer behind JWT_JWKS_URL");
  // Signed anew for each call: a first copy may outlive a token.
  const caller = { sub: "setup", roles: ["tenant_admin"], org, expiresInS: TOKEN_LIFE_S };
  return async () => {
    const token = await signToken(vars, caller);
    hide(token);
    return token;
  };
}

/** @param {import("./http.mjs").Answer} answer */
function problem({ status, body }) {
  const code = textIn(body, "code") || `HTTP ${status}`;
  const adminConsentUrl = textIn(body, "admin_consent_url");
  const words = textIn(body, "detail") || textIn(body, "title") || "The Worker refused.";
  const more = [textIn(body, "provider_code"), textIn(body, "reason")].filter((part) => part !== "");
  const mend = adminConsentUrl === "" ? "" : ` An administrator of the tenant opens: ${adminConsentUrl}`;
  return refused(`The Worker answered: ${words} (${[code, ...more].join(", ")})${mend}`, {
    about: "worker",
    code,
    runId: textIn(body, "run_id"),
  });
}
