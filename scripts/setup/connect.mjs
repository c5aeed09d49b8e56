/** Connects the tenant at a running Worker, and copies it. */
import { existsSync } from "node:fs";
import { readDevVars } from "../dev-vars.mjs";
import { baseUrl } from "./clouds.mjs";
import { Ended, refused } from "./ended.mjs";
import { textIn, member } from "./http.mjs";
import { progressOn, settles } from "./progress.mjs";
import { capabilityReport } from "./report.mjs";
import { isUp, workerAt } from "./worker.mjs";

/** @typedef {import("./session.mjs").Session} Session */
/** @typedef {Omit<import("./variables.mjs").Settled, "newKey">} Settled */

const POLL_MS = 1_000;
const MOST_LOST_POLLS = 30;

/**
 * @param {Session} session
 * @param {{ target: "dev" | "wrangler", settled: Settled }} what
 * @returns {Promise<{ connected?: unknown, run?: unknown }>} Empty where nothing was connected.
 */
export async function connect(session, { target, settled }) {
  const url = await chosenUrl(session, target);
  if (url === undefined) return {};
  const { flags, prompter, say, file } = session;
  // The file may have been written a moment ago, with the secret that callers' tokens are signed with.
  const vars = existsSync(file) ? readDevVars(file) : session.vars;
  const worker = workerAt({ ...session, vars }, url, settled.org);
  say("Connecting …");
  const body = flags.has("from-environment") ? {} : credentialBody(settled);
  const connected = await worker("POST", "/v1/microsoft/setup", body);
  say(`Connected ${textIn(member(connected, "tenant"), "name")}\n${workersReport(connected)}`);
  const wanted = flags.has("sync") || (await prompter?.agree("Copy the tenant now?", true));
  return wanted ? { connected, run: await copy(session, worker) } : { connected };
}

/**
 * Where to connect; undefined where nobody wants to.
 *
 * @param {Session} session
 * @param {"dev" | "wrangler"} target
 */
async function chosenUrl({ flags, env, prompter, say }, target) {
  const asked = flags.has("connect") || flags.has("sync");
  if (flags.has("no-connect") || (!asked && (prompter === undefined || target === "wrangler"))) return undefined;
  const usual = flags.text("url") ?? `http://localhost:${env.PORT ?? 8787}`;
  const url = baseUrl("--url", usual);
  if (!(await isUp(url))) {
    const words = `No Worker answers at ${url}. Start it (npm start), then: npm run setup -- --connect`;
    if (asked) throw refused(words, { about: "worker", code: "unreachable" });
    say(words);
    return undefined;
  }
  if (asked) return url;
  return (await prompter?.agree(`A Worker runs at ${url}. Connect the tenant there?`, true)) ? url : undefined;
}

/** @param {Settled} settled */
function credentialBody({ tenant, clientId, credential }) {
  const proof = credential.kind === "secret" ? { client_secret: credential.secret } : { certificate: credential.pem };
  return { tenant_id: tenant, client_id: clientId, ...proof };
}

/** @param {unknown} connected What the Worker answered. */
function workersReport(connected) {
  const capabilities = member(connected, "capabilities");
  const entries = typeof capabilities === "object" && capabilities !== null ? Object.entries(capabilities) : [];
  const urls = entries.map(([, value]) => textIn(value, "admin_consent_url"));
  const listed = entries.map(([resource, value]) => ({ resource, ...capabilityIn(value) }));
  return capabilityReport(
    listed,
    urls.find((url) => url !== ""),
  );
}

/** @param {unknown} value */
function capabilityIn(value) {
  const status = textIn(value, "status");
  const permissions = member(value, "permissions");
  const licence = textIn(value, "licence");
  const named = Array.isArray(permissions) ? permissions.map(String) : [];
  return {
    status: isStatus(status) ? status : /** @type {const} */ ("unknown"),
    missing: status === "available" ? [] : [...named, ...(licence === "" ? [] : [licence])],
  };
}

const STATUSES = ["available", "permission_missing", "licence_missing", "service_missing", "unknown"];

/**
 * @param {string} status
 * @returns {status is import("./probe.mjs").Status}
 */
function isStatus(status) {
  return STATUSES.includes(status);
}

/**
 * Copies everything, and shows how far it has come until it ends. Whoever stops watching does not stop the copy.
 *
 * @param {Session} session
 * @param {import("./worker.mjs").Worker} worker
 * @returns {Promise<unknown>} The run as it ended.
 */
async function copy({ flags, say, shown }, worker) {
  const path = `/v1/microsoft/runs/${encodeURIComponent(await begin(worker))}`;
  const progress = progressOn(flags.has("json") ? process.stderr : process.stdout, shown);
  for (let lost = 0; ;) {
    const run = await worker("GET", path).catch((/** @type {unknown} */ error) => {
      lost += 1;
      if (lost > MOST_LOST_POLLS) throw error;
    });
    if (run !== undefined) progress(run);
    if (run !== undefined && settles(run)) return ended(run, say);
    if (run !== undefined) lost = 0;
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

/**
 * Begins a copy; where one is under way already, it is that one that is watched.
 *
 * @param {import("./worker.mjs").Worker} worker
 * @returns {Promise<string>} The run's id.
 */
async function begin(worker) {
  try {
    return textIn(await worker("POST", "/v1/microsoft/sync", { sync_type: "full" }), "run_id");
  } catch (error) {
    if (error instanceof Ended && error.more.code === "conflict" && error.more.runId) return error.more.runId;
    throw error;
  }
}

/**
 * @param {unknown} run
 * @param {(text: string) => void} say
 */
function ended(run, say) {
  const status = textIn(run, "status");
  const approve = textIn(run, "approve_path");
  if (status === "held") say(`The copy is held: it would remove much at once. To let it: POST ${approve}`);
  if (status === "failed") throw refused("The copy failed: see above.", { about: "worker", code: "run_failed" });
  say(`The copy has ended: ${status}.`);
  return run;
}
