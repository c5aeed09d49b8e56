import { expect, test } from "vitest";
import { after, holdMs, type Tried } from "../../../src/connections/events/retry.ts";
import type { EventDelivery } from "../../../src/db/schema-records.ts";

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const fresh: EventDelivery = { state: "pending", attempts: 0, nextAt: 0, lastStatus: null, lastError: null };
const answered = (status: number, retryAfterS?: number): Tried => ({ status, retryAfterS });

/** Tries that all fail, each as soon as it is due: when each was made. */
function failingTimes(random: number): { times: number[]; last: EventDelivery } {
  const times: number[] = [];
  let delivery = fresh;
  while (delivery.nextAt !== null) {
    times.push(delivery.nextAt);
    delivery = after(delivery, answered(500), { at: 0, now: delivery.nextAt, random });
  }
  return { times, last: delivery };
}

test("tries come after 5 s, 5 min, 30 min, 2, 5, 10, 14 and 20 h, and end after three days", () => {
  const { times, last } = failingTimes(0.5);
  const gaps = times.slice(1).map((time, index) => time - (times[index] ?? 0));
  const wanted = [5_000, 5 * MINUTE, 30 * MINUTE, 2 * HOUR, 5 * HOUR, 10 * HOUR, 14 * HOUR, 20 * HOUR, 20 * HOUR];
  expect(gaps.slice(0, wanted.length)).toEqual(wanted);
  // One last try at the very end.
  expect(times.at(-1)).toBe(3 * DAY);
  expect(last).toMatchObject({ state: "failed", nextAt: null, lastStatus: 500, attempts: times.length });
});

test.each([0, 0.25, 0.999])("with whatever jitter (%d) nothing is tried after three days", (random) => {
  expect(Math.max(...failingTimes(random).times)).toBe(3 * DAY);
  expect(failingTimes(random).times[1]).toBe(Math.round(5_000 * (0.8 + 0.4 * random)));
});

test("what was asked for again gets its three days from then on", () => {
  const again = { ...fresh, since: 40 * DAY };
  expect(after(again, answered(500), { at: 0, now: 40 * DAY, random: 0.5 })).toMatchObject({ state: "pending" });
  expect(after(again, answered(500), { at: 0, now: 43 * DAY, random: 0.5 })).toMatchObject({ state: "failed" });
});

test.each([200, 202, 204, 299])("%d is delivered", (status) => {
  const next = after(fresh, answered(status), { at: 0, now: 9 * DAY, random: 0 });
  expect(next).toEqual({ state: "delivered", attempts: 1, nextAt: null, lastStatus: status, lastError: null });
});

test.each([301, 302, 307, 400, 401, 404, 429, 500, 503])("%d is tried again", (status) => {
  expect(after(fresh, answered(status), { at: 0, now: 0, random: 0 })).toMatchObject({ state: "pending", attempts: 1 });
});

test("a receiver that is gone is told nothing more", () => {
  expect(after(fresh, answered(410), { at: 0, now: 0, random: 0 })).toMatchObject({ state: "failed", nextAt: null });
  const removed = after(fresh, { error: "endpoint_removed" }, { at: 0, now: 0, random: 0 });
  expect(removed).toMatchObject({ state: "failed", nextAt: null, lastError: "endpoint_removed" });
});

test("no answer is tried again, and said by its name", () => {
  for (const error of ["timeout", "unreachable"] as const)
    expect(after(fresh, { error }, { at: 0, now: 0, random: 0.5 })).toMatchObject({ nextAt: 5_000, lastError: error });
});

test.each([429, 502, 503, 504])("%d slows down, as long as Retry-After asks", (status) => {
  const at = (tried: Tried) => after(fresh, tried, { at: 0, now: 0, random: 0.5 }).nextAt;
  expect(at(answered(status))).toBe(MINUTE);
  expect(at(answered(status, 7_200))).toBe(2 * HOUR);
  // Not past the end: three days are all there is.
  expect(at(answered(status, 9_999_999))).toBe(3 * DAY);
  expect(holdMs(answered(status))).toBe(MINUTE);
  expect(holdMs(answered(status, 90))).toBe(90_000);
  expect(holdMs(answered(status, 9_999_999))).toBe(HOUR);
});

test("other answers do not hold the endpoint, nor does their Retry-After count", () => {
  expect(holdMs(answered(500, 3_600))).toBeUndefined();
  expect(holdMs({ error: "timeout" })).toBeUndefined();
  expect(after(fresh, answered(500, 3_600), { at: 0, now: 0, random: 0.5 }).nextAt).toBe(5_000);
});
