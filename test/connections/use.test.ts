import { env } from "cloudflare:workers";
import { runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import type { UserKeeper } from "../../src/index.ts";
import { call, received, sandbox } from "../support.ts";
import { ageTokens, connected, keeperOf, rowOf, useGraph } from "./keeper.ts";

/** Counts the statements that reach D1 while `act` runs. */
async function statements(act: () => Promise<unknown>): Promise<number> {
  const prepare = vi.spyOn(Object.getPrototypeOf(env.DB) as D1Database, "prepare");
  try {
    await act();
    return prepare.mock.calls.length;
  } finally {
    prepare.mockRestore();
  }
}

test("using a fresh token asks D1 nothing", async () => {
  await connected({ sub: "zero" });
  await useGraph("zero");
  expect(await statements(() => call("/api/v1/auth/microsoft/user", { sub: "zero" }))).toBe(0);
  expect(await statements(() => useGraph("zero"))).toBe(0);
});

test("the first use of a keeper's life reads D1 once, however many ask", async () => {
  const id = await connected({ sub: "cold" });
  await ageTokens("cold", id, Date.now() + 3_600_000);
  expect(await statements(() => Promise.all(Array.from({ length: 20 }, () => useGraph("cold"))))).toBe(1);
});

test("the time of use is written at most once a minute, and not by the request", async () => {
  const id = await connected({ sub: "noted" });
  await env.DB.prepare("update connections set last_used_at = 5 where id = ?1").bind(id).run();
  await ageTokens("noted", id, Date.now() + 3_600_000);
  await useGraph("noted");
  expect((await rowOf(id))["last_used_at"]).toBe(5);
  const flush = () => runInDurableObject<UserKeeper, void>(keeperOf("noted"), (keeper) => keeper.flush());
  await flush();
  const first = Number((await rowOf(id))["last_used_at"]);
  expect(first).toBeGreaterThan(Date.now() - 60_000);
  await useGraph("noted");
  await flush();
  expect((await rowOf(id))["last_used_at"]).toBe(first);
});

test("a token that lives for less than the caller's min_ttl is renewed", async () => {
  const id = await connected({ sub: "ttl" });
  await ageTokens("ttl", id, Date.now() + 20 * 60_000);
  const enough = await useGraph("ttl", { minTtlMs: 10 * 60_000 });
  const renewed = await useGraph("ttl", { minTtlMs: 40 * 60_000 });
  const life = (answer: typeof enough) => (answer.result?.ok ? Number(answer.result.value.expiresAt) - Date.now() : 0);
  expect(life(enough)).toBeLessThan(20 * 60_000);
  expect(life(renewed)).toBeGreaterThan(40 * 60_000);
});

test("a provider whose tokens live shortly is not asked at every use", async () => {
  await sandbox("POST", "settings", { expires_in: 90 });
  await connected({ sub: "short" });
  const before = (await received("/common/oauth2/v2.0/token")).length;
  for (let use = 0; use < 5; use += 1) await useGraph("short", { minTtlMs: 3_600_000 });
  expect((await received("/common/oauth2/v2.0/token")).length).toBe(before);
  await sandbox("POST", "settings", { expires_in: null });
});

test("callers who hand back the same refused token cause one refresh", async () => {
  await connected({ sub: "refused" });
  const first = await useGraph("refused");
  const rejected = first.result?.ok ? first.result.value.ticket : "";
  const before = (await received("/common/oauth2/v2.0/token")).length;
  const again = await Promise.all(Array.from({ length: 20 }, () => useGraph("refused", { rejected })));
  const tickets = new Set(again.map((answer) => (answer.result?.ok ? answer.result.value.ticket : "failed")));
  expect(tickets.size).toBe(1);
  expect(tickets.has(rejected)).toBe(false);
  // One who comes late with the old ticket gets the new token and asks the provider nothing.
  await useGraph("refused", { rejected });
  expect((await received("/common/oauth2/v2.0/token")).length - before).toBe(1);
});

test("without a connection the caller is told where to connect", async () => {
  const answer = await call("/api/v1/auth/microsoft/user", { sub: "nobody-yet" });
  expect(answer.status).toBe(404);
  expect(await answer.json()).toMatchObject({ code: "not_connected", authorize_path: "/api/v1/auth/microsoft/" });
});
