/**
 * Comparing texts without case. SQLite folds ASCII alone; of other letters the usual spellings are asked for: as it was
 * sent, in small letters, in capitals, and with a capital at the start of each word.
 */

/** The spellings of a text that SQLite would tell apart. */
export function spellings(text: string): string[] {
  const small = text.toLowerCase();
  const titled = small.replaceAll(/(?<![\p{L}\p{M}\p{N}])\p{L}/gu, (letter) => letter.toUpperCase());
  const spelt = [text, small, text.toUpperCase(), titled];
  return [...new Map(spelt.map((one) => [folded(one), one])).values()];
}

function folded(text: string): string {
  return text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase());
}

/** What every text that begins with `text` is less than. */
export function beyond(text: string): string {
  return `${text}\u{10FFFF}`;
}
