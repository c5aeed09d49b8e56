/** .dev.vars: the Worker's local variables. Read as wrangler reads it, but stricter: what wrangler skips is named. */
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { Trouble } from "./exit.mjs";

/** @typedef {Readonly<Record<string, string>>} DevVars */

const ASSIGNMENT = /^(\s*(?:export\s+)?([\w.-]+)\s*=[ \t]*)(.*)$/s;
const MIN_SECRET_BYTES = 32;
const MAKE_KEY = "make one with: openssl rand -base64 32";

/**
 * Writes the file with fresh keys unless there is one. True where it wrote.
 *
 * @param {string} file
 */
export function writeDevVars(file) {
  if (existsSync(file)) return false;
  // wx: a file that appears in between stays as it is. 0600: these keys open every stored token.
  writeFileSync(file, freshDevVars(), { mode: 0o600, flag: "wx" });
  return true;
}

/** A file of fresh keys, with room for the rest. */
export function freshDevVars() {
  return `# Local variables of the Worker. Never commit this file.
ENVIRONMENT=development
# Signs the callers' tokens; npm run token uses it.
JWT_SECRET_KEY=${randomBytes(32).toString("base64url")}
# Seals the stored grants: without it they cannot be opened again. Several as id:key,id:key: the first seals, all open.
TOKEN_ENCRYPTION_KEY=k1:${randomBytes(32).toString("base64")}

# To talk to Microsoft instead of the stand-in, fill in an app registration (Entra admin centre, App registrations)
# and register http://localhost:8787/api/v1/auth/microsoft/callback and …/api/v1/oauth/callback/microsoft there as
# redirect URIs of the platform Web.
# MICROSOFT_CLIENT_ID=
# MICROSOFT_CLIENT_SECRET=
# MICROSOFT_TENANT_ID=common
# Google's client (YouTube's too) and Notion's; their redirect URIs end in /api/v1/oauth/callback/google, …/youtube, …/notion.
# GOOGLE_CLIENT_ID=
# GOOGLE_CLIENT_SECRET=
# NOTION_CLIENT_ID=
# NOTION_CLIENT_SECRET=
`;
}

/**
 * Reads and checks the file; a missing one is empty.
 *
 * @param {string} file
 * @returns {DevVars}
 * @throws {Trouble} Naming the line or the variable, and what was expected. Never a value.
 */
export function readDevVars(file) {
  const vars = existsSync(file) ? parseDevVars(readFileSync(file, "utf8")) : {};
  checkDevVars(vars);
  return vars;
}

/**
 * @param {string} text
 * @returns {DevVars}
 * @throws {Trouble} On a line that is neither blank, nor a comment, nor NAME=value.
 */
export function parseDevVars(text) {
  return Object.fromEntries(readAssignments(text).map(({ name, value }) => [name, value]));
}

/**
 * A variable and where it stands. Lines are counted from zero; `head` is what precedes the value, `comment` what
 * follows it on its last line.
 *
 * @typedef {{ name: string, value: string, head: string, comment: string, first: number, last: number }} Assignment
 */

/**
 * Every assignment, in order: of several to one name the last counts.
 *
 * @param {string} text
 * @returns {Assignment[]}
 * @throws {Trouble} As {@link parseDevVars}.
 */
