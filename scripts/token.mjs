/** npm run token: prints a signed caller token for local use, and nothing else, so that a shell can capture it. */
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import { readDevVars } from "./dev-vars.mjs";
import { reasonOf, run, Trouble } from "./exit.mjs";
import { ensureInstalled } from "./install.mjs";
import { DEV_VARS } from "./paths.mjs";

const USAGE = `usage: npm run --silent token -- --sub NAME [--roles user,operator] [--scope "tokens:read proxy"]
       [--teacher-id ID] [--org ID] [--expires-in SECONDS] [--issuer TEXT] [--audience TEXT]`;

const OPTIONS = /** @type {const} */ ({
  sub: { type: "string" },
  roles: { type: "string", multiple: true },
  scope: { type: "string" },
  "teacher-id": { type: "string" },
  org: { type: "string" },
  "expires-in": { type: "string", default: "3600" },
  issuer: { type: "string" },
  audience: { type: "string" },
  help: { type: "boolean", short: "h" },
});

await run(async () => {
  const values = readArguments();
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const request = requestOf(values);
  if (!existsSync(DEV_VARS)) throw new Trouble("There is no .dev.vars to take the secret from: npm start writes one");
  const vars = readDevVars(DEV_VARS);
  await ensureInstalled();
  const { signToken } = await import("./sign-token.mjs");
  console.log(await signToken(vars, request));
});

function readArguments() {
  try {
    return parseArgs({ options: OPTIONS }).values;
  } catch (error) {
    throw new Trouble(`${reasonOf(error)}\n${USAGE}`);
  }
}

/**
 * @param {ReturnType<typeof readArguments>} values
 * @returns {import("./sign-token.mjs").TokenRequest}
 */
function requestOf(values) {
  if (!values.sub) throw new Trouble(`--sub is missing: expected whom the token speaks for\n${USAGE}`);
  const expiresInS = Number(values["expires-in"]);
  if (!Number.isInteger(expiresInS)) throw new Trouble("--expires-in: expected a whole number of seconds");
  const { sub, scope, org, issuer, audience } = values;
  const given = { scope, org, issuer, audience, teacherId: values["teacher-id"], roles: rolesOf(values.roles) };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return { sub, expiresInS, ...Object.fromEntries(set) };
}

/** @param {readonly string[] | undefined} given Comma-separated, repeated, or both. */
function rolesOf(given) {
  const roles = given?.flatMap((part) => part.split(/[\s,]+/)).filter((role) => role !== "");
  return roles?.length ? roles : undefined;
}
