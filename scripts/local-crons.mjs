/** Cron Triggers never fire by themselves in a local run; this rings them at their times. */
import { readFileSync } from "node:fs";
import { reasonOf } from "./exit.mjs";

const MINUTE_MS = 60_000;
/** Minute, hour, day of month, month and day of week, each with the range that `*` stands for. */
const FIELDS = /** @type {const} */ ([
  [0, 59],
  [0, 23],
  [1, 31],
  [1, 12],
  [0, 7],
]);

/**
 * The expressions under [triggers] of a wrangler.toml.
 *
 * @param {string} file
 */
export function readCrons(file) {
  const [, list = ""] = /^crons\s*=\s*\[([^\]]*)\]/m.exec(readFileSync(file, "utf8")) ?? [];
  return [...list.matchAll(/"([^"]+)"|'([^']+)'/g)].map(([, double, single]) => double ?? single ?? "");
}

/**
 * Rings whatever is due, every minute, for as long as the process lives; does not keep it alive.
 *
 * @param {readonly string[]} crons
 * @param {(cron: string) => Promise<unknown>} ring
 */
export function ringCrons(crons, ring) {
  const next = MINUTE_MS - (Date.now() % MINUTE_MS);
  setTimeout(() => {
    const now = new Date();
    for (const cron of crons.filter((expression) => isDue(expression, now))) ring(cron).catch(reportMiss);
    ringCrons(crons, ring);
  }, next).unref();
}

/** @param {unknown} error */
function reportMiss(error) {
  console.error(`A scheduled run could not be started: ${reasonOf(error)}`);
}

/**
 * True in the minutes, UTC, that a cron expression names.
 *
 * @param {string} expression
 * @param {Date} at
 */
export function isDue(expression, at) {
  const now = [at.getUTCMinutes(), at.getUTCHours(), at.getUTCDate(), at.getUTCMonth() + 1, at.getUTCDay()];
  const fields = expression.trim().split(/\s+/);
  return FIELDS.every((range, index) => allows(fields[index] ?? "*", range, now[index] ?? 0));
}

/**
 * @param {string} field Numbers, ranges, steps and lists of them; no names.
 * @param {readonly [number, number]} range
 * @param {number} value
 */
function allows(field, range, value) {
  return field.split(",").some((part) => {
    const [span = "*", step = "1"] = part.split("/");
    const [from, to] = span === "*" ? range : span.split("-").map(Number);
    const last = to ?? (part.includes("/") ? range[1] : from);
    return (
      from !== undefined && last !== undefined && value >= from && value <= last && (value - from) % Number(step) === 0
    );
  });
}