export function readAssignments(text) {
  /** @type {Assignment[]} */
  const found = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r?\n/);
  for (let at = 0; at < lines.length; at += 1) {
    const first = lines[at] ?? "";
    if (/^\s*(#|$)/.test(first)) continue;
    const [, head, name, written] = ASSIGNMENT.exec(first) ?? [];
    if (head === undefined || name === undefined || written === undefined) {
      throw lineTrouble(at, "expected NAME=value, or # and a comment");
    }
    const { value, comment, extraLines } = readValue(written, lines.slice(at + 1), at);
    found.push({ name, value, head, comment, first: at, last: at + extraLines });
    at += extraLines;
  }
  return found;
}

/**
 * @param {string} written What stands after the equals sign.
 * @param {readonly string[]} rest The lines below: a quoted value may go on there.
 * @param {number} at
 */
function readValue(written, rest, at) {
  const quote = /^["'`]/.exec(written)?.[0];
  if (quote === undefined) return { ...readPlain(written, at), extraLines: 0 };
  const closed = new RegExp(`^${quote}((?:\\\\${quote}|[^${quote}])*)${quote}([ \\t]*(?:#.*)?)$`);
  for (let extraLines = 0; extraLines <= rest.length; extraLines += 1) {
    const [, inner, comment = ""] = closed.exec([written, ...rest.slice(0, extraLines)].join("\n")) ?? [];
    if (inner !== undefined) return { value: unescape(inner, quote), comment, extraLines };
  }
  throw lineTrouble(at, `expected a closing ${quote} and nothing after it`);
}

/**
 * @param {string} written
 * @param {number} at
 */
function readPlain(written, at) {
  // wrangler cuts an unquoted value at any #: a secret that contains one would silently be another secret.
  if (/[^\s#]#/.test(written)) throw lineTrouble(at, "expected quotes around a value that contains a #");
  const [, value = "", comment = ""] = /^([^#]*?)(\s*(?:#.*)?)$/s.exec(written) ?? [];
  return { value: value.trim(), comment };
}

/**
 * Only double quotes know escapes for line ends.
 *
 * @param {string} inner
 * @param {string} quote
 */
function unescape(inner, quote) {
  return quote === '"' ? inner.replaceAll("\\n", "\n").replaceAll("\\r", "\r") : inner;
}

/**
 * Checks the variables without which nothing can start. The rest is the Worker's to check: its health route tells.
 *
 * @param {DevVars} vars
 * @throws {Trouble}
 */
export function checkDevVars(vars) {
  const secret = variable(vars, "JWT_SECRET_KEY", "SECRET_KEY");
  if (secret.value === undefined && !vars.JWT_JWKS_URL) {
    throw new Trouble(`.dev.vars: JWT_SECRET_KEY is missing: expected ${MIN_SECRET_BYTES} bytes or more; ${MAKE_KEY}`);
  }
  if (secret.value !== undefined && Buffer.byteLength(secret.value) < MIN_SECRET_BYTES) {
    throw new Trouble(
      `.dev.vars: ${secret.name} is too short: expected ${MIN_SECRET_BYTES} bytes or more; ${MAKE_KEY}`,
    );
  }
  const ring = variable(vars, "TOKEN_ENCRYPTION_KEY", "CREDENTIAL_ENCRYPTION_KEY");
  if (ring.value !== undefined && !isKeyRing(ring.value)) {
    throw new Trouble(`.dev.vars: ${ring.name}: expected 32 bytes in base64, or several as id:key,id:key; ${MAKE_KEY}`);
  }
}

/** @param {string} value */
function isKeyRing(value) {
  const parts = value.split(",").map((part) => part.trim());
  const keys = parts.filter((part) => part !== "");
  return keys.length > 0 && keys.every((key) => /^([\w-]{1,32}:)?[\w+/-]{43}=?$/.test(key));
}

/**
 * The first of `names` that has a value; empty counts as absent, as in the Worker.
 *
 * @param {DevVars} vars
 * @param {...string} names
 * @returns {{ name: string, value: string | undefined }}
 */
export function variable(vars, ...names) {
  const name = names.find((candidate) => (vars[candidate] ?? "").trim() !== "");
  return { name: name ?? names[0] ?? "", value: name === undefined ? undefined : vars[name] };
}

/**
 * @param {number} at Counted from zero.
 * @param {string} expected
 */
function lineTrouble(at, expected) {
  return new Trouble(`.dev.vars, line ${at + 1}: ${expected}`);
}
