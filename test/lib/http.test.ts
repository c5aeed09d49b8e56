import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { systemClock } from "../../src/lib/clock.ts";
import { attempt } from "../../src/lib/errors.ts";
import { createSender, type Outbound, parseRetryAfter } from "../../src/lib/http.ts";
import { createLogger } from "../../src/lib/log.ts";

const NOW = Date.parse("2026-11-20T10:00:00Z");
const GET: Outbound = { url: "https://api.example.com/things?secret=1", label: "things", timeoutMs: 2_000 };
const POST: Outbound = { ...GET, method: "POST", body: "x" };
const BUDGET = { budgetMs: 60_000, retryStatuses: [429, 503] };

/** What a provider does with one request: it answers, breaks the connection, or says nothing at all. */
type Step = Response | "broken" | "silent";

beforeEach(() => {
  vi.useFakeTimers({ now: NOW });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Sends against a provider that takes these steps. Gives what came of it and when each try left, ms after the first. */
async function play(outbound: Outbound, ...steps: Step[]) {
  const started = Date.now();
  const tries: number[] = [];
  const requests: Request[] = [];
  const sender = createSender({
    clock: systemClock,
    log: createLogger("ERROR"),
    random: () => 0.5,
    fetch(request) {
      tries.push(Date.now() - started);
      requests.push(request);
      const step = steps[tries.length - 1] ?? "broken";
      if (step === "broken") return Promise.reject(new TypeError("connection lost"));
      return step === "silent" ? new Promise<Response>(() => undefined) : Promise.resolve(step);
    },
  });
  const result = attempt(() => sender.send(outbound));
  await vi.advanceTimersByTimeAsync(200_000);
  return { result: await result, tries, requests };
}

const busy = (headers: Record<string, string> = {}, status = 503) => new Response("busy", { status, headers });
const fine = () => new Response("fine");

test("an answer comes back whole, whatever its status", async () => {
  const { result, tries } = await play(GET, new Response("nope", { status: 418, headers: { "X-A": "b" } }));
  expect(result).toMatchObject({ ok: true, value: { status: 418, text: "nope", tries: 1, retryAfterS: undefined } });
  expect(result.ok && result.value.headers.get("X-A")).toBe("b");
  expect(tries).toEqual([0]);
});

test("a provider that says nothing is given up at the time-out, and its request is aborted", async () => {
  const { result, requests, tries } = await play(POST, "silent");
  expect(result).toMatchObject({ ok: false, failure: { code: "provider_timeout", retryAfterS: 5 } });
  expect(requests[0]?.signal.aborted).toBe(true);
  expect(tries).toEqual([0]);
});

test("the time-out holds until the last byte of the body", async () => {
  const trickle = new ReadableStream({ start: (stream) => stream.enqueue(new TextEncoder().encode("{")) });
  const { result } = await play(POST, new Response(trickle));
  expect(result).toMatchObject({ ok: false, failure: { code: "provider_timeout" } });
});

test("a provider that cannot be reached is unavailable; the log's reason names the operation and not the URL", async () => {
  const { result } = await play(POST, "broken");
  expect(result).toMatchObject({
    ok: false,
    failure: { code: "provider_unavailable", reason: expect.stringMatching(/^things: .*connection lost/) as string },
  });
  expect(JSON.stringify(result)).not.toContain("secret=1");
});

test("a GET that was not answered is repeated within its budget, at growing distances, three times at most", async () => {
  const { result, tries } = await play({ ...GET, ...BUDGET }, "broken", "broken", fine());
  expect(result).toMatchObject({ ok: true, value: { text: "fine", tries: 3 } });
  expect(tries).toEqual([0, 200, 600]);
  const given = await play({ ...GET, ...BUDGET }, "broken", "broken", "broken", fine());
  expect(given.result).toMatchObject({ ok: false, failure: { code: "provider_unavailable" } });
  expect(given.tries).toHaveLength(3);
});

test.each(["POST", "PATCH", "PUT", "DELETE"] as const)(
  "a %s that was not answered is never repeated unasked",
  async (method) => {
    const { tries } = await play({ ...GET, ...BUDGET, method }, "broken", fine());
    expect(tries).toHaveLength(1);
  },
);

test("a POST that may be repeated when unanswered is, but not when it was answered", async () => {
  const repeatable = { ...POST, budgetMs: 60_000, repeat: "when-unanswered" } as const;
  expect((await play(repeatable, "broken", fine())).result).toMatchObject({ ok: true, value: { tries: 2 } });
  expect((await play(repeatable, "silent", fine())).result).toMatchObject({ ok: true, value: { tries: 2 } });
  expect((await play(repeatable, busy(), fine())).result).toMatchObject({ ok: true, value: { status: 503, tries: 1 } });
});

test("each try sends a body of its own where one is made for it", async () => {
  let made = 0;
  const body = () => Promise.resolve(`body ${(made += 1)}`);
  const repeatable = { ...POST, body, budgetMs: 60_000, repeat: "when-unanswered" } as const;
  const { requests } = await play(repeatable, "broken", fine());
  expect(await Promise.all(requests.map((request) => request.text()))).toEqual(["body 1", "body 2"]);
});

test("without a budget there is one try alone", async () => {
  expect((await play(GET, "broken", fine())).tries).toEqual([0]);
  expect((await play({ ...GET, retryStatuses: [503] }, busy(), fine())).tries).toEqual([0]);
});

test("a status worth another try waits as long as Retry-After says, in either form", async () => {
  expect((await play({ ...GET, ...BUDGET }, busy({ "Retry-After": "7" }), fine())).tries).toEqual([0, 7_000]);
  const date = new Date(NOW + 9_000).toUTCString();
  vi.setSystemTime(NOW);
  const dated = await play({ ...GET, ...BUDGET }, busy({ "Retry-After": date }, 429), fine());
  expect(dated.tries).toEqual([0, 9_000]);
});

test("a status that is not worth another try is given back at once", async () => {
  expect((await play({ ...GET, ...BUDGET }, busy({}, 500), fine())).tries).toEqual([0]);
});

test("a wait that is longer than the budget is not begun, and the caller learns how long it is", async () => {
  const { result, tries } = await play({ ...GET, ...BUDGET }, busy({ "Retry-After": "61" }), fine());
  expect(tries).toEqual([0]);
  expect(result).toMatchObject({ ok: true, value: { status: 503, retryAfterS: 61 } });
});

test("a redirect is not followed: a token must not go to a host that nobody chose", async () => {
  const moved = new Response(null, { status: 302, headers: { Location: "https://evil.example.com/" } });
  const { result, requests } = await play(GET, moved);
  expect(result).toMatchObject({ ok: true, value: { status: 302 } });
  expect(requests[0]?.redirect).toBe("manual");
});

test("an answer without end is cut off instead of filling the memory", async () => {
  let sent = 0;
  const chunk = new Uint8Array(1024 * 1024);
  const endless = new ReadableStream({
    pull(stream) {
      sent += 1;
      stream.enqueue(chunk);
    },
  });
  const { result } = await play(POST, new Response(endless));
  expect(result).toMatchObject({ ok: false, failure: { code: "provider_unavailable" } });
  expect(sent).toBeLessThan(16);
});

test("text that is split inside a character arrives unbroken", async () => {
  const bytes = new TextEncoder().encode("tokén 🗝️");
  const split = new ReadableStream({
    start(stream) {
      for (const byte of bytes) stream.enqueue(Uint8Array.of(byte));
      stream.close();
    },
  });
  expect((await play(GET, new Response(split))).result).toMatchObject({ ok: true, value: { text: "tokén 🗝️" } });
});

test("an answer of the platform's own bytes arrives whole, and no further than its limit", async () => {
  const text = "tokén 🗝️".repeat(20_000);
  expect((await play(GET, new Response(text))).result).toMatchObject({ ok: true, value: { text } });
  const { result } = await play({ ...GET, maxBytes: 200_000 }, new Response(text));
  expect(result).toMatchObject({ ok: false, failure: { code: "provider_unavailable" } });
});

test.each([
  ["0", 0],
  ["120", 120],
  [" 5 ", 5],
  ["Fri, 20 Nov 2026 10:00:30 GMT", 30],
  ["Fri, 20 Nov 2026 09:59:00 GMT", 0],
  ["Friday, 20-Nov-26 10:00:30 GMT", 30],
  ["Fri Nov 20 10:00:30 2026", 30],
  ["soon", undefined],
  ["2026-11-20T10:00:30Z", undefined],
  ["", undefined],
  ["-5", undefined],
  ["1.5", undefined],
  ["99999999999", undefined],
  [null, undefined],
])("Retry-After: %s is %s seconds", (value, seconds) => {
  expect(parseRetryAfter(value, NOW)).toBe(seconds);
});

/** An answer that begins and then breaks off. */
function cutOff(): Response {
  const body = new ReadableStream<Uint8Array>({
    pull(controller) {
      controller.error(new TypeError("connection lost"));
    },
  });
  return new Response(body, { status: 200 });
}

test("what was answered, if only in part, is not sent again: the work was done", async () => {
  const once = { ...POST, budgetMs: 60_000, repeat: "when-unanswered" } as const;
  expect((await play(once, cutOff(), fine())).tries).toHaveLength(1);
  expect((await play({ ...once, repeat: "idempotent" }, cutOff(), fine())).tries).toHaveLength(2);
  expect((await play({ ...GET, budgetMs: 60_000 }, cutOff(), fine())).tries).toHaveLength(2);
});

test("what must not be lost twice is sent twice at most", async () => {
  const { tries } = await play({ ...POST, budgetMs: 60_000, repeat: "when-unanswered" }, "broken", "broken", fine());
  expect(tries).toHaveLength(2);
});

test("each try carries a request id of its own", async () => {
  const { requests } = await play({ ...GET, ...BUDGET, requestIdHeader: "client-request-id" }, busy(), fine());
  const ids = requests.map((request) => request.headers.get("client-request-id"));
  expect(ids.every((id) => /^[0-9a-f-]{36}$/.test(id ?? ""))).toBe(true);
  expect(new Set(ids).size).toBe(2);
});
