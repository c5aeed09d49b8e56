import { env } from "cloudflare:workers";
import { runDurableObjectAlarm, runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test, vi } from "vitest";
import type { UserKeeper } from "../../src/index.ts";
import { keeperOf, sleep } from "../connections/keeper.ts";
import { BASES } from "../routes/security.ts";
import { call } from "../support.ts";
import {
  ask,
  authorize,
  connectWith,
  finishAs,
  integration,
  MANAGER,
  plan,
  resetSandbox,
  somebody,
} from "./manager.ts";
import { trailOf } from "./manager.ts";
import { failingD1, otherWorld } from "./other-world.ts";

afterEach(async () => {
  vi.useRealTimers();
  vi.restoreAllMocks();
  await resetSandbox();
});

const MINUTE_MS = 60_000;

/** Tables that hold something of the owner, with how many rows. */
async function leftInD1(owner: string): Promise<Record<string, number>> {
  const { results } = await env.DB.prepare(
    "select name from sqlite_master where type = 'table' and sql like '%`owner`%'",
  ).all<{ name: string }>();
  expect(results.length).toBeGreaterThan(11);
  const found: Record<string, number> = {};
  for (const { name } of results) {
    const row = await env.DB.prepare(`select count(*) as rows from ${name} where owner = ?1`)
      .bind(owner)
      .first<{ rows: number }>();
    if (row && row.rows > 0) found[name] = row.rows;
  }
  return found;
}

/** Keys in the keeper's own storage. */
function leftInStorage(keeper: ReturnType<typeof keeperOf>): Promise<string[]> {
  return runInDurableObject(keeper, (_, state) => [...state.storage.kv.list()].map(([key]) => key));
}

async function ringIn(keeper: ReturnType<typeof keeperOf>, ms: number): Promise<void> {
  vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
  await runDurableObjectAlarm(keeper);
}

/** Connects what there is, uses it, and leaves traces of every kind. */
async function busy(who: { sub: string }, base = MANAGER): Promise<string[]> {
  const ids = [];
  for (const [provider, person] of [
    ["google", `e-${who.sub}`],
    ["youtube", `e-${who.sub}`],
    ["notion", "ana"],
    ["microsoft", "ana"],
  ] as const)
    ids.push(await connectWith(who, { provider }, person, base));
  for (const id of ids) await call(`${base}/integrations/${id}/refresh`, who, { method: "POST" });
  await authorize(who, { provider: "notion" }, base);
  await call(`${base}/audit`, who);
  return ids;
}

test.each(BASES)("below %s nothing of the owner is left but the trail, in D1 and in the keeper", async (base) => {
  const who = somebody();
  const manager = `${base}/oauth`;
  const beta = base.endsWith("beta");
  const owner = beta ? `sub:${who.sub}` : who.sub;
  const keeper = env.USER_KEEPER.get(env.USER_KEEPER.idFromName(`${beta ? "beta" : "main"}:${owner}`));
  await busy(who, manager);
  const bystander = await connectWith(somebody(), { provider: "notion" }, "bo", manager);
  expect(Object.keys(await leftInD1(owner))).toHaveLength(4);
  const answer = await call(`${manager}/integrations`, who, { method: "DELETE" });
  expect(await answer.json()).toEqual({ disconnected: 4 });
  await runInDurableObject(keeper, (instance) => instance.flush());
  // An alarm while requests of the last minute still count sees to it that another comes. The keeper's own may run meanwhile.
  await ringIn(keeper, MINUTE_MS / 4);
  for (let rings = 0; rings < 6; rings += 1) await ringIn(keeper, 5 * MINUTE_MS);
  expect(Object.keys(await leftInD1(owner))).toEqual([beta ? "beta_audit" : "audit"]);
  expect((await leftInStorage(keeper)).filter((key) => !key.startsWith("audit"))).toEqual([]);
  vi.useRealTimers();
  const kept = await env.DB.prepare(`select status from ${beta ? "beta_" : ""}connections where id = ?1`)
    .bind(bystander)
    .first();
  expect(kept).toEqual({ status: "active" });
});

test("the trail still says everything, and that it was erased", async () => {
  const who = somebody();
  await busy(who);
  await ask(who, "DELETE", "/integrations");
  const actions = (await trailOf(who)).map(({ action }) => action);
  expect(actions).toEqual(expect.arrayContaining(["start", "connect", "refresh", "disconnect", "revoke", "erase"]));
  expect((await trailOf(who, "erase"))[0]).toMatchObject({ actor: who.sub, detail: { connections: 4 } });
  const proof = await (await ask(who, "GET", "/audit/verify")).json<{ valid?: boolean }>();
  expect(JSON.stringify(proof)).not.toContain('"valid":false');
});

