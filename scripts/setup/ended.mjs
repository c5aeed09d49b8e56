/** How the guide ends before its end. */
import { Trouble } from "../exit.mjs";

/** Exit codes: a script that drives the guide tells by them who has to act. */
export const EXIT = /** @type {const} */ ({ done: 0, refused: 1, wrongUse: 2, cancelled: 130 });

/**
 * What an answer has to be given anew for; `later` where nothing but time helps.
 *
 * @typedef {"tenant" | "client" | "credential" | "consent" | "worker" | "later"} About
 */

/** An end with an exit code of its own; its message is all that there is to say. */
export class Ended extends Trouble {
  /**
   * @param {string} message
   * @param {number} exitCode
   * @param {{ about?: About, code?: string, adminConsentUrl?: string, runId?: string }} [more] `code` is the refuser's own.
   */
  constructor(message, exitCode, more = {}) {
    super(message);
    this.exitCode = exitCode;
    this.more = more;
  }
}

/** @param {string} message Names the flag, and what was expected. Never a value. */
export function wrongUse(message) {
  return new Ended(message, EXIT.wrongUse);
}

/**
 * @param {string} message
 * @param {{ about: About, code?: string, adminConsentUrl?: string, runId?: string }} more
 */
export function refused(message, more) {
  return new Ended(message, EXIT.refused, more);
}

/**
 * Somebody pressed Ctrl-C.
 *
 * @param {string} [left] What is left behind.
 */
export function cancelled(left = "nothing was written") {
  return new Ended(`Cancelled: ${left}.`, EXIT.cancelled);
}
