import { mkdtempSync, readFileSync, statSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { checkDevVars, parseDevVars, readDevVars, variable, writeDevVars } from "../../scripts/dev-vars.mjs";

const SECRET = "a-secret-of-at-least-thirty-two-bytes";

function emptyFolder(): string {
  return mkdtempSync(path.join(os.tmpdir(), "dev-vars-"));
}

test("a fresh file passes its own check, is private, and differs each time", () => {
  const [one, two] = [path.join(emptyFolder(), ".dev.vars"), path.join(emptyFolder(), ".dev.vars")];
  expect(writeDevVars(one)).toBe(true);
  expect(writeDevVars(two)).toBe(true);
  const vars = readDevVars(one);
  expect(Object.keys(vars)).toEqual(["ENVIRONMENT", "JWT_SECRET_KEY", "TOKEN_ENCRYPTION_KEY"]);
  expect(vars.JWT_SECRET_KEY).not.toBe(readDevVars(two).JWT_SECRET_KEY);
  expect(vars.TOKEN_ENCRYPTION_KEY).not.toBe(readDevVars(two).TOKEN_ENCRYPTION_KEY);
  expect(Buffer.from(vars.TOKEN_ENCRYPTION_KEY?.replace("k1:", "") ?? "", "base64")).toHaveLength(32);
  expect(statSync(one).mode & 0o777).toBe(0o600);
});

test("a file that is there is never overwritten", () => {
  const file = path.join(emptyFolder(), ".dev.vars");
  writeFileSync(file, "MINE=1\n");
  expect(writeDevVars(file)).toBe(false);
  expect(readFileSync(file, "utf8")).toBe("MINE=1\n");
});

test("values are read as wrangler reads them", () => {
  const text = [
    "# a comment",
    "",
    "PLAIN = some text  # and a comment",
    "export EXPORTED=1",
    "EMPTY=",
    `SINGLE='a # b "c" \\n'`,
    `DOUBLE="one\\ntwo" # comment`,
    'TICKS=`it\'s "so"`',
    'MANY="[',
    "  1",
    ']"',
    "URL=https://example.com/?a=b",
    "LAST=1\r",
  ].join("\n");
  expect(parseDevVars(text)).toEqual({
    PLAIN: "some text",
    EXPORTED: "1",
    EMPTY: "",
    SINGLE: 'a # b "c" \\n',
    DOUBLE: "one\ntwo",
    TICKS: `it's "so"`,
    MANY: "[\n  1\n]",
    URL: "https://example.com/?a=b",
    LAST: "1",
  });
});

test.each([
  ["A=1\nnonsense", "line 2: expected NAME=value"],
  ["A=1\n\n# c\n=x", "line 4: expected NAME=value"],
  ['A="never closed\nB=1', 'line 1: expected a closing "'],
  ['A="closed" and more', 'line 1: expected a closing " and nothing after it'],
  ["A=secret#with-hash", "line 1: expected quotes around a value that contains a #"],
])("a line that cannot be read is named: %j", (text, message) => {
  expect(() => parseDevVars(text)).toThrow(`.dev.vars, ${message}`);
});

test.each([
  [{}, "JWT_SECRET_KEY is missing: expected 32 bytes or more"],
  [{ JWT_SECRET_KEY: "  " }, "JWT_SECRET_KEY is missing"],
  [{ JWT_SECRET_KEY: "short" }, "JWT_SECRET_KEY is too short: expected 32 bytes or more"],
  [{ SECRET_KEY: "short" }, "SECRET_KEY is too short"],
  [
    { JWT_SECRET_KEY: SECRET, TOKEN_ENCRYPTION_KEY: "k1:tooshort" },
    "TOKEN_ENCRYPTION_KEY: expected 32 bytes in base64",
  ],
  [{ JWT_SECRET_KEY: SECRET, CREDENTIAL_ENCRYPTION_KEY: "x" }, "CREDENTIAL_ENCRYPTION_KEY: expected 32 bytes"],
])("a variable without which nothing can start is named: %j", (vars, message) => {
  expect(() => checkDevVars(vars)).toThrow(`.dev.vars: ${message}`);
});

test("no message repeats a value", () => {
  const short = { JWT_SECRET_KEY: "hunter2" };
  const badRing = { JWT_SECRET_KEY: SECRET, TOKEN_ENCRYPTION_KEY: "hunter2" };
  for (const check of [() => checkDevVars(short), () => checkDevVars(badRing), () => parseDevVars("hunter2")]) {
    expect(check).toThrow(/^(?!.*hunter2)/s);
  }
});

test("what the Worker accepts is accepted", () => {
  const key = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";
  expect(() => checkDevVars({ SECRET_KEY: SECRET })).not.toThrow();
  expect(() => checkDevVars({ JWT_JWKS_URL: "https://issuer.example/jwks" })).not.toThrow();
  expect(() => checkDevVars({ JWT_SECRET_KEY: SECRET, TOKEN_ENCRYPTION_KEY: `new:${key}, old:${key}` })).not.toThrow();
  expect(() => checkDevVars({ JWT_SECRET_KEY: SECRET, CREDENTIAL_ENCRYPTION_KEY: key })).not.toThrow();
});

test("an empty variable counts as absent, so that its alias is read", () => {
  expect(variable({ A: " ", B: "b" }, "A", "B")).toEqual({ name: "B", value: "b" });
  expect(variable({}, "A", "B")).toEqual({ name: "A", value: undefined });
});
