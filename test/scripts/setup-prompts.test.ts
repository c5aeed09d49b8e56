/** The guide as a person meets it: keys go in, a drawn screen comes out, both through the prompt library's own streams. */
import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import { PassThrough, Writable } from "node:stream";
import { stripVTControlCharacters } from "node:util";
import { afterEach, expect, test } from "vitest";
import { parseDevVars } from "../../scripts/dev-vars.mjs";
import { Ended } from "../../scripts/setup/ended.mjs";
import { readFlags } from "../../scripts/setup/flags.mjs";
import { guide } from "../../scripts/setup/guide.mjs";
import { prompterOn } from "../../scripts/setup/prompter.mjs";
import { openSession } from "../../scripts/setup/session.mjs";
import { at, CLIENT_ID, graphLists, microsoft, SECRET, type Server, TENANT } from "./setup-support.ts";

const MINE = `JWT_SECRET_KEY=a-secret-of-at-least-thirty-two-bytes\nTOKEN_ENCRYPTION_KEY=k1:AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n`;
const ENTER = "\r";
const DOWN = "\u001B[B";
const CTRL_C = "\u0003";

const started: Server[] = [];

afterEach(() => {
  for (const server of started.splice(0)) server.stop();
});

async function entra(): Promise<Server> {
  const server = await microsoft({ instead: graphLists() });
  started.push(server);
  return server;
}

/** What is typed once a question with these words stands on the screen. */
type Answers = readonly (readonly [question: string, keys: string])[];

/** Answers the guide's questions in their order, and gives what was left and shown. */
async function meet(server: Server, answers: Answers, args: readonly string[] = []) {
  const file = path.join(mkdtempSync(path.join(os.tmpdir(), "setup-prompts-")), ".dev.vars");
  writeFileSync(file, MINE);
  let screen = "";
  let seenTo = 0;
  const waiting = [...answers];
  const input = new PassThrough();
  const answerWhatStands = () => {
    const [question, keys] = waiting[0] ?? [];
    const found = question === undefined ? -1 : screen.indexOf(question, seenTo);
    if (found < 0 || keys === undefined) return;
    waiting.shift();
    seenTo = screen.length;
    setImmediate(() => input.write(keys));
  };
  const output = new Writable({
    write: (chunk, _, done) => {
      screen += stripVTControlCharacters(String(chunk));
      answerWhatStands();
      done();
    },
  });
  const session = openSession({
    flags: readFlags([...at(server), "--no-connect", ...args]),
    vars: parseDevVars(MINE),
    env: {},
    prompter: prompterOn({ input, output }),
    print: (text) => (screen += `${text}\n`),
    file,
  });
  const ended = await guide(session, true).catch((error: unknown) => error);
  const left = readdirSync(path.dirname(file));
  return { ended, screen, unasked: waiting.map(([question]) => question), file: readFileSync(file, "utf8"), left };
}

const HAPPY: Answers = [
  ["Where does the Worker run?", ENTER],
  ["Tenant:", `${TENANT}${ENTER}`],
  ["Application (client) ID", `${CLIENT_ID}${ENTER}`],
  ["How does the application prove itself?", ENTER],
  ["Client secret (its Value)", `${SECRET}${ENTER}`],
  ["Organisation", `contoso${ENTER}`],
  ["There is a TOKEN_ENCRYPTION_KEY already.", ENTER],
];

test("a person who answers every question has a proved tenant in .dev.vars, and the secret was never on the screen", async () => {
  const { ended, screen, unasked, file } = await meet(await entra(), HAPPY);
  expect(ended).toMatchObject({ verified: true, tenant: { id: TENANT } });
  expect(unasked).toEqual([]);
  expect(parseDevVars(file)).toMatchObject({ ...parseDevVars(MINE), MICROSOFT_CLIENT_SECRET: SECRET });
  expect(screen).toContain(CLIENT_ID);
  expect(screen).not.toContain(SECRET);
  expect(screen).not.toContain("sandbox-s");
});

test("what is not as it should be is asked for again, by its form at once and after Microsoft's refusal", async () => {
  const { ended, screen, unasked } = await meet(await entra(), [
    ...HAPPY.slice(0, 2),
    ["Application (client) ID", `contoso.example${ENTER}`],
    ["that is a domain", `${"\u007F".repeat(15)}${CLIENT_ID}${ENTER}`],
    ["How does the application prove itself?", ENTER],
    ["Client secret (its Value)", `${TENANT}${ENTER}`],
    ["Use it all the same?", "y"],
    ["Give the credential again?", ENTER],
    ["How does the application prove itself?", ENTER],
    ["Client secret (its Value)", `${SECRET}${ENTER}`],
    ...HAPPY.slice(-2),
  ]);
  expect(ended).toMatchObject({ verified: true });
  expect(unasked).toEqual([]);
  expect(screen).toContain("looks like the secret's ID");
  expect(screen).toContain("AADSTS7000215");
});

test("the key is replaced only after a second yes", async () => {
  const choose: Answers = [...HAPPY.slice(0, -1), ["There is a TOKEN_ENCRYPTION_KEY already.", `${DOWN}${ENTER}`]];
  const server = await entra();
  const no = await meet(server, [...choose, ["Replace it for good?", ENTER]]);
  expect(parseDevVars(no.file)["TOKEN_ENCRYPTION_KEY"]).toBe(parseDevVars(MINE)["TOKEN_ENCRYPTION_KEY"]);
  const yes = await meet(server, [...choose, ["Replace it for good?", "y"]]);
  expect(parseDevVars(yes.file)["TOKEN_ENCRYPTION_KEY"]).not.toBe(parseDevVars(MINE)["TOKEN_ENCRYPTION_KEY"]);
});

test.each(HAPPY.map(([question], index) => [question, index] as const))(
  "Ctrl-C at %j exits with 130 and leaves the file as it was",
  async (question, index) => {
    const { ended, file, left, unasked } = await meet(await entra(), [...HAPPY.slice(0, index), [question, CTRL_C]]);
    expect(unasked).toEqual([]);
    expect(ended).toBeInstanceOf(Ended);
    expect(ended).toMatchObject({ exitCode: 130, message: "Cancelled: nothing was written." });
    expect({ file, left }).toEqual({ file: MINE, left: [".dev.vars"] });
  },
);
