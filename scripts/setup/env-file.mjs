/** Changes variables in .dev.vars and leaves everything else in it as it stands. */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { parseDevVars, readAssignments } from "../dev-vars.mjs";
import { Trouble } from "../exit.mjs";

/** Variables to set; null takes one away. @typedef {Readonly<Record<string, string | null>>} Changes */

const HEADING = "# The tenant, as npm run setup proved it.";

/**
 * The text with its variables changed. A variable keeps its line and its comment; a new one comes last.
 *
 * @param {string} text
 * @param {Changes} changes
 * @throws {Trouble} Where the text cannot be read, or a value cannot be written.
 */
export function changeVariables(text, changes) {
  const eol = text.includes("\r\n") ? "\r\n" : "\n";
  const bom = text.startsWith("\uFEFF") ? "\uFEFF" : "";
  /** @type {(string | undefined)[]} */
  const lines = text.slice(bom.length).split(/\r?\n/);
  const there = new Set();
  // From the end: of several assignments the last counts, and no other may keep an old secret.
  for (const assignment of readAssignments(text).toReversed()) {
    const value = changes[assignment.name];
    if (value === undefined) continue;
    lines.fill(undefined, assignment.first, assignment.last + 1);
    if (value !== null && !there.has(assignment.name)) lines[assignment.first] = rewritten(assignment, value);
    there.add(assignment.name);
  }
  const added = Object.entries(changes).filter(([name, value]) => value !== null && !there.has(name));
  const kept = lines.filter((line) => line !== undefined).join(eol);
  const changed =
    bom +
    append(
      kept,
      added.map(([name, value]) => `${name}=${quoted(name, value ?? "")}`),
      eol,
    );
  checkWritten(changed, changes);
  return changed;
}

/**
 * @param {import("../dev-vars.mjs").Assignment} assignment
 * @param {string} value
 */
function rewritten({ name, head, comment }, value) {
  const tail = comment.startsWith("#") ? ` ${comment}` : comment;
  return head + quoted(name, value) + tail.trimEnd();
}

/**
 * @param {string} text
 * @param {readonly string[]} lines
 * @param {string} eol
 */
function append(text, lines, eol) {
  if (lines.length === 0) return text;
  const above = text.trimEnd();
  const heading = text.includes(HEADING) ? [] : [...(above === "" ? [] : [""]), HEADING];
  return [...(above === "" ? [] : [above]), ...heading, ...lines, ""].join(eol);
}

/**
 * @param {string} name
 * @param {string} value
 */
function quoted(name, value) {
  if (/^[\w~.:/+=@,-]*$/.test(value)) return value;
  if (/[\r\n]/.test(value)) {
    // In double quotes alone a line break can be written as \n, and a PEM has neither quotes nor backslashes.
    if (/["\\]/.test(value)) throw unwritable(name);
    return `"${value.trimEnd().replaceAll(/\r?\n/g, String.raw`\n`)}"`;
  }
  const quote = ["'", "`", '"'].find((candidate) => !value.includes(candidate) && !value.endsWith("\\"));
  if (quote === undefined) throw unwritable(name);
  return quote + value + quote;
}

/** @param {string} name */
function unwritable(name) {
  return new Trouble(`.dev.vars: ${name} has characters that the file cannot hold together`);
}

/**
 * @param {string} text
 * @param {Changes} changes
 */
function checkWritten(text, changes) {
  const vars = parseDevVars(text);
  for (const [name, value] of Object.entries(changes)) {
    if ((vars[name] ?? null) !== (value?.trimEnd() ?? null)) throw unwritable(name);
  }
}

/**
 * Changes the file in one step: what reads it meanwhile sees the old one or the new one, whole. Nobody else may read
 * it (0600).
 *
 * @param {string} file
 * @param {Changes} changes
 * @param {string} fresh What it begins as where there is none.
 */
export function changeFile(file, changes, fresh) {
  const there = existsSync(file);
  // A link stays a link.
  const target = there ? realpathSync(file) : file;
  const text = changeVariables(there ? readFileSync(target, "utf8") : fresh, changes);
  const temporary = `${target}.${process.pid}.tmp`;
  try {
    writeWhole(temporary, text);
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
}

/**
 * @param {string} file
 * @param {string} text
 */
function writeWhole(file, text) {
  const descriptor = openSync(file, "wx", 0o600);
  try {
    writeSync(descriptor, text);
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
