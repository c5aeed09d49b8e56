import { expect, test } from "vitest";
import { use } from "../../../src/connections/use.ts";
import { Lane } from "../../faults/lane.ts";
import { OwnerOf } from "../../faults/owner.ts";
import { World } from "../../faults/world.ts";

const GRAPH = { provider: "microsoft", resource: "graph" } as const;
const HOUR = 3_600_000;

/** A world whose connection has a dead token; every event arrives at once. */
async function staleWorld(person: string): Promise<World> {
  const world = await World.open(new Lane(person), person, { rotation: "family", random: () => 0.5 });
  void new OwnerOf(world).connect();
  await world.advance(60_000);
  await world.advance(2 * HOUR);
  return world;
}

/** Uses the connection; whatever comes of it. */
async function useOnce(world: World, trip?: "gateway"): Promise<void> {
  world.weather.trips = trip ? [{ there: 5, back: 5, loses: trip }] : [];
  void use(world.vault, GRAPH).catch(() => undefined);
  await world.advance(60_000);
}

const told = (world: World) =>
  world.receiver.arrived.map(({ type, body }) => [
    type,
    (JSON.parse(body) as { data: { failures?: number } }).data.failures,
  ]);

const CREATED = ["connection.created", undefined];
const HEALED = (failures: number) => ["connection.refreshed_after_failure", failures];

test("a refresh after failures is told with their number, and the one after that is not", async () => {
  const world = await staleWorld("healed");
  await useOnce(world, "gateway");
  await useOnce(world, "gateway");
  expect(told(world)).toEqual([CREATED]);
  await useOnce(world);
  expect(told(world)).toEqual([CREATED, HEALED(2)]);
  await world.advance(2 * HOUR);
  await useOnce(world);
  expect(told(world)).toEqual([CREATED, HEALED(2)]);
});

test("failures are remembered over the end of the object's life", async () => {
  const world = await staleWorld("evicted");
  await useOnce(world, "gateway");
  world.endLife("shutdown");
  await useOnce(world);
  expect(told(world)).toEqual([CREATED, HEALED(1)]);
});

test("failures are remembered even where D1 could not be told of them", async () => {
  const world = await staleWorld("unnoted");
  world.weather.d1Down = true;
  await useOnce(world, "gateway");
  world.weather.d1Down = false;
  world.endLife("crash");
  await useOnce(world);
  expect(told(world)).toEqual([CREATED, HEALED(1)]);
});

test("a row that waits for D1 brings its events with it, in their order", async () => {
  const world = await World.open(new Lane("waits"), "waits", { rotation: "keep", random: () => 0.5 });
  const owner = new OwnerOf(world);
  // The object has read its rows: from here on D1 takes nothing.
  void owner.disconnect();
  await world.advance(1_000);
  world.weather.d1Down = true;
  void owner.connect();
  await world.advance(1_000);
  void owner.disconnect();
  await world.advance(1_000);
  void owner.connect();
  await world.advance(1_000);
  expect(world.vault.journal.pending.all()).toHaveLength(1);
  world.endLife("crash");
  await world.advance(60_000);
  expect(told(world)).toEqual([]);
  world.weather.d1Down = false;
  await world.advance(5 * 60_000);
  expect(world.receiver.arrived.map(({ type }) => type)).toEqual([
    "connection.created",
    "connection.revoked",
    "connection.created",
  ]);
});
