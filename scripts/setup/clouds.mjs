/** Microsoft's national clouds: registration, tokens and the prefix of scopes are each cloud's own. No I/O. */
import { wrongUse } from "./ended.mjs";

/** Hosts per cloud, as the Worker has them. */
export const CLOUDS = /** @type {const} */ ({
  global: { login: "https://login.microsoftonline.com", graph: "https://graph.microsoft.com" },
  usgov: { login: "https://login.microsoftonline.us", graph: "https://graph.microsoft.us" },
  dod: { login: "https://login.microsoftonline.us", graph: "https://dod-graph.microsoft.us" },
  china: { login: "https://login.partner.microsoftonline.cn", graph: "https://microsoftgraph.chinacloudapi.cn" },
});

/** @typedef {keyof typeof CLOUDS} CloudName */

/**
 * Where Microsoft is reached. `resource` prefixes scopes and stays the cloud's own where `graph` is a stand-in or a
 * private link.
 *
 * @typedef {{ name: CloudName, login: string, graph: string, resource: string }} Cloud
 */

const LOOPBACK = new Set(["localhost", "127.0.0.1", "[::1]"]);

/**
 * @param {string} value
 * @returns {value is CloudName}
 */
export function isCloud(value) {
  return Object.hasOwn(CLOUDS, value);
}

/**
 * @param {CloudName} name
 * @param {{ login: string | undefined, graph: string | undefined }} instead Base URLs that replace the cloud's.
 * @returns {Cloud}
 */
export function cloudOf(name, instead) {
  const { login, graph } = CLOUDS[name];
  return {
    name,
    login: instead.login === undefined ? login : baseUrl("--login-url", instead.login),
    graph: instead.graph === undefined ? graph : baseUrl("--graph-url", instead.graph),
    resource: graph,
  };
}

/**
 * A base URL that secrets may be sent to: https, or http on this machine.
 *
 * @param {string} flag
 * @param {string} value
 * @returns {string} Without a trailing slash.
 */
export function baseUrl(flag, value) {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  const safe = url?.protocol === "https:" || (url?.protocol === "http:" && LOOPBACK.has(url.hostname));
  if (!url || !safe || url.username + url.password !== "" || url.search + url.hash !== "") {
    throw wrongUse(`${flag}: expected an address such as https://login.example.com, or http on this machine`);
  }
  return value.replace(/\/+$/, "");
}
