/** What the answers mean as the Worker's variables. No I/O. */
import { randomBytes } from "node:crypto";
import { variable } from "../dev-vars.mjs";
import { CLOUDS } from "./clouds.mjs";

/** @typedef {import("../dev-vars.mjs").DevVars} DevVars */
/** @typedef {import("./env-file.mjs").Changes} Changes */
/**
 * @typedef {object} Settled
 * @property {import("./clouds.mjs").Cloud} cloud
 * @property {string} tenant GUID; a domain where nothing was proved.
 * @property {string} clientId
 * @property {import("./token.mjs").Credential} credential
 * @property {string} org
 * @property {boolean} newKey
 */

/** What must never be shown. */
export const SECRET_VARIABLES = new Set([
  "MICROSOFT_CLIENT_SECRET",
  "MICROSOFT_CLIENT_CERTIFICATE",
  "TOKEN_ENCRYPTION_KEY",
]);

/** The ring of keys, under either name. @param {DevVars} vars */
export function hasKey(vars) {
  return variable(vars, "TOKEN_ENCRYPTION_KEY", "CREDENTIAL_ENCRYPTION_KEY").value !== undefined;
}

/** A fresh ring of one key, 32 bytes. */
export function freshKey() {
  return `k1:${randomBytes(32).toString("base64")}`;
}

/**
 * @param {Settled} settled
 * @param {DevVars} vars What is there now.
 * @returns {Changes}
 */
export function changesFor({ cloud, tenant, clientId, credential, org, newKey }, vars) {
  const standard = CLOUDS[cloud.name];
  const { value: clientBefore } = variable(vars, "MICROSOFT_CLIENT_ID", "MSCLIENTID");
  const sameClient = clientBefore?.toLowerCase() === clientId.toLowerCase();
  return {
    MICROSOFT_TENANT_ID: tenant,
    MICROSOFT_CLIENT_ID: clientId,
    ...credentialChanges(credential, vars, sameClient),
    MICROSOFT_TENANT_ORG: org,
    ...(cloud.name !== "global" || vars.MICROSOFT_CLOUD !== undefined ? { MICROSOFT_CLOUD: cloud.name } : {}),
    ...address("MICROSOFT_LOGIN_URL", cloud.login, standard.login, vars),
    ...address("MICROSOFT_GRAPH_URL", cloud.graph, standard.graph, vars),
    ...(newKey ? { TOKEN_ENCRYPTION_KEY: freshKey() } : {}),
  };
}

/**
 * The other kind of credential stays where it is the same application's: the Worker tries both. Another application's
 * would only be refused.
 *
 * @param {import("./token.mjs").Credential} credential
 * @param {DevVars} vars
 * @param {boolean} sameClient
 * @returns {Changes}
 */
function credentialChanges(credential, vars, sameClient) {
  const [own, other] =
    credential.kind === "secret"
      ? /** @type {const} */ (["MICROSOFT_CLIENT_SECRET", "MICROSOFT_CLIENT_CERTIFICATE"])
      : /** @type {const} */ (["MICROSOFT_CLIENT_CERTIFICATE", "MICROSOFT_CLIENT_SECRET"]);
  const value = credential.kind === "secret" ? credential.secret : credential.pem;
  // Of two secrets, while one is being replaced, the first was proved: both stay.
  if (credential.kind === "secret" && sameClient && firstSecret(vars) === value) return {};
  const stale = !sameClient && vars[other] !== undefined ? { [other]: null } : {};
  // It dates another secret.
  const dated = vars.MICROSOFT_CLIENT_SECRET_EXPIRES_AT !== undefined && credential.kind === "secret";
  const outdated = dated && vars.MICROSOFT_CLIENT_SECRET !== value ? { MICROSOFT_CLIENT_SECRET_EXPIRES_AT: null } : {};
  return { [own]: value, ...stale, ...outdated };
}

/**
 * The client secret that the Worker tries first.
 *
 * @param {DevVars} vars
 */
export function firstSecret(vars) {
  return variable(vars, "MICROSOFT_CLIENT_SECRET", "MSCLIENTSECRET").value?.split(",")[0]?.trim();
}

/**
 * @param {"MICROSOFT_LOGIN_URL" | "MICROSOFT_GRAPH_URL"} name
 * @param {string} url
 * @param {string} standard
 * @param {DevVars} vars
 * @returns {Changes}
 */
function address(name, url, standard, vars) {
  if (url !== standard) return { [name]: url };
  return vars[name] === undefined ? {} : { [name]: null };
}
