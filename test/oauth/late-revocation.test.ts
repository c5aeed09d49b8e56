import { runDurableObjectAlarm } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { keeperOf, rowOf } from "../connections/keeper.ts";
import { ask, authorize, connectWith, finishAs, forgetHeard, heard, plan, resetSandbox, somebody } from "./manager.ts";

afterEach(async () => {
  vi.useRealTimers();
  await resetSandbox();
});

const MINUTE_MS = 60_000;
const revocations = async () => (await heard("oauth2.googleapis.com")).filter(({ path }) => path.endsWith("/revoke"));

async function ringIn(owner: string, ms: number): Promise<void> {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
  await runDurableObjectAlarm(keeperOf(owner));
}

test("a revocation that is late waits while the user may be granting anew, for it would take that with it", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gala21");
  await plan({ host: "oauth2.googleapis.com", path: "/revoke", status: 503, body: "down", times: 1 });
  await ask(who, "DELETE", `/integrations/${id}`);
  const url = await authorize(who, { provider: "youtube" });
  await forgetHeard();
  await ringIn(who.sub, 3 * MINUTE_MS);
  expect(await revocations()).toHaveLength(0);
  expect((await rowOf(id))["revocation"]).toContain('"attempts":1');
  expect((await finishAs(who, url, "gala21")).status).toBe(200);
  await ringIn(who.sub, 15 * MINUTE_MS);
  // The new grant is the same account's: now it keeps the old one alive.
  expect(await revocations()).toHaveLength(0);
  expect((await rowOf(id))["revocation"]).toBeNull();
});

test("when that sign-in was left unfinished the provider is told after it has expired", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gala22");
  await plan({ host: "oauth2.googleapis.com", path: "/revoke", status: 503, body: "down", times: 1 });
  await ask(who, "DELETE", `/integrations/${id}`);
  await authorize(who, { provider: "google" });
  await forgetHeard();
  await ringIn(who.sub, 3 * MINUTE_MS);
  expect(await revocations()).toHaveLength(0);
  await ringIn(who.sub, 11 * MINUTE_MS);
  expect(await revocations()).toHaveLength(1);
  expect((await rowOf(id))["revocation"]).toBeNull();
});
