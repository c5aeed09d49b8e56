import { expect, test } from "vitest";
import { describeFailure, satisfies } from "../../scripts/install.mjs";

const LOCK = {
  "": {},
  "node_modules/hono": { version: "4.0.0", integrity: "sha512-a" },
  "node_modules/for-another-system": { version: "1.0.0", integrity: "sha512-b", optional: true },
};
const HONO = { "node_modules/hono": { version: "4.0.0", integrity: "sha512-a" } };

test("an installation without the packages of other systems is complete", () => {
  expect(satisfies(HONO, LOCK)).toBe(true);
});

test.each([
  ["a package is missing", {}],
  ["a version differs", { "node_modules/hono": { version: "4.0.1", integrity: "sha512-a" } }],
  ["contents differ", { "node_modules/hono": { version: "4.0.0", integrity: "sha512-z" } }],
  ["there is one package too many", { ...HONO, "node_modules/gone": { version: "1.0.0", integrity: "sha512-c" } }],
])("the dependencies are installed again when %s", (_, present) => {
  expect(satisfies(present, LOCK)).toBe(false);
});

test("a missing network is told in one line, whatever npm printed", () => {
  const output = "npm error code ENOTFOUND\nnpm error errno ENOTFOUND\nnpm error network request to x failed\n";
  const said = describeFailure(output);
  expect(said).toMatch(/cannot be reached \(ENOTFOUND\)/);
  expect(said).not.toContain("\n");
});

test("another failure of npm is told with its first reason", () => {
  const output = "npm error code EUSAGE\nnpm error\nnpm error The lock file and package.json differ.\nnpm error more\n";
  expect(describeFailure(output)).toBe(
    "Cannot install the dependencies: npm ci failed: The lock file and package.json differ.",
  );
});
