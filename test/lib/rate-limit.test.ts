import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Hits, type Limit, limitHeaders, openWindow, type LimitVerdict } from "../../src/lib/rate-limit.ts";

const LIMIT = { bucket: "events_read", quota: 3, windowMs: 60_000 };

/** Plays requests at these times against one limit. */
function play(limit: typeof LIMIT, times: readonly number[]): { at: number; verdict: LimitVerdict }[] {
  const window = openWindow([]);
  return times.map((at) => ({ at, verdict: window.hit(limit, at) }));
}

const runs = fc.record({
  quota: fc.integer({ min: 1, max: 8 }),
  windowMs: fc.integer({ min: 1, max: 5_000 }),
  gaps: fc.array(fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 3_000 })), { maxLength: 80 }),
});

function timesOf(gaps: readonly number[]): number[] {
  let at = 1_000_000;
  return gaps.map((gap) => (at += gap));
}

test("no window of that length ever holds more than the quota, and none is refused while there is room", () => {
  fc.assert(
    fc.property(runs, ({ quota, windowMs, gaps }) => {
      const played = play({ bucket: "b", quota, windowMs }, timesOf(gaps));
      const allowed: number[] = [];
      for (const { at, verdict } of played) {
        const inWindow = allowed.filter((time) => time > at - windowMs).length;
        expect(verdict.allowed).toBe(inWindow < quota);
        if (verdict.allowed) allowed.push(at);
      }
    }),
    { numRuns: 500 },
  );
});

test("a refusal's wait is exact: a request passes then, and not a second before", () => {
  fc.assert(
    fc.property(runs, ({ quota, windowMs, gaps }) => {
      const limit = { bucket: "b", quota, windowMs: windowMs * 1_000 };
      let hits: Hits = [];
      for (const at of timesOf(gaps.map((gap) => gap * 1_000))) {
        const judged = judge(limit, hits, at);
        hits = judged.hits;
        if (judged.verdict.allowed) continue;
        const { resetS } = judged.verdict;
        expect(judge(limit, hits, at + resetS * 1_000).verdict.allowed).toBe(true);
        expect(judge(limit, hits, at + (resetS - 1) * 1_000).verdict.allowed).toBe(false);
      }
    }),
  );
});

test("a refused request does not count: whoever keeps knocking is let in as soon as a patient one", () => {
  const times = [0, 0, 0, ...Array.from({ length: 59 }, (_, second) => (second + 1) * 1_000), 60_000];
  const played = play(LIMIT, times);
  expect(played.at(-1)?.verdict.allowed).toBe(true);
  expect(played.filter(({ verdict }) => verdict.allowed)).toHaveLength(4);
});

test("a window that was written down and read again after every request judges as one that never slept", () => {
  fc.assert(
    fc.property(runs, ({ quota, windowMs, gaps }) => {
      const limit = { bucket: "b", quota, windowMs };
      let hits: Hits = [];
      const reread = timesOf(gaps).map((at) => {
        const judged = judge(limit, hits, at);
        ({ hits } = judged);
        return judged.verdict;
      });
      expect(reread).toEqual(play(limit, timesOf(gaps)).map(({ verdict }) => verdict));
    }),
  );
});

test("the hits that are kept never exceed the quota", () => {
  let hits: Hits = [];
  for (let at = 0; at < 100; at += 1) ({ hits } = judge(LIMIT, hits, at));
  expect(hits).toEqual([0, 1, 2]);
});

test("a quota that was lowered counts the latest requests", () => {
  const { verdict } = judge({ ...LIMIT, quota: 2 }, [1_000, 2_000, 3_000], 4_000);
  expect(verdict).toMatchObject({ allowed: false, remaining: 0, resetS: 58 });
});

test("the headers tell quota, window, what remains and when there is more", () => {
  const [first, , third, refused] = play(LIMIT, [0, 10_000, 20_000, 30_500]);
  const headers = (one: typeof first) => (one ? limitHeaders(one.verdict) : {});
  expect(headers(first)).toEqual({
    "RateLimit-Policy": '"events-read";q=3;w=60',
    RateLimit: '"events-read";r=2;t=60',
  });
  expect(headers(third)).toMatchObject({ RateLimit: '"events-read";r=0;t=40' });
  expect(headers(refused)).toEqual({
    "RateLimit-Policy": '"events-read";q=3;w=60',
    RateLimit: '"events-read";r=0;t=30',
    "Retry-After": "30",
  });
});

/** One request judged by a window that was just read from storage, and what would be written then. */
function judge(
  limit: Limit & { readonly bucket: string },
  hits: Hits,
  now: number,
): { verdict: LimitVerdict; hits: Hits } {
  const window = openWindow(hits);
  return { verdict: window.hit(limit, now), hits: window.hits() };
}
