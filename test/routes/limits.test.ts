import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { addressGroup } from "../../src/routes/address-group.ts";
import { call } from "../support.ts";
import { problemOf } from "./security.ts";

const CALLBACK = "/api/v1/auth/microsoft/callback?state=nonsense";
const HOUR_MS = 3_600_000;

afterEach(() => {
  vi.useRealTimers();
});

const from = (address: string, path = CALLBACK) => call(path, undefined, { headers: { "CF-Connecting-IP": address } });

/** Statuses of so many callbacks from one address, one after the other. */
async function callbacks(address: string, count: number): Promise<number[]> {
  const statuses: number[] = [];
  for (let index = 0; index < count; index += 1) statuses.push((await from(address)).status);
  return statuses;
}

const times = (count: number, status: number) => Array.from({ length: count }, () => status);
const addressKeeper = (group: string) => env.ADDRESS_KEEPER.get(env.ADDRESS_KEEPER.idFromName(group));
const userKeeper = (owner: string) => env.USER_KEEPER.get(env.USER_KEEPER.idFromName(`main:${owner}`));

test("an address may call back twenty times an hour, whatever comes of it", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  expect(await callbacks("192.0.2.1", 20)).toEqual(times(20, 400));
  const refused = await from("192.0.2.1");
  expect(await problemOf(refused)).toMatchObject({ status: 429, code: "rate_limited" });
  expect(Object.fromEntries(refused.headers)).toMatchObject({
    "retry-after": "3600",
    ratelimit: '"callback";r=0;t=3600',
    "ratelimit-policy": '"callback";q=20;w=3600',
  });
  expect((await from("192.0.2.2")).status).toBe(400);
  vi.setSystemTime(Date.now() + HOUR_MS);
  expect((await from("192.0.2.1")).status).toBe(400);
});

test("an answer within the limit says what is left of it", async () => {
  const answer = await from("192.0.2.20");
  expect(answer.headers.get("RateLimit")).toMatch(/^"callback";r=19;t=3600$/);
  expect(answer.headers.get("Retry-After")).toBeNull();
});

test("the callbacks of both systems count together", async () => {
  await callbacks("192.0.2.3", 20);
  const beta = await from("192.0.2.3", "/api/v1/beta/auth/microsoft/callback?state=nonsense");
  expect(beta.status).toBe(429);
});

test("the addresses of one IPv6 /64 count as one; the next /64 is another's", async () => {
  await callbacks("2001:db8:1:2::1", 10);
  await callbacks("2001:db8:1:2:ffff:ffff:ffff:ffff", 10);
  expect((await from("2001:db8:1:2::abcd")).status).toBe(429);
  expect((await from("2001:db8:1:3::1")).status).toBe(400);
});

test.each([
  ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
  ["2001:db8:1:2::", "2001:db8:1:2::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["::", "0:0:0:0::/64"],
  ["2001:db8::1:2:3:4:5", "2001:db8:0:1::/64"],
  ["2001:db8::3:4:5:6:7", "2001:db8:0:3::/64"],
  ["2001:DB8:0001:0002::9", "2001:db8:1:2::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
  ["::ffff:192.0.2.1", "192.0.2.1"],
  ["::ffff:c000:0201", "192.0.2.1"],
  ["0:0:0:0:0:FFFF:192.0.2.1", "192.0.2.1"],
  ["64:ff9b::192.0.2.1", "64:ff9b:0:0::/64"],
  ["1:2:3", "1:2:3"],
  ["1::2::3", "1::2::3"],
  ["192.0.2.1", "192.0.2.1"],
  [undefined, "unknown"],
])("%s belongs to %s", (address, group) => {
  expect(addressGroup(address)).toBe(group);
});

test("an address's count survives the eviction of its object", async () => {
  await callbacks("192.0.2.4", 20);
  await evictDurableObject(addressKeeper("192.0.2.4"));
  expect((await from("192.0.2.4")).status).toBe(429);
});

test("an address is forgotten once nothing of it counts any more, and not before", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const started = Date.now();
  await callbacks("192.0.2.5", 1);
  vi.setSystemTime(started + HOUR_MS / 2);
  await callbacks("192.0.2.5", 1);
  const kept = () => runInDurableObject(addressKeeper("192.0.2.5"), (_, { storage }) => [...storage.kv.list()].length);
  vi.setSystemTime(started + HOUR_MS + 1);
  expect(await runDurableObjectAlarm(addressKeeper("192.0.2.5"))).toBe(true);
  expect(await kept()).toBe(1);
  vi.setSystemTime(started + 2 * HOUR_MS);
  expect(await runDurableObjectAlarm(addressKeeper("192.0.2.5"))).toBe(true);
  expect(await kept()).toBe(0);
});

test("a user's count survives the eviction of the keeper once it was written", async () => {
  vi.useFakeTimers({ toFake: ["Date"] });
  const claims = { sub: "limit-evicted" };
  const start = () => call("/api/v1/auth/microsoft/", claims);
  for (let index = 0; index < 10; index += 1) expect((await start()).status).toBe(200);
  await userKeeper("limit-evicted").flush();
  await evictDurableObject(userKeeper("limit-evicted"));
  expect((await start()).status).toBe(429);
});

test("each kind of request has a limit of its own", async () => {
  const claims = { sub: "limit-kinds" };
  for (let index = 0; index < 11; index += 1) await call("/api/v1/auth/microsoft/", claims);
  const profile = await call("/api/v1/auth/microsoft/user", claims);
  expect(profile.headers.get("RateLimit")).toMatch(/^"profile";r=99;/);
});

test("a request that is refused for what it says counts; one without a valid token counts for nobody", async () => {
  const claims = { sub: "limit-refused" };
  const invalid = await call("/api/v1/auth/microsoft/?mode=popup", claims);
  expect([invalid.status, invalid.headers.get("RateLimit")]).toEqual([422, '"authorize";r=9;t=60']);
  const nobody = await call("/api/v1/auth/microsoft/");
  expect([nobody.status, nobody.headers.get("RateLimit")]).toEqual([401, null]);
});

test.each(["/api/v1/auth/microsoft/?mode=popup", "/api/v1/calendar/microsoft/events?limit=none"])(
  "over the limit %s can still be read by a script of an allowed origin",
  async (path) => {
    const claims = { sub: "limit-cors" };
    const ask = () => call(path, claims, { headers: { Origin: "https://app.test" } });
    const quota = path.includes("auth") ? 10 : 200;
    const answers = await Promise.all(Array.from({ length: quota }, ask));
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([422]));
    const refused = await ask();
    expect(Object.fromEntries(refused.headers)).toMatchObject({
      "access-control-allow-origin": "https://app.test",
      "access-control-expose-headers": expect.stringContaining("Retry-After") as string,
      vary: expect.stringMatching(/Origin/i) as string,
      "x-frame-options": "DENY",
      "content-type": "application/problem+json",
      "cache-control": "no-store",
    });
    expect(await problemOf(refused)).toMatchObject({ status: 429, code: "rate_limited" });
  },
);

test("main and beta count apart, also for callers who look alike", async () => {
  await call("/api/v1/auth/microsoft/", { sub: "sub:limit-alike" });
  const beta = await call("/api/v1/beta/auth/microsoft/", { sub: "limit-alike" });
  expect(beta.headers.get("RateLimit")).toMatch(/r=9;/);
});
