/** What a server said, made fit to be shown: one short printable line without our own secret. No I/O. */
import { redactText } from "../../lib/log.ts";
import { base64 } from "../sasl.ts";
import type { MailSecret } from "./login.ts";

const MAX_CHARS = 200;
/** So much of a long secret gives it away. */
const PIECE_CHARS = 12;
const CUT = "[redacted]";

/** `said` as it may be shown: secrets and pieces of them cut out, at most 200 characters. */
export function showable(said: string, of: { readonly username: string; readonly secret: MailSecret }): string {
  const line = said
    .slice(0, 5 * MAX_CHARS)
    .replaceAll(/[\p{C}\p{Z}]+/gu, " ")
    .trim();
  const clean = redactText(shapesOf(of).reduce(cutOut, line));
  return clean.length > MAX_CHARS ? `${clean.slice(0, MAX_CHARS - 1)}…` : clean;
}

/** Every form in which a server has seen the secret. */
function shapesOf({ username, secret }: { readonly username: string; readonly secret: MailSecret }): string[] {
  if (secret.kind === "password") {
    const { password } = secret;
    return [password, base64(password), base64(`\u0000${username}\u0000${password}`)];
  }
  // Three bytes make four characters: where the token begins decides which of three texts it becomes.
  const shifted = ["", "x", "xx"].map((before) => base64(`${before}${secret.accessToken}`).slice(4, -4));
  return [secret.accessToken, ...shifted];
}

function cutOut(text: string, secret: string): string {
  const whole = secret === "" ? text : text.replaceAll(secret, CUT);
  if (secret.length < PIECE_CHARS) return whole;
  let out = "";
  for (let at = 0; at < whole.length;) {
    const length = sharedFrom(whole, at, secret);
    out += length === 0 ? whole.charAt(at) : CUT;
    at += Math.max(1, length);
  }
  return out;
}

/** How many characters from `at` stand in the secret as they are; 0 where too few to tell. */
function sharedFrom(text: string, at: number, secret: string): number {
  let length = PIECE_CHARS;
  if (at + length > text.length || !secret.includes(text.slice(at, at + length))) return 0;
  while (at + length < text.length && secret.includes(text.slice(at, at + length + 1))) length += 1;
  return length;
}
