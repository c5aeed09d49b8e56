/** Gathers what the guide needs to know: from flags, from what is there already, or from a person. */
import { isCloud, cloudOf } from "./clouds.mjs";
import { variable } from "../dev-vars.mjs";
import { wrongUse } from "./ended.mjs";
import { clientIdProblem, orgProblem, tenantProblem } from "./forms.mjs";

/** @typedef {import("./session.mjs").Session} Session */

const TARGETS = [
  { value: "dev", label: "On this machine", hint: "writes .dev.vars" },
  { value: "wrangler", label: "Deployed on Cloudflare", hint: "wrangler secrets" },
];
const CLOUD_CHOICES = [
  { value: "global", label: "Global", hint: "and US government GCC" },
  { value: "usgov", label: "US government L4", hint: "GCC High" },
  { value: "dod", label: "US government L5", hint: "DoD" },
  { value: "china", label: "China", hint: "21Vianet" },
];
const SHARED_TENANTS = new Set(["common", "organizations", "consumers"]);

/**
 * Where the Worker runs.
 *
 * @param {Session} session
 * @returns {Promise<"dev" | "wrangler">}
 */
export async function askTarget({ flags, prompter }) {
  const given = flags.text("target") ?? (await prompter?.choose("Where does the Worker run?", TARGETS, "dev")) ?? "dev";
  return given === "wrangler" ? "wrangler" : "dev";
}

/**
 * @param {Session} session
 * @returns {Promise<import("./clouds.mjs").Cloud>}
 */
export async function askCloud({ flags, prompter, vars, env }) {
  const address = (/** @type {"login-url" | "graph-url"} */ flag, /** @type {string} */ name) =>
    flags.text(flag) ?? variable({ [name]: env[name] ?? "" }, name).value ?? variable(vars, name).value;
  const instead = {
    login: address("login-url", "MICROSOFT_LOGIN_URL"),
    graph: address("graph-url", "MICROSOFT_GRAPH_URL"),
  };
  const name = flags.text("cloud") ?? (await chooseCloud(prompter, vars.MICROSOFT_CLOUD, instead.login));
  if (!isCloud(name)) throw wrongUse("--cloud: expected global, usgov, dod or china");
  return cloudOf(name, instead);
}

/**
 * @param {Session["prompter"]} prompter
 * @param {string | undefined} before
 * @param {string | undefined} login A stand-in's: then there is nothing to choose.
 */
async function chooseCloud(prompter, before, login) {
  const usual = before ?? "global";
  if (prompter === undefined || login !== undefined) return usual;
  return prompter.choose("Which Microsoft cloud?", CLOUD_CHOICES, isCloud(usual) ? usual : "global");
}

/** @param {Session} session */
export function askTenant(session) {
  const before = variable(session.vars, "MICROSOFT_TENANT_ID", "MSTENANTID").value;
  return askText(session, {
    flag: "tenant",
    question: "Tenant: its GUID, or one of its domains",
    before: before === undefined || SHARED_TENANTS.has(before) ? undefined : before,
    placeholder: "contoso.onmicrosoft.com",
    check: tenantProblem,
  });
}

/**
 * @param {Session} session
 * @param {string} tenant
 */
export function askClientId(session, tenant) {
  return askText(session, {
    flag: "client-id",
    question: "Application (client) ID of the app registration",
    before: variable(session.vars, "MICROSOFT_CLIENT_ID", "MSCLIENTID").value,
    placeholder: "00000000-0000-0000-0000-000000000000",
    check: (value) => clientIdProblem(value, tenant),
  });
}

/** @param {Session} session */
export function askOrg(session) {
  return askText(session, {
    flag: "org",
    question: "Organisation that owns the tenant: the claim org of its callers' tokens",
    before: variable(session.vars, "MICROSOFT_TENANT_ORG").value,
    placeholder: "contoso",
    check: orgProblem,
  });
}

/**
 * @param {Session} session
 * @param {{ flag: "tenant" | "client-id" | "org", question: string, before: string | undefined, placeholder: string, check: import("./prompter.mjs").Check }} asked
 * @returns {Promise<string>}
 */
async function askText({ flags, prompter }, { flag, question, before, placeholder, check }) {
  const given = flags.text(flag)?.trim();
  if (given === undefined && prompter !== undefined) {
    return prompter.text(question, check, { placeholder, ...(before === undefined ? {} : { initial: before }) });
  }
  const value = given ?? before;
  if (value === undefined) throw wrongUse(`--${flag} is missing: ${check("")}`);
  const problem = check(value);
  if (problem !== undefined) throw wrongUse(`--${flag}: ${problem}`);
  return value;
}
