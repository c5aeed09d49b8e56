import { env } from "cloudflare:workers";
import { createScheduledController, runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import worker from "../../src/index.ts";
import { keeperOf, rowOf } from "../connections/keeper.ts";
import { BASES } from "../routes/security.ts";
import { call, listen, sandbox } from "../support.ts";
import {
  ask,
  authorize,
  connectWith,
  forgetHeard,
  heard,
  integration,
  plan,
  resetSandbox,
  settings,
} from "./manager.ts";
import { refusal, somebody, trailOf } from "./manager.ts";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await resetSandbox();
});

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const disconnect = (who: { sub: string }, id: string) => ask(who, "DELETE", `/integrations/${id}`);
const revocations = async (host: string) => (await heard(host)).filter(({ path }) => path.endsWith("/revoke"));

/** How many providers were told, by the trail. */
async function told(who: { sub: string }) {
  return (await trailOf(who, "revoke")).map(({ outcome, provider, detail }) => [
    provider,
    outcome,
    detail["at_provider"],
  ]);
}

/** Rings the keeper's alarm at a later time. */
async function ringIn(who: { sub: string }, ms: number): Promise<void> {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
  await runDurableObjectAlarm(keeperOf(who.sub));
}

async function grantsOf(person: string): Promise<number> {
  const answer = await sandbox("GET", `google/grants?of=${person}`);
  return (await answer.json<{ grants: unknown[] }>()).grants.length;
}

test.each(BASES)("below %s a grant of Google ends at Google and here, and nothing of it is left", async (base) => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "ana", `${base}/oauth`);
  await forgetHeard();
  const answer = await call(`${base}/oauth/integrations/${id}`, who, { method: "DELETE" });
  expect(await answer.json()).toMatchObject({ connection: { id, status: "revoked", token_expires_at: null } });
  expect(await revocations("oauth2.googleapis.com")).toHaveLength(1);
  expect(await grantsOf("ana")).toBe(0);
  const table = base.endsWith("beta") ? "beta_connections" : "connections";
  const row = await env.DB.prepare(`select * from ${table} where id = ?1`).bind(id).first();
  expect(row).toMatchObject({ refresh_token: null, access_tokens: "{}", revocation: null, revocation_due_at: null });
  expect((await call(`${base}/oauth/integrations/${id}`, who)).status).toBe(404);
  expect((await call(`${base}/oauth/integrations/${id}`, who, { method: "DELETE" })).status).toBe(404);
});

test("the trail has who disconnected, and that the provider was told", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  await ask(who, "DELETE", `/integrations/${id}`, { "X-Request-Id": "disconnect-1" });
  expect(await trailOf(who, "disconnect")).toMatchObject([
    { actor: who.sub, connection: id, request_id: "disconnect-1" },
  ]);
  expect(await told(who)).toEqual([["notion", "ok", true]]);
  const answer = await sandbox("GET", "notion/connections?of=ana");
  const { connections } = await answer.json<{ connections: { ended: string | null }[] }>();
  expect(connections.every(({ ended }) => ended !== null)).toBe(true);
});

test("a provider that takes no revocations is not asked", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "microsoft" });
  await forgetHeard();
  expect((await disconnect(who, id)).status).toBe(200);
  expect(await heard("login.microsoftonline.com")).toEqual([]);
  expect(await told(who)).toEqual([]);
});

test("a grant that Google shares with YouTube ends with the last of the two", async () => {
  const who = somebody();
  const google = await connectWith(who, { provider: "google" }, "gala3");
  const youtube = await connectWith(who, { provider: "youtube" }, "gala3");
  await forgetHeard();
  await disconnect(who, google);
  expect(await revocations("oauth2.googleapis.com")).toEqual([]);
  expect((await ask(who, "POST", `/integrations/${youtube}/refresh`)).status).toBe(200);
  await disconnect(who, youtube);
  expect(await grantsOf("gala3")).toBe(0);
  expect(await told(who)).toEqual([
    ["google", "ok", false],
    ["youtube", "ok", true],
  ]);
});

test("another owner's connection of the same account, in either system, keeps the grant alive as well", async () => {
  const [who, other] = [somebody(), somebody()];
  const id = await connectWith(who, { provider: "google" }, "gala4");
  const theirs = await connectWith(other, { provider: "google" }, "gala4", "/api/v1/beta/oauth");
  await disconnect(who, id);
  expect(await told(who)).toEqual([["google", "ok", false]]);
  const refreshed = await call(`/api/v1/beta/oauth/integrations/${theirs}/refresh`, other, { method: "POST" });
  expect(refreshed.status).toBe(200);
});

test("a connection that holds nothing any more keeps no grant alive", async () => {
  const who = somebody();
  const youtube = await connectWith(who, { provider: "youtube" }, "gala5");
  await sandbox("POST", "google/grants/gala5/revoke", {});
  await ask(who, "POST", `/integrations/${youtube}/refresh`);
  const google = await connectWith(who, { provider: "google" }, "gala5");
  await disconnect(who, google);
  expect(await told(who)).toEqual([["google", "ok", true]]);
});

