import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { keepAlive } from "../../src/jobs/keep-alive.ts";
import { openHouse, openSystem } from "../../src/system.ts";
import { connectWith } from "../oauth/manager.ts";
import { rowOf } from "../connections/keeper.ts";

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

const system = () => openSystem(openHouse(env), "main");

/** Makes a stored grant one that was renewed and that dies at these times, ms. */
async function lives(id: string, renewedAt: number, diesAt: number): Promise<void> {
  await env.DB.prepare("update connections set refresh_token_at = ?2, grant_expires_at = ?3 where id = ?1")
    .bind(id, renewedAt, diesAt)
    .run();
}

test("a refresh token whose end a refresh may put off is shown in the last third of its life, and at once where it dies soon", async () => {
  const now = Date.now();
  const young = await connectWith({ sub: "ends-young" }, { provider: "notion" });
  await lives(young, now - DAY_MS, now + 3 * DAY_MS);
  expect(await keepAlive(system(), now)).toEqual({ due: 0, planned: 0 });
  await lives(young, now - 3 * DAY_MS, now + DAY_MS);
  expect(await keepAlive(system(), now)).toEqual({ due: 1, planned: 1 });
  const soon = await connectWith({ sub: "ends-soon" }, { provider: "notion" }, "bo");
  await lives(soon, now - 60_000, now + 15 * 60_000);
  await vi.waitUntil(async () => (await rowOf(young))["generation"] === 2);
  expect(await keepAlive(system(), now)).toEqual({ due: 1, planned: 1 });
  await vi.waitUntil(async () => (await rowOf(soon))["generation"] === 2);
});

test("one that stays the same whatever is done is left alone, and so is one that is dead", async () => {
  const now = Date.now();
  const google = await connectWith({ sub: "ends-google" }, { provider: "google" });
  await lives(google, now - 6 * DAY_MS, now + 10 * 60_000);
  const dead = await connectWith({ sub: "ends-dead" }, { provider: "notion" }, "gus");
  await lives(dead, now - 6 * DAY_MS, now - HOUR_MS);
  expect(await keepAlive(system(), now)).toEqual({ due: 0, planned: 0 });
});
