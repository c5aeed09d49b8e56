/** Questions to a person. Ctrl-C at any of them ends the guide. */
import * as clack from "@clack/prompts";
import { cancelled } from "./ended.mjs";

/** @typedef {{ input?: import("node:stream").Readable, output?: import("node:stream").Writable }} Terminal */
/** @typedef {(value: string) => string | undefined} Check What is wrong with an answer. */
/**
 * @typedef {object} Prompter
 * @property {(message: string, options: { value: string, label: string, hint?: string }[], initial?: string) => Promise<string>} choose
 * @property {(message: string, check: Check, more?: { initial?: string, placeholder?: string }) => Promise<string>} text Blanks around it are cut.
 * @property {(message: string, check: Check) => Promise<string>} secret Never shown.
 * @property {(message: string, initial: boolean) => Promise<boolean>} agree
 */

/**
 * @param {Terminal} [terminal] Default: this process's.
 * @returns {Prompter}
 */
export function prompterOn(terminal = {}) {
  return {
    choose: async (message, options, initial) =>
      answered(
        await clack.select({
          message,
          options,
          ...(initial === undefined ? {} : { initialValue: initial }),
          ...terminal,
        }),
      ),
    text: async (message, check, { initial, placeholder } = {}) => {
      const more = { ...(initial ? { initialValue: initial } : {}), ...(placeholder ? { placeholder } : {}) };
      return answered(await clack.text({ message, validate: trimmed(check), ...more, ...terminal })).trim();
    },
    secret: async (message, check) =>
      answered(await clack.password({ message, validate: trimmed(check), clearOnError: true, ...terminal })).trim(),
    agree: async (message, initial) => answered(await clack.confirm({ message, initialValue: initial, ...terminal })),
  };
}

/** @param {Check} check */
function trimmed(check) {
  return (/** @type {string | undefined} */ value) => check((value ?? "").trim());
}

/**
 * @template Value
 * @param {Value | typeof clack.CANCEL_SYMBOL} value
 * @returns {Value}
 */
function answered(value) {
  if (value === clack.CANCEL_SYMBOL) throw cancelled();
  return value;
}
