/** What the guide can be told on the command line. No I/O. */
import { parseArgs } from "node:util";
import { wrongUse } from "./ended.mjs";

/** Each flag: what it takes (nothing where `takes` is absent), and what it says. */
const FLAGS = /** @type {const} */ ({
  target: { takes: "dev|wrangler", says: "write .dev.vars, or set the deployed Worker's secrets" },
  cloud: { takes: "NAME", says: "global (default), usgov, dod or china" },
  tenant: { takes: "ID", says: "the tenant's GUID or one of its domains" },
  "client-id": { takes: "ID", says: "the app registration's application (client) ID" },
  "secret-stdin": { says: "read the client secret from standard input" },
  "secret-env": { takes: "NAME", says: "read the client secret from this environment variable" },
  certificate: { takes: "FILE", says: "PEM with a certificate and its private key, instead of a secret" },
  org: { takes: "NAME", says: "the organisation (claim org) that owns the tenant" },
  "replace-key": { says: "with --yes: a new TOKEN_ENCRYPTION_KEY though there is one; what it sealed is lost" },
  "no-verify": { says: "do not prove anything against Microsoft" },
  run: { says: "with --target wrangler: set the secrets by wrangler instead of printing the commands" },
  connect: { says: "connect the tenant at the running Worker" },
  "no-connect": { says: "do not connect" },
  sync: { says: "with --connect: copy the tenant and show the progress" },
  url: { takes: "URL", says: "the running Worker; default http://localhost:8787" },
  "from-environment": { says: "with --connect: the Worker uses the credential of its own environment" },
  "token-env": { takes: "NAME", says: "a caller's token is in this variable; default: signed with .dev.vars" },
  "login-url": { takes: "URL", says: "instead of https://login.microsoftonline.com, for a stand-in" },
  "graph-url": { takes: "URL", says: "instead of https://graph.microsoft.com" },
  yes: { says: "ask nothing: take what is usual, and stop where something is missing" },
  json: { says: "print one JSON object; asks nothing" },
  help: { says: "this" },
});

/** Where a secret as an argument would stand for everybody to read: the process list, the shell's history. */
const NEVER = /** @type {const} */ (["secret", "client-secret", "password", "token", "key"]);

/** @typedef {Partial<Record<keyof typeof FLAGS, string>>} Given */
/**
 * @typedef {object} Flags
 * @property {(name: keyof typeof FLAGS) => string | undefined} text What a flag was given.
 * @property {(name: keyof typeof FLAGS) => boolean} has Whether it was given.
 */

/**
 * @param {readonly string[]} args
 * @returns {Flags}
 * @throws {import("./ended.mjs").Ended} On wrong use; no message repeats a value.
 */
export function readFlags(args) {
  const values = parse(args);
  const wrong = NEVER.find((name) => values[name] !== undefined);
  if (wrong !== undefined) throw secretAsFlag(wrong);
  refuseTogether(values);
  return {
    text: (name) => (typeof values[name] === "string" ? values[name] : undefined),
    has: (name) => values[name] !== undefined,
  };
}

/** @param {string} name */
function secretAsFlag(name) {
  return wrongUse(
    `--${name} is not taken: a secret on the command line stands in the process list. Pipe it to --secret-stdin, or name its variable with --secret-env`,
  );
}

const EXCLUSIVE = /** @type {const} */ ([
  ["secret-stdin", "secret-env", "certificate"],
  ["connect", "no-connect"],
  ["sync", "no-connect"],
]);

/** @param {Record<string, unknown>} values */
function refuseTogether(values) {
  for (const names of EXCLUSIVE) {
    const given = names.filter((name) => values[name] !== undefined);
    if (given.length > 1) throw wrongUse(`--${given.join(" and --")}: expected one of them`);
  }
  const target = values.target;
  if (target !== undefined && target !== "dev" && target !== "wrangler") {
    throw wrongUse("--target: expected dev or wrangler");
  }
  if (values.run !== undefined && target !== "wrangler") throw wrongUse("--run: expected with --target wrangler");
}

/**
 * @param {readonly string[]} args
 * @returns {Record<string, string | boolean | undefined>}
 */
function parse(args) {
  const known = Object.entries(FLAGS).map(([name, flag]) => [name, { type: "takes" in flag ? "string" : "boolean" }]);
  const never = NEVER.map((name) => [name, { type: "string" }]);
  const options = /** @type {Record<string, { type: "string" | "boolean", short?: string }>} */ (
    Object.fromEntries([...known, ...never])
  );
  const { values, positionals } = parseOrRefuse({ args: [...args], options, allowPositionals: true });
  // Not repeated: what stands behind --secret-stdin by mistake is the secret.
  if (positionals.length > 0) throw wrongUse(`an argument belongs to no flag\n${USAGE_HINT}`);
  return /** @type {Record<string, string | boolean | undefined>} */ (values);
}

const USAGE_HINT = "npm run setup -- --help says what there is";

/** @param {import("node:util").ParseArgsConfig} config */
function parseOrRefuse(config) {
  try {
    return parseArgs(config);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : undefined;
    const [, name] = /'(-{1,2}[a-z][a-z-]*)/.exec(error instanceof Error ? error.message : "") ?? [];
    const never = NEVER.find((one) => name === `--${one}`);
    if (never !== undefined) throw secretAsFlag(never);
    const wrong = code === "ERR_PARSE_ARGS_UNKNOWN_OPTION" ? "is no flag" : "is not given as expected";
    throw wrongUse(`${name ?? "A flag"} ${wrong}\n${USAGE_HINT}`);
  }
}

/** What --help prints. */
export function usage() {
  const rows = Object.entries(FLAGS).map(([name, flag]) => [
    `  --${name}${"takes" in flag ? ` ${flag.takes}` : ""}`,
    flag.says,
  ]);
  const width = Math.max(...rows.map(([flag = ""]) => flag.length)) + 2;
  const lines = rows.map(([flag = "", says = ""]) => `${flag.padEnd(width)}${says}`);
  return `usage: npm run setup [-- FLAGS]

Sets a tenant up: asks for what it needs, proves it against Microsoft, stores it, and connects it at a running Worker.
Each question has a flag; a terminal is needed only for what is not given.

${lines.join("\n")}

Exit codes: 0 done, 1 refused, 2 wrong use, 130 cancelled.`;
}