test("without a refresh token it is the access token that is revoked", async () => {
  const who = somebody();
  await settings({ notion_refresh_token: false });
  const id = await connectWith(who, { provider: "notion" });
  await disconnect(who, id);
  expect(await told(who)).toEqual([["notion", "ok", true]]);
});

test("what the provider has forgotten already counts as told", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gala7");
  await sandbox("POST", "google/grants/gala7/revoke", {});
  await disconnect(who, id);
  expect(await told(who)).toEqual([["google", "ok", true]]);
});

test("while the provider is down it is erased here at once; the token waits, sealed, and the alarm tells later", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gala8");
  await plan({ host: "oauth2.googleapis.com", path: "/revoke", status: 503, body: "down", times: 2 });
  expect((await disconnect(who, id)).status).toBe(200);
  const row = await rowOf(id);
  expect(row).toMatchObject({ status: "revoked", refresh_token: null, access_tokens: "{}" });
  const waiting = JSON.parse(String(row["revocation"])) as Record<string, unknown>;
  expect(waiting).toMatchObject({
    hint: "refresh_token",
    attempts: 1,
    sealed: expect.stringMatching(/^v1\.k1\./) as string,
  });
  expect(JSON.stringify(row)).not.toContain("1//");
  expect((await refusal(ask(who, "GET", `/integrations/${id}`)))["code"]).toBe("not_found");
  await ringIn(who, 2 * MINUTE_MS);
  expect(JSON.parse(String((await rowOf(id))["revocation"]))).toMatchObject({ attempts: 2 });
  expect(await grantsOf("gala8")).toBe(1);
  await ringIn(who, 10 * MINUTE_MS);
  expect(await grantsOf("gala8")).toBe(0);
  expect(await rowOf(id)).toMatchObject({ revocation: null, revocation_due_at: null });
  expect(await trailOf(who, "revoke")).toMatchObject([{ outcome: "ok", detail: { attempts: 3, at_provider: true } }]);
});

test("a provider that does not answer holds up nobody who disconnects", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  await plan({ host: "api.notion.com", path: "/v1/oauth/revoke", delay_ms: 7_000 });
  const started = Date.now();
  expect((await disconnect(who, id)).status).toBe(200);
  expect(Date.now() - started).toBeLessThan(6_000);
});

test("the schedule finds what an alarm has lost, and tells", async () => {
  listen();
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  await plan({ host: "api.notion.com", path: "/v1/oauth/revoke", status: 500, body: "down" });
  await disconnect(who, id);
  await runInDurableObject(keeperOf(who.sub), (_, state) => state.storage.deleteAlarm());
  vi.useFakeTimers({ now: Date.now() + 5 * MINUTE_MS, toFake: ["Date"] });
  await worker.scheduled(createScheduledController({ cron: "*/15 * * * *", scheduledTime: new Date() }), env);
  expect(await rowOf(id)).toMatchObject({ revocation: null });
  expect(await told(who)).toEqual([["notion", "ok", true]]);
});

test("after three days nobody is told any more, the token goes, and the trail says that the provider was not told", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gala11");
  await plan({ host: "oauth2.googleapis.com", path: "/revoke", status: 503, body: "down", times: 99 });
  await disconnect(who, id);
  let attempts = 1;
  const began = Date.now();
  while ((await rowOf(id))["revocation"] !== null && attempts < 40) {
    const due = Number((await rowOf(id))["revocation_due_at"]);
    await ringIn(who, due - Date.now() + 1_000);
    attempts += 1;
  }
  expect(attempts).toBe(20);
  expect(Date.now() - began).toBeGreaterThan(2 * DAY_MS);
  expect(Date.now() - began).toBeLessThan(5 * DAY_MS);
  expect(await trailOf(who, "revoke")).toMatchObject([
    { outcome: "failed", detail: { attempts: 20, at_provider: false } },
  ]);
});

test("whoever connects again meanwhile keeps the new grant", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "google" }, "gala12");
  await plan({ host: "oauth2.googleapis.com", path: "/revoke", status: 503, body: "down" });
  await disconnect(who, id);
  expect((await authorize(who, { provider: "google" })).searchParams.get("prompt")).toBe("consent");
  expect(await connectWith(who, { provider: "google" }, "gala12")).toBe(id);
  expect(await rowOf(id)).toMatchObject({ status: "active", revocation: null, revocation_due_at: null });
  await forgetHeard();
  await ringIn(who, 10 * MINUTE_MS);
  expect(await revocations("oauth2.googleapis.com")).toEqual([]);
  vi.useRealTimers();
  expect(await integration(who, id)).toMatchObject({ status: "active", refreshable: true });
});
