/** Whether a new encryption key is to be made: what the old one sealed cannot be opened with a new one. */
import { wrongUse } from "./ended.mjs";

const CHOICES = [
  { value: "keep", label: "Keep it" },
  { value: "replace", label: "Replace it", hint: "every stored grant is lost" },
];

/**
 * @param {Pick<import("./session.mjs").Session, "flags" | "prompter">} session
 * @param {boolean} there Whether there is one.
 * @returns {Promise<boolean>}
 */
export async function askNewKey({ flags, prompter }, there) {
  if (!there) return true;
  if (prompter === undefined) {
    if (flags.has("replace-key") && !flags.has("yes")) {
      throw wrongUse("--replace-key: expected --yes as well, since what the present key sealed is lost");
    }
    return flags.has("replace-key");
  }
  if ((await prompter.choose("There is a TOKEN_ENCRYPTION_KEY already.", CHOICES, "keep")) === "keep") return false;
  return prompter.agree("Without the old key no stored grant can be opened again. Replace it for good?", false);
}
