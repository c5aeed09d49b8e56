/** Values of a query. Each reader gives the value or says what was expected. No I/O. */

/** What became of a value. */
export type Parsed<T> = { readonly value: T } | { readonly error: string };

/** Rows of a page at most. */
export const MOST_ROWS = 1_000;
/** Values of one parameter at most: any of them will do. */
export const MOST_VALUES = 50;
/** Characters of a text at most. */
export const MOST_TEXT = 256;
/** Days at most. */
export const MOST_DAYS = 3_650;

/** A yes or no. */
export function flag(value: string): Parsed<boolean> {
  return value === "true" || value === "false" ? { value: value === "true" } : { error: "expected true or false" };
}

const INSTANT = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,9})?(?:Z|[+-]\d{2}:\d{2})$/i;

/** RFC 3339 with an offset, as ms since the epoch. */
export function instant(value: string): Parsed<number> {
  const ms = INSTANT.test(value) ? Date.parse(value) : Number.NaN;
  return Number.isNaN(ms) ? { error: "expected a time with an offset, such as 2026-11-20T09:00:00Z" } : { value: ms };
}

/** A whole number in a range. */
export function whole(least: number, most: number): (value: string) => Parsed<number> {
  return (value) => {
    const number = /^-?\d{1,16}$/.test(value) ? Number(value) : Number.NaN;
    return number >= least && number <= most
      ? { value: number }
      : { error: `expected a number from ${least} to ${most}` };
  };
}

/** One of some words, whatever its case. */
export function oneOf<const T extends string>(words: readonly T[]): (value: string) => Parsed<T> {
  return (value) => {
    const word = words.find((one) => one.toLowerCase() === value.toLowerCase());
    return word === undefined ? { error: `expected one of ${words.join(", ")}` } : { value: word };
  };
}

/** A text that is not empty. */
export function text(most: number): (value: string) => Parsed<string> {
  return (value) => {
    if (value === "" || value.length > most) return { error: `expected 1 to ${most} characters` };
    return value.isWellFormed() && !value.includes("\0") ? { value } : { error: "expected text" };
  };
}
