/**
 * Sends a request whose bodies are passed on and never held. As in http.ts no redirect is followed and no answer is judged;
 * nothing is repeated, because what has streamed away cannot be sent again.
 */
import type { Clock } from "./clock.ts";
import { type Fetch, unanswered } from "./http.ts";
import type { Logger } from "./log.ts";

/** What {@link StreamSender.open} needs to know of one request. */
export interface StreamOutbound {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: RequestBody;
  /** A short name for the log: the operation, never the full URL. */
  readonly label: string;
  /** How long the answer's headers may let wait, ms, counted from the last of the body that was sent. */
  readonly timeoutMs: number;
}

/** A request's body: none, one that is in memory, or a stream with its length where that is known. */
export type RequestBody =
  | null
  | Uint8Array
  | { readonly stream: ReadableStream<Uint8Array>; readonly length: number | undefined };

/** Opens requests to providers. */
export interface StreamSender {
  /** The answer, as soon as its headers are there. Failures: `provider_timeout`, `provider_unavailable`. */
  open(outbound: StreamOutbound): Promise<Response>;
}

/** Builds the sender over a fetch, a clock and a log. */
export function createStreamSender(ports: { fetch: Fetch; clock: Clock; log: Logger }): StreamSender {
  const { fetch, clock, log } = ports;
  return {
    async open(outbound) {
      const { label, method, timeoutMs } = outbound;
      const started = clock.now();
      const abort = new AbortController();
      const silence = watchFor(clock, timeoutMs);
      const exchange = fetch(requestOf(outbound, abort.signal, silence.heard)).catch((cause: unknown) => {
        throw unanswered(label, "network", cause);
      });
      const timedOut = silence.done.then(() => {
        const cause = new Error(`no answer within ${timeoutMs} ms`);
        abort.abort(cause);
        // Nobody waits for what the abort makes of it.
        exchange.catch(() => undefined);
        throw unanswered(label, "timeout", cause);
      });
      let status: number | "none" = "none";
      try {
        const answer = await Promise.race([exchange, timedOut]);
        status = answer.status;
        return answer;
      } finally {
        silence.cancel();
        log.debug("outbound", { label, method, status, took_ms: clock.now() - started });
      }
    },
  };
}

function requestOf({ url, method, headers, body }: StreamOutbound, signal: AbortSignal, heard: () => void): Request {
  return new Request(url, {
    method,
    headers,
    ...(body === null ? {} : { body: body instanceof Uint8Array ? body : passedOn(body, heard) }),
    // A token must never follow a redirect to a host that nobody chose.
    redirect: "manual",
    signal,
  });
}

type StreamedBody = Extract<RequestBody, { stream: unknown }>;

/** Each chunk is a sign of life. With its length known it goes out with Content-Length, which some upload endpoints insist on. */
function passedOn({ stream, length }: StreamedBody, heard: () => void): ReadableStream<Uint8Array> {
  const counted = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      heard();
      controller.enqueue(chunk);
    },
  });
  const live = stream.pipeThrough(counted);
  return length === undefined ? live : live.pipeThrough(new FixedLengthStream(length));
}

/** Resolves when nothing was heard for so long. */
function watchFor(clock: Clock, timeoutMs: number) {
  let last = clock.now();
  let timer = clock.after(timeoutMs);
  const wait = async (): Promise<void> => {
    await timer.done;
    const leftMs = last + timeoutMs - clock.now();
    if (leftMs <= 0) return;
    timer = clock.after(leftMs);
    await wait();
  };
  return {
    done: wait(),
    heard: () => {
      last = clock.now();
    },
    cancel: () => timer.cancel(),
  };
}
