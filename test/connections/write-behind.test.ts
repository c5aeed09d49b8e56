import { runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { keeperOf } from "./keeper.ts";

test("what a short limit has counted is written before the object can fall asleep, 10 s later", async () => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
  const keeper = keeperOf("behind");
  const stored = () => runInDurableObject(keeper, (_, state) => state.storage.kv.get<number[]>("limit:profile"));
  await keeper.limit("profile");
  await keeper.limit("profile");
  expect(await stored()).toBeUndefined();
  // In the object: its timers may touch its storage only there.
  await runInDurableObject(keeper, () => void vi.advanceTimersByTime(9_000));
  expect(await stored()).toHaveLength(2);
  vi.useRealTimers();
});
