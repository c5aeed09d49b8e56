import { runInDurableObject } from "cloudflare:test";
import { afterEach, expect, test } from "vitest";
import type { UserKeeper } from "../../src/index.ts";
import { sandbox } from "../support.ts";
import { ageTokens, connected, keeperOf, useGraph } from "./keeper.ts";

afterEach(async () => {
  await sandbox("DELETE", "faults");
});

test("limits are not written while a refresh is out: a keeper that is being shut down would lose its answer", async () => {
  const id = await connected({ sub: "at-rest" });
  await ageTokens("at-rest", id, Date.now() + 60_000);
  await sandbox("POST", "faults", { path: "/common/oauth2/v2.0/token", grant_type: "refresh_token", delay_ms: 600 });
  const keeper = keeperOf("at-rest");
  const flushed = () =>
    runInDurableObject<UserKeeper, unknown>(keeper, (instance, state) => {
      instance.flush();
      return state.storage.kv.get("limit:profile");
    });
  const refreshing = useGraph("at-rest");
  await keeper.limit("profile");
  expect(await flushed()).toBeUndefined();
  expect((await refreshing).result).toMatchObject({ ok: true });
  expect(await flushed()).toHaveLength(1);
});
