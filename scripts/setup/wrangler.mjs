/** The deployed Worker's secrets: as commands to copy, or set by wrangler. Values go by standard input alone. */
import { spawn } from "node:child_process";
import path from "node:path";
import { BIN, ROOT, toolEnvironment } from "../paths.mjs";
import { refused } from "./ended.mjs";
import { SECRET_VARIABLES } from "./variables.mjs";

/** @typedef {import("./env-file.mjs").Changes} Changes */

const MAKE_KEY = `echo "k1:$(openssl rand -base64 32)" | `;

/**
 * @param {Changes} changes
 * @returns {string} Without a secret: what is none stands behind its command.
 */
export function commandsFor(changes) {
  const lines = Object.entries(changes).map(([name, value]) => {
    if (value === null) return `npx wrangler secret delete ${name}`;
    if (name === "TOKEN_ENCRYPTION_KEY") return `${MAKE_KEY}npx wrangler secret put ${name}`;
    if (name === "MICROSOFT_CLIENT_CERTIFICATE") return `npx wrangler secret put ${name} < the-certificate.pem`;
    return `npx wrangler secret put ${name}${SECRET_VARIABLES.has(name) ? "" : `   # ${value}`}`;
  });
  return lines.join("\n");
}

/** How wrangler is run. */
const WRANGLER = /** @type {const} */ ([path.join(BIN, "node"), path.join(BIN, "wrangler")]);

/**
 * Names of the secrets that the deployed Worker has.
 *
 * @param {readonly string[]} [command]
 * @returns {Promise<string[]>}
 */
export async function listSecrets(command = WRANGLER) {
  const listed = await run([...command, "secret", "list", "--format", "json"], "");
  const names = [...listed.matchAll(/"name"\s*:\s*"([^"]+)"/g)].map(([, name = ""]) => name);
  return names;
}

/**
 * Sets the secrets one by one.
 *
 * @param {Changes} changes
 * @param {{ command?: readonly string[], onSet: (name: string) => void }} options
 * @throws {import("./ended.mjs").Ended} Naming the variable at which wrangler failed.
 */
export async function putSecrets(changes, { command = WRANGLER, onSet }) {
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) continue;
    await run([...command, "secret", "put", name], value);
    onSet(name);
  }
}

/**
 * @param {readonly string[]} command
 * @param {string} input
 * @returns {Promise<string>} What it printed.
 */
async function run([program = "", ...args], input) {
  const child = spawn(program, args, { cwd: ROOT, env: toolEnvironment(), stdio: ["pipe", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (chunk) => (output += String(chunk)));
  // A program that ends early closes the pipe: its exit code says more.
  child.stdin.on("error", () => undefined).end(input);
  /** @type {number | null} */
  const code = await new Promise((resolve) => child.on("error", () => resolve(null)).on("close", resolve));
  if (code === 0) return output;
  const said = input === "" ? output : output.replaceAll(input.trim(), "…");
  throw refused(`wrangler ${args.slice(1, 4).join(" ")} failed.\n${said.trim()}`, {
    about: "worker",
    code: "wrangler",
  });
}
