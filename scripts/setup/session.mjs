/** What one run of the guide works with. */
import { text } from "node:stream/consumers";
import { wrongUse } from "./ended.mjs";

/**
 * @typedef {object} Session
 * @property {import("./flags.mjs").Flags} flags
 * @property {import("../dev-vars.mjs").DevVars} vars .dev.vars as it stands.
 * @property {Readonly<Record<string, string | undefined>>} env
 * @property {import("./prompter.mjs").Prompter | undefined} prompter Undefined where nobody is to be asked.
 * @property {(text: string) => void} say Without what was hidden.
 * @property {(secret: string) => void} hide
 * @property {(value: unknown) => string} shown As text, without what was hidden.
 * @property {() => Promise<string>} readStdin
 * @property {string} file .dev.vars.
 */

const LEAST_HIDDEN = 4;

/**
 * @param {Pick<Session, "flags" | "vars" | "env" | "prompter" | "file"> & { print: (text: string) => void }} given
 * @returns {Session}
 */
export function openSession({ print, ...given }) {
  /** @type {Set<string>} */
  const hidden = new Set();
  const shown = (/** @type {unknown} */ value) => {
    let seen = typeof value === "string" ? value : JSON.stringify(value, undefined, 2);
    for (const secret of hidden) seen = seen.replaceAll(secret, "…");
    return seen;
  };
  return {
    ...given,
    shown,
    say: (said) => print(shown(said)),
    // Whoever answers may quote what it was sent. What is very short stands in ordinary words too.
    hide: (secret) => void (secret.length >= LEAST_HIDDEN && hidden.add(secret)),
    readStdin,
  };
}

async function readStdin() {
  if (process.stdin.isTTY) {
    throw wrongUse("--secret-stdin: a terminal would show the secret; pipe it, or leave the flag out and be asked");
  }
  return text(process.stdin);
}
