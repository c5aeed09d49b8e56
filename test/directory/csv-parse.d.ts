/** csv-parse as it is used here, without Node's types. */

/** The cells of a CSV file (https://csv.js.org/parse/options/). */
export function parse(
  text: string,
  options: { readonly record_delimiter: string | readonly string[]; readonly relax_column_count?: boolean },
): string[][];
