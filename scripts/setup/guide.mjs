/** The guide: asks, proves, stores, connects. What is asked first is what decides what is asked next. */
import { freshDevVars } from "../dev-vars.mjs";
import { askClientId, askCloud, askOrg, askTarget, askTenant } from "./answers.mjs";
import { askCredential } from "./credential.mjs";
import { connect } from "./connect.mjs";
import { cancelled, Ended, EXIT } from "./ended.mjs";
import { changeFile } from "./env-file.mjs";
import { askNewKey } from "./key.mjs";
import { prove } from "./prove.mjs";
import { capabilityReport } from "./report.mjs";
import { changesFor, hasKey } from "./variables.mjs";
import { commandsFor, listSecrets, putSecrets } from "./wrangler.mjs";

/** @typedef {import("./session.mjs").Session} Session */
/** @typedef {import("./prove.mjs").Claim} Claim */
/** @typedef {import("./prove.mjs").Proof} Proof */
/** @typedef {import("./variables.mjs").Settled} Settled */
/** What --json prints. @typedef {Record<string, unknown>} Result */

/**
 * @param {Session} opened
 * @param {boolean} fileExists
 * @returns {Promise<Result>}
 * @throws {Ended} Where somebody has to act; nothing was written then, unless the message says so.
 */
export async function guide(opened, fileExists) {
  const target = await askTarget(opened);
  // What this machine's Worker has says nothing of the deployed one.
  const session = target === "dev" ? opened : { ...opened, vars: {} };
  const claim = await askClaim(session);
  const { proved, proof } = await proveUntilDone(session, claim);
  const org = await askOrg(session);
  const tenant = proof?.tenant.id ?? proved.tenant;
  const settled = { ...proved, tenant, org };
  const stored = target === "dev" ? await storeHere(session, settled, fileExists) : await storeThere(session, settled);
  const connected = await connect(session, { target, settled }).catch((/** @type {unknown} */ error) => {
    const stopped = error instanceof Ended && error.exitCode === EXIT.cancelled;
    throw stopped ? cancelled("what was written stays, and nothing was begun after it") : error;
  });
  return { ...resultOf(settled, proof), stored, ...connected };
}

/**
 * @param {Session} session
 * @returns {Promise<Claim>}
 */
async function askClaim(session) {
  const cloud = await askCloud(session);
  const tenant = await askTenant(session);
  const clientId = await askClientId(session, tenant);
  // A script is told of everything that it forgot before anything is sent.
  if (session.prompter === undefined) await askOrg(session);
  const credential = await askCredential(session, clientId);
  return { cloud, tenant, clientId, credential };
}

/**
 * Where a person can be asked, what was refused is asked for anew until it is believed.
 *
 * @param {Session} session
 * @param {Claim} claim
 * @returns {Promise<{ proved: Claim, proof: Proof | undefined }>}
 */
async function proveUntilDone(session, claim) {
  const { flags, say, prompter } = session;
  if (flags.has("no-verify")) return { proved: claim, proof: undefined };
  let proved = claim;
  for (;;) {
    try {
      const proof = await prove(proved, (step) => say(`${step} …`));
      say(`\n${proof.tenant.name || proof.tenant.domain} (${proof.tenant.id})`);
      say(`${capabilityReport(proof.capabilities, proof.adminConsentUrl)}\n`);
      return { proved, proof };
    } catch (error) {
      if (!(error instanceof Ended) || prompter === undefined) throw error;
      say(error.message);
      if (!(await prompter.agree(QUESTIONS[error.more.about ?? "later"], true))) throw error;
      proved = await askAnew(session, proved, error.more.about);
    }
  }
}

/** @type {Readonly<Record<import("./ended.mjs").About, string>>} */
const QUESTIONS = {
  tenant: "Name the tenant again?",
  client: "Give the client ID again?",
  credential: "Give the credential again?",
  consent: "Has an administrator consented? Try again?",
  worker: "Try again?",
  later: "Try again?",
};

/**
 * @param {Session} session
 * @param {Claim} claim
 * @param {import("./ended.mjs").About | undefined} about
 * @returns {Promise<Claim>}
 */
async function askAnew(session, claim, about) {
  // A flag would only give the same again.
  const { flags } = session;
  const again = { ...session, flags: { ...flags, text: () => undefined, has: () => false } };
  if (about === "tenant") return { ...claim, tenant: await askTenant(again) };
  if (about === "client") return { ...claim, clientId: await askClientId(again, claim.tenant) };
  if (about === "credential") return { ...claim, credential: await askCredential(again, claim.clientId) };
  return claim;
}

/**
 * @param {Session} session
 * @param {Omit<Settled, "newKey">} settled
 * @param {boolean} fileExists
 */
async function storeHere(session, settled, fileExists) {
  const { vars, file, say } = session;
  // A fresh file comes with a key of its own.
  const newKey = fileExists && (await askNewKey(session, hasKey(vars)));
  const changes = changesFor({ ...settled, newKey }, vars);
  changeFile(file, changes, freshDevVars());
  const names = Object.keys(changes);
  say(`Wrote .dev.vars: ${names.join(", ")}`);
  say(
    "People who sign in with Microsoft are from now on of this tenant alone. npm start leaves the stand-in off, as long",
  );
  say("as .dev.vars names a client.");
  return { target: "dev", variables: names };
}

/**
 * @param {Session} session
 * @param {Omit<Settled, "newKey">} settled
 */
async function storeThere(session, settled) {
  const { flags, say } = session;
  if (!flags.has("run")) {
    const changes = changesFor({ ...settled, newKey: false }, {});
    say(`Set the Worker's secrets; each command asks for its value:\n\n${commandsFor(changes)}\n`);
    say(`Only where the Worker has no key yet:\n\n${commandsFor({ TOKEN_ENCRYPTION_KEY: "" })}\n`);
    return { target: "wrangler", variables: [] };
  }
  const there = await listSecrets();
  const keyThere = ["TOKEN_ENCRYPTION_KEY", "CREDENTIAL_ENCRYPTION_KEY"].some((name) => there.includes(name));
  const changes = changesFor({ ...settled, newKey: await askNewKey(session, keyThere) }, {});
  await putSecrets(changes, { onSet: (name) => say(`Set ${name}`) });
  return { target: "wrangler", variables: Object.keys(changes) };
}

/**
 * @param {Omit<Settled, "newKey">} settled
 * @param {Proof | undefined} proof
 * @returns {Result}
 */
function resultOf({ tenant, clientId, credential, cloud, org }, proof) {
  return {
    verified: proof !== undefined,
    tenant: proof?.tenant ?? { id: tenant },
    client_id: clientId,
    credential: credential.kind,
    cloud: cloud.name,
    org,
    ...(proof === undefined ? {} : { capabilities: proof.capabilities, admin_consent_url: proof.adminConsentUrl }),
  };
}
