/**
 * The one function that sends an outbound request (facts: RFC 9110 section 10.2.3 for Retry-After); what is passed on and
 * held by nobody goes by its sibling in http-stream.ts.
 *
 * It does not judge an answer: any HTTP status that came back is returned. What it decides is whether a request may
 * be repeated: a safe method always; anything else only when the caller says that nothing is lost by a second try
 * (`repeat: "when-unanswered"`) and no answer was received at all.
 */
import type { Clock } from "./clock.ts";
import { type Failure, failure } from "./errors.ts";
import type { Logger } from "./log.ts";

/** How fetch is reached; tests and the fault schedule pass their own. */
export type Fetch = (request: Request) => Promise<Response>;

/** What {@link Sender.send} needs to know of one request. */
export interface Outbound {
  readonly url: string | URL;
  readonly method?: "GET" | "POST" | "PATCH" | "PUT" | "DELETE";
  readonly headers?: Record<string, string>;
  /** Where each try needs a body of its own, how it is made. */
  readonly body?: string | (() => Promise<string>);
  /** A short name for the log: the operation, never the full URL. */
  readonly label: string;
  /** Hard limit for one try, ms, until the whole body is read. */
  readonly timeoutMs: number;
  /** May a non-GET be sent again? `when-unanswered`: once, where nothing was received at all. `idempotent`: like a GET. Default: `never`. */
  readonly repeat?: "never" | "when-unanswered" | "idempotent";
  /** Name of a header that carries a fresh request id with each try; the log has it too. */
  readonly requestIdHeader?: string;
  /** Within this time from the start all waits and further tries must end, ms. Default 0: one try alone. */
  readonly budgetMs?: number;
  /** Statuses that are worth another try within the budget. */
  readonly retryStatuses?: readonly number[];
  /** The largest answer that is read, bytes. Default 8 MiB. */
  readonly maxBytes?: number;
}

/** An answer whose body has been read whole, so that no connection dangles. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  /** Seconds from `Retry-After`, when it was sent. */
  readonly retryAfterS: number | undefined;
  /** How many tries it took: more than one means that earlier ones may have done their work unheard. */
  readonly tries: number;
}

/** Sends requests to providers. */
export interface Sender {
  /** Failures: `provider_timeout`, `provider_unavailable` (no answer at all). */
  send(outbound: Outbound): Promise<Answer>;
}

const MAX_TRIES = 3;
/** What may be lost is sent twice at most. */
const MAX_UNSAFE_TRIES = 2;
/** A try with less time than this would only throw its answer away, ms. */
const LEAST_TRY_MS = 1_000;
const MAX_ANSWER_BYTES = 8 * 1024 * 1024;
const FIRST_PAUSE_MS = 200;

/** Builds the sender over a fetch, a clock and a log. */
export function createSender(ports: { fetch: Fetch; clock: Clock; log: Logger; random?: () => number }): Sender {
  const { clock, random = Math.random } = ports;
  return {
    async send(outbound) {
      const deadline = clock.now() + (outbound.budgetMs ?? 0);
      for (let attempt = 1; ; attempt += 1) {
        const timeoutMs = attempt === 1 ? outbound.timeoutMs : Math.min(outbound.timeoutMs, deadline - clock.now());
        const outcome = await tryOnce(ports, { ...outbound, timeoutMs }, attempt);
        const pauseMs = pauseBefore(outbound, outcome, backoffMs(attempt, random));
        const mayRepeat =
          pauseMs !== undefined &&
          attempt < triesOf(outbound) &&
          clock.now() + pauseMs < deadline - leastTryMs(outbound);
        if (!mayRepeat) return settle(outbound, outcome);
        await clock.after(pauseMs).done;
      }
    },
  };
}

/** `partial`: an answer had begun and broke off, so the work was done. */
type Outcome =
  | { readonly answer: Answer }
  | { readonly silent: "timeout" | "network" | "partial"; readonly cause: unknown };

async function tryOnce(
  { fetch, clock, log }: { fetch: Fetch; clock: Clock; log: Logger },
  outbound: Outbound,
  attempt: number,
): Promise<Outcome> {
  const started = clock.now();
  const { requestIdHeader, label } = outbound;
  const requestId = requestIdHeader === undefined ? undefined : crypto.randomUUID();
  const ids = requestIdHeader === undefined ? {} : { [requestIdHeader]: requestId ?? "" };
  const body = typeof outbound.body === "function" ? await outbound.body() : outbound.body;
  const sent = { ...outbound, body, headers: { ...outbound.headers, ...ids } };
  const abort = new AbortController();
  const timer = clock.after(outbound.timeoutMs);
  const timedOut = timer.done.then((): Outcome => {
    abort.abort();
    return { silent: "timeout", cause: new Error(`no answer within ${outbound.timeoutMs} ms`) };
  });
  try {
    const outcome = await Promise.race([
      exchange({ fetch, clock, outbound: sent, attempt, signal: abort.signal }),
      timedOut,
    ]);
    const status = "answer" in outcome ? outcome.answer.status : outcome.silent;
    log.debug("outbound", { label, status, attempt, took_ms: clock.now() - started, client_request_id: requestId });
    return outcome;
  } finally {
    timer.cancel();
  }
}

