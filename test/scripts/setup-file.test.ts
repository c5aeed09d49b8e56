/** How .dev.vars is changed, and how a deployed Worker's secrets are set. */
import {
  chmodSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import os from "node:os";
import path from "node:path";
import { expect, test } from "vitest";
import { parseDevVars } from "../../scripts/dev-vars.mjs";
import { changeFile, changeVariables } from "../../scripts/setup/env-file.mjs";
import { changesFor } from "../../scripts/setup/variables.mjs";
import { cloudOf } from "../../scripts/setup/clouds.mjs";
import { listSecrets, putSecrets } from "../../scripts/setup/wrangler.mjs";

function folder(): string {
  return mkdtempSync(path.join(os.tmpdir(), "setup-file-"));
}

test("a variable keeps its line, its export and its comment, and nothing else changes", () => {
  const text = ["# first", "export A = old  # why", "", "B='x' # b", 'C="1', '2" # c', "D=4", ""].join("\n");
  const changed = changeVariables(text, { A: "new", C: "three", E: "five" });
  expect(changed).toBe(
    [
      "# first",
      "export A = new  # why",
      "",
      "B='x' # b",
      "C=three # c",
      "D=4",
      "",
      "# The tenant, as npm run setup proved it.",
      "E=five",
      "",
    ].join("\n"),
  );
  expect(changeVariables(changed, { F: "6" })).toBe(`${changed}F=6\n`);
});

test("of several lines for one variable one is left, with the new value", () => {
  expect(changeVariables("A=1\nB=2\nA=3\n", { A: "4" })).toBe("B=2\nA=4\n");
  expect(changeVariables("A=1\nB=2\nA=3\n", { A: null })).toBe("B=2\n");
});

test("line ends and a byte order mark stay as they are", () => {
  expect(changeVariables("\uFEFFA=1\r\nB=2\r\n", { A: "3", C: "4" })).toBe(
    "\uFEFFA=3\r\nB=2\r\n\r\n# The tenant, as npm run setup proved it.\r\nC=4\r\n",
  );
});

test.each([
  "plain",
  "a#b",
  "it's",
  'a "b" c',
  "`'",
  "$HOME",
  "tail ~.-_",
  "line\nbreak",
  String.raw`back\nslash`,
  "a=b",
  "",
])("what is written is read again: %j", (value) => {
  for (const text of ["", "A=old # why\nB=2\n"]) {
    expect(parseDevVars(changeVariables(text, { A: value }))).toMatchObject({ A: value });
  }
});

test.each([`h1\`'"`, String.raw`h1'\` in double quotes alone, where \n is a line end`])(
  "a value that the file cannot hold is refused without being told: %j",
  (value) => {
    expect(() => changeVariables("", { A: value })).toThrow(/^\.dev\.vars: A has characters that(?!.*h1)/);
  },
);

test("a file that cannot be read stays as it is", () => {
  const file = path.join(folder(), ".dev.vars");
  writeFileSync(file, "A=1\nnonsense\n");
  expect(() => changeFile(file, { A: "2" }, "")).toThrow(".dev.vars, line 2");
  expect(readFileSync(file, "utf8")).toBe("A=1\nnonsense\n");
  expect(readdirSync(path.dirname(file))).toEqual([".dev.vars"]);
});

test("a file becomes private, a link stays a link, and nothing is left beside it", () => {
  const [here, there] = [folder(), folder()];
  const file = path.join(there, "vars");
  writeFileSync(file, "A=1\n");
  chmodSync(file, 0o644);
  symlinkSync(file, path.join(here, ".dev.vars"));
  changeFile(path.join(here, ".dev.vars"), { A: "2" }, "");
  expect(readFileSync(file, "utf8")).toBe("A=2\n");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(lstatSync(path.join(here, ".dev.vars")).isSymbolicLink()).toBe(true);
  expect(readdirSync(there)).toEqual(["vars"]);
});

const SETTLED = {
  cloud: cloudOf("global", { login: undefined, graph: undefined }),
  tenant: "7d1f0c2e-5b9a-4a1e-9b7e-3f1f2a3b4c5d",
  clientId: "11111111-aaaa-4bbb-8ccc-000000000001",
  credential: { kind: "secret" as const, secret: "new-secret" },
  org: "contoso",
  newKey: false,
};

test("another application's credential, date and address go; the same one's certificate stays", () => {
  const before = {
    MICROSOFT_CLIENT_ID: "22222222-aaaa-4bbb-8ccc-000000000001",
    MICROSOFT_CLIENT_SECRET: "old-secret",
    MICROSOFT_CLIENT_CERTIFICATE: "pem",
    MICROSOFT_CLIENT_SECRET_EXPIRES_AT: "2027-03-01",
    MICROSOFT_LOGIN_URL: "http://localhost:8788",
    MICROSOFT_CLOUD: "china",
  };
  expect(changesFor(SETTLED, before)).toEqual({
    MICROSOFT_TENANT_ID: SETTLED.tenant,
    MICROSOFT_CLIENT_ID: SETTLED.clientId,
    MICROSOFT_CLIENT_SECRET: "new-secret",
    MICROSOFT_CLIENT_CERTIFICATE: null,
    MICROSOFT_CLIENT_SECRET_EXPIRES_AT: null,
    MICROSOFT_TENANT_ORG: "contoso",
    MICROSOFT_CLOUD: "global",
    MICROSOFT_LOGIN_URL: null,
  });
  const same = changesFor(SETTLED, { ...before, MICROSOFT_CLIENT_ID: SETTLED.clientId.toUpperCase() });
  expect(same).not.toHaveProperty("MICROSOFT_CLIENT_CERTIFICATE");
});

/** A wrangler that writes down how it was called and what it was sent. */
function fakeWrangler(exitCode = 0): { command: string[]; log: () => string[] } {
  const file = path.join(folder(), "wrangler.mjs");
  const log = `${file}.log`;
  writeFileSync(
    file,
    `import { appendFileSync, readFileSync } from "node:fs";
     const input = readFileSync(0, "utf8");
     appendFileSync(${JSON.stringify(log)}, process.argv.slice(2).join(" ") + " <- " + input + "\\n");
     console.log(process.argv[3] === "list" ? '[{"name": "ONE", "type": "secret_text"}]' : "failed with " + input);
     process.exit(${exitCode});`,
  );
  writeFileSync(log, "");
  return { command: [process.execPath, file], log: () => readFileSync(log, "utf8").trim().split("\n") };
}

test("secrets go to wrangler by standard input, one by one", async () => {
  const { command, log } = fakeWrangler();
  const set: string[] = [];
  await putSecrets({ ONE: "first", TWO: "second", GONE: null }, { command, onSet: (name) => set.push(name) });
  expect(log()).toEqual(["secret put ONE <- first", "secret put TWO <- second"]);
  expect(set).toEqual(["ONE", "TWO"]);
  expect(await listSecrets(command)).toEqual(["ONE"]);
});

test("where wrangler fails its words are told without the secret", async () => {
  const { command } = fakeWrangler(1);
  const failed = putSecrets({ ONE: "the-secret" }, { command, onSet: () => undefined });
  await expect(failed).rejects.toThrow("wrangler secret put ONE failed.\nfailed with …");
});
