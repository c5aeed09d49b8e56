/** The guide's way out: one function sends every request. */
import { setTimeout as pause } from "node:timers/promises";
import { refused } from "./ended.mjs";

const TIMEOUT_MS = 30_000;
const TRIES = 3;
const MOST_WAIT_MS = 10_000;
const WAIT_MS = 1_000;

/**
 * An answer, read whole. `body` is undefined where it is no JSON: proxies answer with pages.
 *
 * @typedef {{ status: number, body: unknown }} Answer
 */

/**
 * Sends a request; what is throttled or fails for a moment is sent again, as often as Retry-After allows.
 *
 * @param {string} url
 * @param {RequestInit} [init] A body must be text: it may be sent again.
 * @returns {Promise<Answer>}
 * @throws {import("./ended.mjs").Ended} Where nothing answers.
 */
export async function send(url, init = {}) {
  for (let tried = 1; ; tried += 1) {
    const response = await sendOnce(url, init);
    const waitMs = waitFor(response, tried);
    if (tried === TRIES || waitMs === undefined) {
      return { status: response.status, body: parse(await textOf(response, url)) };
    }
    await response.body?.cancel();
    await pause(waitMs);
  }
}

/**
 * @param {string} url
 * @param {RequestInit} init
 */
async function sendOnce(url, init) {
  try {
    // A redirect would carry the secret to wherever it points.
    return await fetch(url, { ...init, redirect: "error", signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    throw unreachable(url, error);
  }
}

/**
 * @param {Response} response
 * @param {string} url
 */
async function textOf(response, url) {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(url, error);
  }
}

/**
 * @param {string} url
 * @param {unknown} error
 */
function unreachable(url, error) {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  const code = cause instanceof Error && "code" in cause ? cause.code : undefined;
  const timedOut = error instanceof Error && error.name === "TimeoutError";
  const why = timedOut ? `no answer in ${TIMEOUT_MS / 1000} s` : String(code ?? "the connection failed");
  return refused(`${new URL(url).origin} cannot be reached (${why}). Check the network and the address.`, {
    about: "later",
    code: "unreachable",
  });
}

/**
 * How long to wait before the next try, in ms; undefined where there is to be none.
 *
 * @param {Response} response
 * @param {number} tried
 */
function waitFor(response, tried) {
  if (response.status !== 429 && response.status < 500) return undefined;
  const asked = Number(response.headers.get("Retry-After") ?? Number.NaN);
  const waitMs = Number.isFinite(asked) ? asked * 1000 : WAIT_MS * tried;
  return waitMs <= MOST_WAIT_MS ? waitMs : undefined;
}

/** @param {string} text */
function parse(text) {
  try {
    return /** @type {unknown} */ (JSON.parse(text));
  } catch {
    return undefined;
  }
}

/**
 * A member of a JSON object, undefined where there is none.
 *
 * @param {unknown} body
 * @param {string} name
 * @returns {unknown}
 */
export function member(body, name) {
  if (typeof body !== "object" || body === null || Array.isArray(body)) return undefined;
  return Object.hasOwn(body, name) ? /** @type {Record<string, unknown>} */ (body)[name] : undefined;
}

/**
 * A text of a JSON object; empty where there is none.
 *
 * @param {unknown} body
 * @param {string} name
 */
export function textIn(body, name) {
  const value = member(body, name);
  return typeof value === "string" ? value : "";
}