interface Exchange {
  readonly fetch: Fetch;
  readonly clock: Clock;
  readonly outbound: Omit<Outbound, "body"> & { readonly body: string | undefined };
  readonly attempt: number;
  readonly signal: AbortSignal;
}

async function exchange({ fetch, clock, outbound, attempt, signal }: Exchange): Promise<Outcome> {
  let begun = false;
  try {
    const response = await fetch(
      new Request(outbound.url, {
        method: outbound.method ?? "GET",
        headers: outbound.headers ?? {},
        ...(outbound.body === undefined ? {} : { body: outbound.body }),
        // A token must never follow a redirect to a host that nobody chose.
        redirect: "manual",
        signal,
      }),
    );
    begun = true;
    const text = await readText(response, outbound.maxBytes ?? MAX_ANSWER_BYTES);
    const retryAfterS = parseRetryAfter(response.headers.get("retry-after"), clock.now());
    return { answer: { status: response.status, headers: response.headers, text, retryAfterS, tries: attempt } };
  } catch (cause) {
    return { silent: begun ? "partial" : "network", cause };
  }
}

async function readText({ body }: Response, maxBytes: number): Promise<string> {
  if (!body) return "";
  const decoder = new TextDecoder();
  let text = "";
  let bytes = 0;
  // The platform's type leaves the chunk open; a response's body is bytes.
  for await (const chunk of chunksOf(body as ReadableStream<Uint8Array>)) {
    bytes += chunk.byteLength;
    if (bytes > maxBytes) throw new Error(`the answer is larger than ${maxBytes} bytes`);
    text += decoder.decode(chunk, { stream: true });
  }
  return text + decoder.decode();
}

/** The platform's own chunks are of 4 KiB, each a turn of its own: of a large answer most of the time was spent on those. */
const CHUNK_BYTES = 64 * 1024;

/** A body in chunks, each of them overwritten by the next. */
async function* chunksOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = bytesOf(body);
  if (!reader) {
    yield* body;
    return;
  }
  let buffer = new ArrayBuffer(CHUNK_BYTES);
  try {
    for (;;) {
      const { done, value } = await reader.readAtLeast(CHUNK_BYTES, new Uint8Array(buffer));
      if (value && value.byteLength > 0) yield value;
      if (done || !value) return;
      buffer = value.buffer;
    }
  } finally {
    await reader.cancel();
  }
}

/** Undefined for a body that was not made of bytes by the platform. */
function bytesOf(body: ReadableStream): ReadableStreamBYOBReader | undefined {
  try {
    return body.getReader({ mode: "byob" });
  } catch {
    return undefined;
  }
}

function isSafe({ method = "GET", repeat }: Outbound): boolean {
  return method === "GET" || repeat === "idempotent";
}

function triesOf(outbound: Outbound): number {
  return outbound.repeat === "when-unanswered" ? MAX_UNSAFE_TRIES : MAX_TRIES;
}

function leastTryMs(outbound: Outbound): number {
  return outbound.repeat === "when-unanswered" ? LEAST_TRY_MS : 0;
}

function backoffMs(attempt: number, random: () => number): number {
  return FIRST_PAUSE_MS * 2 ** (attempt - 1) * (0.5 + random());
}

/** How long to wait before the same request may be sent again; undefined: it may not. */
function pauseBefore(outbound: Outbound, outcome: Outcome, backoff: number): number | undefined {
  if ("silent" in outcome) {
    if (isSafe(outbound)) return backoff;
    return outbound.repeat === "when-unanswered" && outcome.silent !== "partial" ? backoff : undefined;
  }
  if (!outbound.retryStatuses?.includes(outcome.answer.status)) return undefined;
  const { retryAfterS } = outcome.answer;
  return retryAfterS === undefined ? backoff : retryAfterS * 1000;
}

function settle(outbound: Outbound, outcome: Outcome): Answer {
  if ("answer" in outcome) return outcome.answer;
  throw unanswered(outbound.label, outcome.silent, outcome.cause);
}

/** The failure of a request that got no answer, or not a whole one. */
export function unanswered(label: string, silent: "timeout" | "network" | "partial", cause: unknown): Failure {
  const code = silent === "timeout" ? "provider_timeout" : "provider_unavailable";
  const detail = silent === "timeout" ? "The provider did not answer in time." : "The provider could not be reached.";
  return failure(code, detail, { retryAfterS: 5, reason: `${label}: ${String(cause)}`, cause });
}

/** Seconds until the time that a `Retry-After` names, in either form (RFC 9110); undefined when absent or malformed. */
export function parseRetryAfter(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const trimmed = value.trim();
  if (/^\d{1,9}$/.test(trimmed)) return Number(trimmed);
  // Date.parse takes almost anything for a date, "-5" too; all three forms of an HTTP date begin with the day's name.
  const at = /^[a-z]{3,9},? /i.test(trimmed) ? Date.parse(trimmed) : Number.NaN;
  return Number.isNaN(at) ? undefined : Math.max(0, Math.ceil((at - nowMs) / 1000));
}
