/** csv-stringify as it is used here: its own types bring Node's with them, and a Worker has none of those. */

/** Rows as CSV (RFC 4180; https://csv.js.org/stringify/options/). */
export function stringify(
  rows: readonly (readonly unknown[])[],
  options: { readonly record_delimiter: "windows"; readonly escape_formulas: boolean },
): string;
