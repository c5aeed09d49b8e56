import { writeFileSync, mkdtempSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { isDue, readCrons } from "../../scripts/local-crons.mjs";

// 2027-03-01 is a Monday.
test.each([
  ["* * * * *", "2027-03-01T09:07:00Z", true],
  ["*/15 * * * *", "2027-03-01T09:45:20Z", true],
  ["*/15 * * * *", "2027-03-01T09:46:00Z", false],
  ["0 3 * * *", "2027-03-01T03:00:59Z", true],
  ["0 3 * * *", "2027-03-01T04:00:00Z", false],
  ["10-20/5 * * * *", "2027-03-01T00:15:00Z", true],
  ["10-20/5 * * * *", "2027-03-01T00:16:00Z", false],
  ["7/20 * * * *", "2027-03-01T00:47:00Z", true],
  ["5,35 1,2 1 3 1", "2027-03-01T02:35:00Z", true],
  ["5,35 1,2 2 3 *", "2027-03-01T02:35:00Z", false],
])("%s at %s is due: %s", (expression, at, due) => {
  expect(isDue(expression, new Date(at))).toBe(due);
});

test("the crons are those of wrangler.toml", () => {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), "crons-")), "wrangler.toml");
  writeFileSync(file, '[triggers]\ncrons = [\n  "*/15 * * * *", # often\n  "0 3 * * *",\n]\n');
  expect(readCrons(file)).toEqual(["*/15 * * * *", "0 3 * * *"]);
  expect(readCrons(path.join(import.meta.dirname, "../../wrangler.toml"))).toContain("*/15 * * * *");
});
