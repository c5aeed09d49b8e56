import { expect, test } from "vitest";
import { createStreamSender, type RequestBody } from "../../src/lib/http-stream.ts";
import type { Clock } from "../../src/lib/clock.ts";
import { Failure } from "../../src/lib/errors.ts";
import type { Fetch } from "../../src/lib/http.ts";
import { createLogger } from "../../src/lib/log.ts";

/** A clock that stands still until it is moved. */
function heldClock(): Clock & { readonly move: (ms: number) => Promise<void> } {
  let now = 0;
  let waits: { at: number; ring: () => void }[] = [];
  return {
    now: () => now,
    after(ms) {
      const wait = { at: now + ms, ring: () => undefined as void };
      const done = new Promise<void>((resolve) => (wait.ring = resolve));
      waits.push(wait);
      return { done, cancel: () => void (waits = waits.filter((one) => one !== wait)) };
    },
    async move(ms) {
      now += ms;
      const due = waits.filter(({ at }) => at <= now);
      waits = waits.filter((wait) => !due.includes(wait));
      for (const { ring } of due) ring();
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    },
  };
}

function open(fetch: Fetch, body: RequestBody = null, clock: Clock = heldClock()) {
  const log = createLogger("ERROR");
  const outbound = {
    url: new URL("https://api.test/x"),
    method: body === null ? "GET" : "PUT",
    headers: new Headers(),
  };
  return createStreamSender({ fetch, clock, log }).open({ ...outbound, body, label: "test", timeoutMs: 30_000 });
}

/** What became of it, without an unhandled rejection on the way. */
async function outcomeOf(opened: Promise<Response>): Promise<string> {
  return opened.then(
    ({ status }) => String(status),
    (error: unknown) => (error instanceof Failure ? error.code : "another error"),
  );
}

test("an answer comes back as soon as its headers are there, whatever it says", async () => {
  const endless = new ReadableStream({ pull: () => new Promise(() => undefined) });
  const answer = await open(async () => new Response(endless, { status: 500 }));
  expect(answer.status).toBe(500);
});

test("a redirect is not followed", async () => {
  let redirect = "";
  await open(async (request) => {
    redirect = request.redirect;
    return new Response();
  });
  expect(redirect).toBe("manual");
});

test("a connection that breaks is provider_unavailable", async () => {
  expect(await outcomeOf(open(() => Promise.reject(new Error("reset"))))).toBe("provider_unavailable");
});

test("silence is provider_timeout after its time, and the request is given up", async () => {
  const clock = heldClock();
  const signals: AbortSignal[] = [];
  const outcome = outcomeOf(
    open(
      async (request) => {
        signals.push(request.signal);
        return new Promise(() => undefined);
      },
      null,
      clock,
    ),
  );
  await clock.move(29_999);
  expect(signals[0]?.aborted).toBe(false);
  await clock.move(1);
  expect(await outcome).toBe("provider_timeout");
  expect(signals[0]?.aborted).toBe(true);
});

test("a long upload is not silence", async () => {
  const clock = heldClock();
  let feed: ReadableStreamDefaultController<Uint8Array> | undefined;
  const stream = new ReadableStream<Uint8Array>({ start: (controller) => void (feed = controller) });
  const outcome = outcomeOf(
    open(
      async (request) => {
        await request.arrayBuffer();
        return new Response(null, { status: 201 });
      },
      { stream, length: 3 },
      clock,
    ),
  );
  for (let minute = 0; minute < 3; minute += 1) {
    await clock.move(20_000);
    feed?.enqueue(new Uint8Array(1));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  feed?.close();
  expect(await outcome).toBe("201");
});
