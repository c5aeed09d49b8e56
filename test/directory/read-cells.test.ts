import { parse } from "csv-parse/sync";
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { headLine, lineOf, tableFields } from "../../src/directory/read/cells.ts";
import { TEXT } from "../../src/directory/read/fields.ts";

const PIECES = [
  "=",
  "+",
  "-",
  "@",
  "\t",
  "\r",
  "\n",
  "\r\n",
  '"',
  ",",
  ";",
  "'",
  " ",
  "\u00A0",
  "\u{FF1D}",
  "\u{FF0B}",
  "\u{FF0D}",
  "\u{FF20}",
  "a",
  "1",
  "🙂",
  "=HYPERLINK(1)",
];

/** Texts made of what CSV and spreadsheets trip over. */
const nasty = fc
  .array(fc.constantFrom(...PIECES), {
    maxLength: 12,
  })
  .map((parts) => parts.join(""));
const texts = fc.array(fc.tuple(nasty, fc.string({ unit: "binary" }), fc.oneof(nasty, fc.string())), { minLength: 1 });

const names = ["a", "b", "c"];
const table = tableFields({ a: TEXT, b: TEXT, c: TEXT }, names);
const rowOf = (values: readonly string[]) => Object.fromEntries(names.map((name, at) => [name, values[at] ?? null]));

/** Rows as whoever is strict reads them, and as whoever takes each CR or LF for the end of a row. */
const readings = (file: string) =>
  ["\r\n", ["\r\n", "\n", "\r"]].map((record_delimiter) =>
    parse(file, { record_delimiter, relax_column_count: false }),
  );

test("any texts come back whole from CSV, a row each, behind an apostrophe where they could be a formula", () => {
  fc.assert(
    fc.property(texts, (rows) => {
      const file = headLine(table) + rows.map((row) => lineOf(table, rowOf(row))).join("");
      for (const [head, ...found] of readings(file)) {
        expect(head).toEqual(names);
        expect(found).toHaveLength(rows.length);
        expect(found.map((row, at) => row.map((text, n) => (text === rows[at]?.[n] ? text : text.slice(1))))).toEqual(
          rows,
        );
        for (const text of found.flat())
          expect(text).not.toMatch(/^(?:\s*[=+\-@\u{FF1D}\u{FF0B}\u{FF0D}\u{FF20}]|[\t\r\n])/u);
      }
    }),
    { numRuns: 500 },
  );
});

test("no line of a file begins with a formula but inside of quotes", () => {
  fc.assert(
    fc.property(texts, (rows) => {
      const file = rows.map((row) => lineOf(table, rowOf(row))).join("");
      const outside = file.replaceAll(/"(?:[^"]|"")*"/g, "q");
      for (const line of outside.split(/\r\n|\r|\n/)) expect(line).not.toMatch(/^\s*[=+\-@]/);
    }),
  );
});

test("a line in the middle of a text is not a row that begins with a formula", () => {
  expect(lineOf(table, rowOf(["hello\n=HYPERLINK(1)", "\n=1", "one\rtwo"]))).toBe(
    `"hello\n=HYPERLINK(1)","'\n=1","one\rtwo"\r\n`,
  );
});

test("numbers stay numbers, whatever their sign", () => {
  expect(lineOf(table, { a: -5, b: true, c: null })).toBe("-5,true,\r\n");
});
