/** How far a copy has come: a line for each resource, drawn over in a terminal, or as it changes elsewhere. */
import { member, textIn } from "./http.mjs";

const PLAIN_EVERY_MS = 10_000;

/**
 * True where a run goes no further by itself.
 *
 * @param {unknown} run
 */
export function settles(run) {
  return textIn(run, "ended_at") !== "" || textIn(run, "status") !== "running";
}

/**
 * @param {import("node:stream").Writable & { isTTY?: boolean, columns?: number }} output
 * @param {(value: unknown) => string} shown
 * @returns {(run: unknown) => void} Shows a run as it stands.
 */
export function progressOn(output, shown) {
  return output.isTTY ? drawn(output, shown) : plain(output, shown);
}

/**
 * @param {import("node:stream").Writable & { columns?: number }} output
 * @param {(value: unknown) => string} shown
 */
function drawn(output, shown) {
  let height = 0;
  return (/** @type {unknown} */ run) => {
    // A line that wraps would be two, and the next drawing would begin too low.
    const lines = linesOf(run).map(({ line }) => shown(line).slice(0, (output.columns ?? 80) - 1));
    const up = height === 0 ? "" : `\u001B[${height}A`;
    output.write(`${up}${lines.map((line) => `\u001B[2K${line}\n`).join("")}`);
    height = lines.length;
  };
}

/**
 * @param {import("node:stream").Writable} output
 * @param {(value: unknown) => string} shown
 */
function plain(output, shown) {
  /** @type {Map<string, { line: string, status: string, at: number }>} */
  const before = new Map();
  return (/** @type {unknown} */ run) => {
    for (const { resource, status, line } of linesOf(run)) {
      const last = before.get(resource);
      const due = last === undefined || last.status !== status || Date.now() - last.at >= PLAIN_EVERY_MS;
      if (!due || last?.line === line) continue;
      before.set(resource, { line, status, at: Date.now() });
      output.write(`${shown(line)}\n`);
    }
  };
}

/** @param {unknown} run */
function linesOf(run) {
  const resources = member(run, "resources");
  const list = /** @type {unknown[]} */ (Array.isArray(resources) ? resources : []);
  return list.map((one) => {
    const resource = textIn(one, "resource");
    const status = textIn(one, "status");
    return { resource, status, line: lineOf(one, resource, status) };
  });
}

/**
 * @param {unknown} one
 * @param {string} resource
 * @param {string} status
 */
function lineOf(one, resource, status) {
  const total = numberIn(one, "total");
  const counts = [
    `seen ${show(numberIn(one, "seen"))}${total === undefined ? "" : ` of ${show(total)}`}`,
    `written ${show(numberIn(one, "written"))}`,
    `removed ${show(numberIn(one, "removed"))}`,
    `pages ${show(numberIn(one, "pages"))}`,
  ];
  const left = numberIn(one, "remaining_s");
  if (left) counts.push(`about ${left} s left`);
  const reason = member(one, "reason");
  const why = textIn(reason, "detail");
  if (why !== "") counts.push(why);
  return `  ${resource.replaceAll("_", " ").padEnd(17)} ${status.padEnd(10)} ${counts.join("  ")}`;
}

/**
 * @param {unknown} value
 * @param {string} name
 */
function numberIn(value, name) {
  const number = member(value, name);
  return typeof number === "number" ? number : undefined;
}

/** @param {number | undefined} number */
function show(number) {
  return (number ?? 0).toLocaleString("en");
}
