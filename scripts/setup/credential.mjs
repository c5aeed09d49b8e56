/** Gathers what the application proves itself with. No secret is taken as an argument, and none is shown. */
import { existsSync } from "node:fs";
import { variable } from "../dev-vars.mjs";
import { Trouble } from "../exit.mjs";
import { parseCertificate, readCertificate } from "./certificate.mjs";
import { wrongUse } from "./ended.mjs";
import { secretDoubt, secretProblem } from "./forms.mjs";
import { firstSecret } from "./variables.mjs";

/** @typedef {import("./session.mjs").Session} Session */
/** @typedef {import("./token.mjs").Credential} Credential */

/**
 * @param {Session} session
 * @param {string} clientId
 * @returns {Promise<Credential>}
 */
export async function askCredential(session, clientId) {
  const credential = (await given(session, clientId)) ?? (await asked(session, clientId));
  session.hide(credential.kind === "secret" ? credential.secret : credential.key);
  return credential;
}

/**
 * @param {Session} session
 * @param {string} clientId
 * @returns {Promise<Credential | undefined>} Undefined where no flag says.
 */
async function given(session, clientId) {
  const { flags, env } = session;
  const file = flags.text("certificate");
  if (file !== undefined) return readCertificate(file);
  const name = flags.text("secret-env");
  if (name !== undefined) {
    // The name is not repeated: it may be the secret itself, given to the wrong flag.
    const secret = env[name]?.trim();
    if (!secret) throw wrongUse("--secret-env: there is no such variable, or it is empty");
    return checkedSecret(session, { flag: "--secret-env", secret, clientId });
  }
  if (!flags.has("secret-stdin")) return undefined;
  const secret = (await session.readStdin()).trim();
  return checkedSecret(session, { flag: "--secret-stdin", secret, clientId });
}

/**
 * @param {Session} session
 * @param {{ flag: string, secret: string, clientId: string }} taken
 * @returns {Credential}
 */
function checkedSecret({ say }, { flag, secret, clientId }) {
  const problem = secretProblem(secret, clientId);
  if (problem !== undefined) throw wrongUse(`${flag}: ${problem}`);
  const doubt = secretDoubt(secret);
  if (doubt !== undefined) say(doubt);
  return { kind: "secret", secret };
}

/**
 * @param {Session} session
 * @param {string} clientId
 */
async function asked(session, clientId) {
  const before = credentialIn(session.vars, clientId);
  const { prompter } = session;
  if (prompter === undefined) {
    if (before !== undefined) return before;
    throw wrongUse("--secret-stdin, --secret-env or --certificate: expected one of them");
  }
  const kept = before === undefined ? [] : [{ value: "keep", label: `The ${before.kind} that .dev.vars has` }];
  const kinds = [
    ...kept,
    { value: "secret", label: "A client secret" },
    { value: "certificate", label: "A certificate with its private key", hint: "PEM" },
  ];
  const kind = await prompter.choose("How does the application prove itself?", kinds);
  if (kind === "keep" && before !== undefined) return before;
  return kind === "certificate" ? askCertificate(prompter) : askSecret(session, prompter, clientId);
}

/**
 * What is there already, where it is this very application's.
 *
 * @param {import("../dev-vars.mjs").DevVars} vars
 * @param {string} clientId
 * @returns {Credential | undefined}
 */
function credentialIn(vars, clientId) {
  const same = variable(vars, "MICROSOFT_CLIENT_ID", "MSCLIENTID").value?.toLowerCase() === clientId.toLowerCase();
  if (!same) return undefined;
  const { value: pem } = variable(vars, "MICROSOFT_CLIENT_CERTIFICATE");
  if (pem !== undefined) return parseCertificate(pem.replaceAll(String.raw`\n`, "\n"), Date.now());
  const secret = firstSecret(vars);
  return secret ? { kind: "secret", secret } : undefined;
}

/**
 * @param {import("./prompter.mjs").Prompter} prompter
 * @returns {Promise<Credential>}
 */
async function askCertificate(prompter) {
  const file = await prompter.text("Path of the PEM file", problemWithFile);
  return readCertificate(file);
}

/** @param {string} file */
function problemWithFile(file) {
  if (!existsSync(file)) return "there is no such file";
  try {
    readCertificate(file);
    return undefined;
  } catch (error) {
    if (error instanceof Trouble) return error.message.replace("--certificate: ", "");
    throw error;
  }
}

/**
 * @param {Session} session
 * @param {import("./prompter.mjs").Prompter} prompter
 * @param {string} clientId
 * @returns {Promise<Credential>}
 */
async function askSecret({ say }, prompter, clientId) {
  for (;;) {
    const secret = await prompter.secret("Client secret (its Value)", (value) => secretProblem(value, clientId));
    const doubt = secretDoubt(secret);
    if (doubt === undefined) return { kind: "secret", secret };
    say(doubt);
    if (await prompter.agree("Use it all the same?", false)) return { kind: "secret", secret };
  }
}