test("a sign-in that was under way is over, and the owner can connect again", async () => {
  const who = somebody();
  await connectWith(who, { provider: "notion" });
  const open = await authorize(who, { provider: "notion" });
  await ask(who, "DELETE", "/integrations");
  expect((await finishAs(who, open, "ana")).status).toBe(400);
  const id = await connectWith(who, { provider: "notion" });
  await ringIn(keeperOf(who.sub), 10 * MINUTE_MS);
  vi.useRealTimers();
  expect(await integration(who, id)).toMatchObject({ status: "active" });
  expect((await ask(who, "POST", `/integrations/${id}/refresh`)).status).toBe(200);
});

test("with nothing connected there is nothing to disconnect, and twice at once is as good as once", async () => {
  const who = somebody();
  expect(await (await ask(who, "DELETE", "/integrations")).json()).toEqual({ disconnected: 0 });
  await busy(who);
  const erase = { bucket: "manage", actor: who.sub } as const;
  const answers = await runInDurableObject<UserKeeper, unknown[]>(keeperOf(who.sub), (keeper) =>
    Promise.all([keeper.erase(erase), keeper.erase(erase)]),
  );
  expect(answers).toMatchObject([{ result: { ok: true } }, { result: { ok: true } }]);
});

test("a provider that is down delays nothing but its own token, which goes once it was told", async () => {
  const who = somebody();
  const [, , notion = ""] = await busy(who);
  await plan({ host: "api.notion.com", path: "/v1/oauth/revoke", status: 503, body: "down" });
  expect((await ask(who, "DELETE", "/integrations")).status).toBe(200);
  expect(await leftInD1(who.sub)).toMatchObject({ connections: 1 });
  const row = await env.DB.prepare("select refresh_token, access_tokens from connections where id = ?1")
    .bind(notion)
    .first();
  expect(row).toEqual({ refresh_token: null, access_tokens: "{}" });
  await ringIn(keeperOf(who.sub), 10 * MINUTE_MS);
  await ringIn(keeperOf(who.sub), MINUTE_MS);
  expect(Object.keys(await leftInD1(who.sub))).toEqual(["audit"]);
  expect((await trailOf(who, "revoke")).map(({ detail }) => detail["at_provider"])).toContain(true);
});

test("whoever connects the same account again while its revocation waits keeps it", async () => {
  const who = somebody();
  await connectWith(who, { provider: "notion" });
  await plan({ host: "api.notion.com", path: "/v1/oauth/revoke", status: 503, body: "down" });
  await ask(who, "DELETE", "/integrations");
  const id = await connectWith(who, { provider: "notion" });
  await ringIn(keeperOf(who.sub), 10 * MINUTE_MS);
  vi.useRealTimers();
  expect((await ask(who, "POST", `/integrations/${id}/refresh`)).status).toBe(200);
});

test.each([
  ["at the first write", (writes: number) => writes === 1],
  ["at every write from the second on", (writes: number) => writes > 1],
])("a D1 that fails %s gets the rest later", async (_when, failsAt) => {
  const who = somebody();
  await busy(who);
  await sleep(who.sub);
  let [writes, down] = [0, true];
  const DB = failingD1((sql) => down && !/^\s*select/i.test(sql) && failsAt((writes += 1)));
  const world = otherWorld({ DB });
  const answer = await world.send(who, "DELETE", `${MANAGER}/integrations`);
  expect(answer.status).toBe(200);
  expect(await answer.json()).toEqual({ disconnected: 4 });
  const list = await world.send(who, "GET", `${MANAGER}/integrations`);
  expect(await list.json()).toMatchObject({ integrations: [] });
  down = false;
  for (const ms of [MINUTE_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, MINUTE_MS]) {
    vi.useFakeTimers({ now: Date.now() + ms, toFake: ["Date"] });
    await world.keeper(who.sub, "alarm");
  }
  expect(Object.keys(await leftInD1(who.sub))).toEqual(["audit"]);
  const storage = await leftInStorage(keeperOf(who.sub));
  expect(storage.filter((key) => !key.startsWith("audit") && !key.startsWith("limit:"))).toEqual([]);
});

test("while D1 cannot be read nothing is erased, and the caller is told to come back", async () => {
  const who = somebody();
  const id = await connectWith(who, { provider: "notion" });
  await sleep(who.sub);
  const world = otherWorld({ DB: failingD1(() => true) });
  const answer = await world.send(who, "DELETE", `${MANAGER}/integrations`);
  expect(answer.status).toBe(500);
  expect(answer.headers.get("Retry-After")).toBe("5");
  expect(await integration(who, id)).toMatchObject({ status: "active" });
});
