import { expect, test } from "vitest";
import { use } from "../../src/connections/use.ts";
import { Lane } from "./lane.ts";
import { OwnerOf } from "./owner.ts";
import { World } from "./world.ts";

const GRAPH = { provider: "microsoft", resource: "graph" } as const;
const HOUR_MS = 3_600_000;

/** A world whose one connection has a dead token. `random`: the luck that jitter has. */
async function staleWorld(person: string, random: number): Promise<World> {
  const world = await World.open(new Lane(person), person, { rotation: "family", random: () => random });
  void new OwnerOf(world).connect();
  await world.advance(60_000);
  await world.advance(2 * HOUR_MS);
  return world;
}

/** What became of one use, and after how long, ms. */
async function useOnce(world: World): Promise<{ told: unknown; afterMs: number }> {
  const started = world.clock.now();
  let outcome = { told: undefined as unknown, afterMs: -1 };
  const done = (told: unknown) => {
    outcome = { told, afterMs: world.clock.now() - started };
  };
  void use(world.vault, GRAPH).then(done, done);
  await world.advance(40_000);
  return outcome;
}

test("a caller waits ten seconds for a refresh, whose answer is stored all the same", async () => {
  const world = await staleWorld("patient", 0.5);
  world.weather.trips = [{ there: 5, back: 15_000 }];
  expect(await useOnce(world)).toMatchObject({ told: { code: "provider_timeout" }, afterMs: 10_000 });
  expect(await useOnce(world)).toMatchObject({ told: { tokenType: "Bearer" }, afterMs: 0 });
  expect(world.log.refreshes).toBe(1);
});

test.each([
  [0, [500, 1_000, 2_000, 4_000]],
  [0.5, [1_000, 2_000, 4_000, 8_000]],
])("the provider is left alone for longer after each failure, with jitter (luck %d)", async (luck, pauses) => {
  const world = await staleWorld(`backing-off-${luck}`, luck);
  for (const expected of pauses) {
    world.weather.trips = [{ there: 5, back: 5, loses: "gateway" }];
    const started = world.clock.now();
    void use(world.vault, GRAPH).catch(() => undefined);
    await world.advance(100);
    const [pause] = [...world.vault.memory.pauses.values()];
    expect((pause?.until ?? 0) - started).toBe(expected + 5);
    await world.advance(expected);
  }
});
