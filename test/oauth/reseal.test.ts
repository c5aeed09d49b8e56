import { env } from "cloudflare:workers";
import { createScheduledController } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import { runJobs } from "../../src/jobs/index.ts";
import worker from "../../src/index.ts";
import type { ConnectionId } from "../../src/lib/ids.ts";
import { keeperOf, rowOf, sleep } from "../connections/keeper.ts";
import { listen } from "../support.ts";
import { ask, connectWith, integration, MANAGER, plan, resetSandbox, settings, somebody } from "./manager.ts";
import { otherWorld, type OtherWorld } from "./other-world.ts";

const [K1, K2] = [env.TOKEN_ENCRYPTION_KEY, `k2:${btoa("a-key-of-exactly-32-bytes-length")}`];
const CRON = "*/15 * * * *";
const operator = { sub: "reseal-operator", roles: ["operator"] };

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await env.DB.batch(["connections", "job_state", "audit"].map((table) => env.DB.prepare(`delete from ${table}`)));
  await resetSandbox();
});

async function sealingOf(world: OtherWorld): Promise<Record<string, unknown>> {
  const answer = await world.send(operator, "GET", `${MANAGER}/status`);
  return (await answer.json<{ system: { sealing: Record<string, unknown> } }>()).system.sealing;
}

/** Connects, and lets the ordinary keeper sleep. */
async function connected(provider = "notion") {
  const who = somebody({ scope: "tokens:read" });
  const id = await connectWith(who, { provider });
  await sleep(who.sub);
  return { who, id };
}

test("after a rotation the job seals every row anew, figures say how far it is, and the old key can go", async () => {
  listen();
  const [first, second] = [await connected("notion"), await connected("google")];
  await runJobs(CRON, env, Date.now());
  const both = otherWorld({ TOKEN_ENCRYPTION_KEY: `${K2},${K1}` });
  expect(await sealingOf(both)).toEqual({ key: "k2", rows: 2, current: 0, left: 2, by_key: [{ key: "k1", rows: 2 }] });
  await runJobs(CRON, both.env, Date.now());
  expect(await sealingOf(both)).toEqual({ key: "k2", rows: 2, current: 2, left: 0, by_key: [{ key: "k2", rows: 2 }] });
  const without = otherWorld({ TOKEN_ENCRYPTION_KEY: K2 });
  for (const { who, id } of [first, second]) {
    expect((await without.send(who, "GET", `${MANAGER}/integrations/${id}/token`)).status).toBe(200);
    expect((await without.send(who, "POST", `${MANAGER}/integrations/${id}/refresh`)).status).toBe(200);
  }
});

test("the rotation is recorded once, from which key to which", async () => {
  listen();
  await connected();
  await runJobs(CRON, env, Date.now());
  const both = otherWorld({ TOKEN_ENCRYPTION_KEY: `${K2},${K1}` });
  await runJobs(CRON, both.env, Date.now());
  await runJobs(CRON, both.env, Date.now());
  await both.keeper("@latchkey", "trail");
  const { results } = await env.DB.prepare("select detail from audit where action = 'key_rotation'").all<{
    detail: string;
  }>();
  expect(results.map(({ detail }) => JSON.parse(detail) as unknown)).toEqual([{ from: "k1", to: "k2" }]);
});

test("a row whose key has gone holds up no other, and is counted as left", async () => {
  listen();
  const { id } = await connected();
  const other = await connected("google");
  await env.DB.prepare(
    "update connections set refresh_token = replace(refresh_token, 'v1.k1.', 'v1.k0.'), sealed_with = 'k0' where id = ?1",
  )
    .bind(id)
    .run();
  const both = otherWorld({ TOKEN_ENCRYPTION_KEY: `${K2},${K1}` });
  await runJobs(CRON, both.env, Date.now());
  expect(await rowOf(other.id)).toMatchObject({ sealed_with: "k2" });
  expect(await sealingOf(both)).toMatchObject({ rows: 2, current: 1, left: 1 });
  const before = await rowOf(id);
  await runJobs(CRON, both.env, Date.now());
  expect(await rowOf(id)).toEqual(before);
});

test("a token that waits to be revoked is sealed anew as well, and still revoked", async () => {
  listen();
  const { who, id } = await connected();
  await plan({ host: "api.notion.com", path: "/v1/oauth/revoke", status: 503, body: "down" });
  await ask(who, "DELETE", `/integrations/${id}`);
  await sleep(who.sub);
  const both = otherWorld({ TOKEN_ENCRYPTION_KEY: `${K2},${K1}` });
  await runJobs(CRON, both.env, Date.now());
  expect(await rowOf(id)).toMatchObject({ status: "revoked", sealed_with: "k2" });
  vi.useFakeTimers({ now: Date.now() + 600_000, toFake: ["Date"] });
  await otherWorld({ TOKEN_ENCRYPTION_KEY: K2 }).keeper(who.sub, "alarm");
  expect(await rowOf(id)).toMatchObject({ revocation: null });
});

test("a grant that dies within three days is announced once, and a new sign-in makes it news again", async () => {
  listen();
  await settings({ google_refresh_token_expires_in: 2 * 86_400 });
  const who = somebody();
  const id = await connectWith(who, { provider: "google" });
  const tick = async () => worker.scheduled(createScheduledController({ cron: CRON, scheduledTime: new Date() }), env);
  await tick();
  const announced = (await rowOf(id))["expiry_announced_at"];
  expect(announced).toEqual(expect.any(Number));
  vi.useFakeTimers({ now: Date.now() + 3_600_000, toFake: ["Date"] });
  await tick();
  // The tick may come twice, and its second half late.
  await keeperOf(who.sub).announceExpiry(id as ConnectionId);
  expect((await rowOf(id))["expiry_announced_at"]).toBe(announced);
  await connectWith(who, { provider: "google" });
  expect((await rowOf(id))["expiry_announced_at"]).toBeNull();
  await tick();
  expect((await rowOf(id))["expiry_announced_at"]).not.toBeNull();
  expect((await integration(who, id)).status).toBe("active");
});

test("a grant that lives longer is not announced", async () => {
  listen();
  await settings({ google_refresh_token_expires_in: 4 * 86_400 });
  const id = await connectWith(somebody(), { provider: "google" });
  await runJobs(CRON, env, Date.now());
  expect((await rowOf(id))["expiry_announced_at"]).toBeNull();
});
