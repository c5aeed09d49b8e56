import { Webhook } from "standardwebhooks";
import { expect, test, vi } from "vitest";
import { deliverFor, eventWorld } from "./world.ts";

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

test("an event is sent once, signed, as the very bytes that are stored", async () => {
  const { world, sent, happen, stored } = await eventWorld("sends", () => 204);
  const connection = await happen([1]);
  await deliverFor(world, DAY);
  const [event] = await stored(connection);
  expect(sent).toHaveLength(1);
  expect(sent[0]?.body).toBe(event?.body);
  expect(sent[0]?.headers).toMatchObject({
    "webhook-id": event?.id,
    "webhook-timestamp": String(Math.floor((event?.at ?? 0) / 1000)),
    "content-type": "application/json",
    "user-agent": "Latchkey-Webhooks/1",
  });
  const secret = `whsec_${btoa(String.fromCharCode(...new Uint8Array(32).fill(7)))}`;
  vi.useFakeTimers({ now: event?.at ?? 0, toFake: ["Date"] });
  expect(() => new Webhook(secret).verify(sent[0]?.body ?? "", sent[0]?.headers ?? {})).not.toThrow();
  vi.useRealTimers();
  expect(event).toMatchObject({ state: "delivered", dueAt: null });
});

test("a later event of a connection waits until the earlier one has arrived", async () => {
  let refusals = 3;
  const { world, sentOf, happen, sent } = await eventWorld("order", () => (refusals-- > 0 ? 500 : 204));
  const connection = await happen([1, 2]);
  await deliverFor(world, MINUTE);
  expect(sentOf(connection)).toEqual([1, 1]);
  await happen([3], connection);
  await deliverFor(world, DAY);
  expect(sentOf(connection)).toEqual([1, 1, 1, 1, 2, 3]);
  // The id stays over all tries; time and signature are of each try.
  const [first, second] = sent;
  expect(second?.id).toBe(first?.id);
  expect(second?.headers["webhook-timestamp"]).not.toBe(first?.headers["webhook-timestamp"]);
  expect(second?.headers["webhook-signature"]).not.toBe(first?.headers["webhook-signature"]);
});

test("after three days an event is given up, and the next one gets its turn", async () => {
  const { world, sent, sentOf, happen, stored } = await eventWorld("gives-up", () => 500);
  const connection = await happen([1]);
  await deliverFor(world, 4 * DAY);
  const tries = sentOf(connection).length;
  expect(tries).toBeGreaterThan(8);
  expect(sent.at(-1)?.afterMs).toBeLessThan(3 * DAY + MINUTE);
  expect(sent.at(-1)?.afterMs).toBeGreaterThanOrEqual(3 * DAY);
  expect(await stored(connection)).toMatchObject([{ state: "failed", deliveries: { app: { lastStatus: 500 } } }]);
  await happen([2], connection);
  await deliverFor(world, MINUTE);
  expect(sentOf(connection).slice(tries)).toEqual([2, 2]);
});

test("a receiver that never answers delays neither another endpoint nor another connection", async () => {
  const stuck = new Set<string>();
  const { world, sent, sentOf, happen, stored } = await eventWorld(
    "stuck",
    ({ endpoint, connection }) => (endpoint === "dead" || stuck.has(connection) ? "never" : 204),
    ["dead", "alive"],
  );
  const [first, second] = [await happen([1, 2]), await happen([1, 2])];
  stuck.add(second);
  await deliverFor(world, 2 * SECOND);
  expect(sentOf(first, "alive")).toEqual([1, 2]);
  expect(sentOf(second, "alive")).toEqual([1]);
  expect(sentOf(first, "dead")).toEqual([1]);
  // 15 s are all that an answer gets.
  await world.advance(15 * SECOND);
  const [event] = (await stored(first)).filter(({ version }) => version === 1);
  expect(event?.deliveries).toMatchObject({
    dead: { lastError: "timeout", attempts: 1 },
    alive: { state: "delivered" },
  });
  await world.advance(4 * DAY);
  expect((await stored(first)).map(({ deliveries }) => deliveries["dead"]?.state)).toEqual(["failed", "failed"]);
  expect(sent.filter(({ endpoint, connection }) => endpoint === "alive" && connection === first)).toHaveLength(2);
});

test("many connections that a dead endpoint holds open leave connections for others", async () => {
  const { world, sent, happen } = await eventWorld("share", ({ endpoint }) => (endpoint === "dead" ? "never" : 204), [
    "dead",
    "alive",
  ]);
  for (let one = 0; one < 12; one += 1) await happen([1]);
  await deliverFor(world, 5 * SECOND);
  expect(sent.filter(({ endpoint }) => endpoint === "dead")).toHaveLength(2);
  expect(sent.filter(({ endpoint }) => endpoint === "alive")).toHaveLength(12);
});

test("an alarm that finds a receiver hanging ends all the same", async () => {
  const { world, happen } = await eventWorld("alarm", () => "never");
  await happen([1]);
  const told = vi.spyOn(world.vault.log, "info");
  await deliverFor(world, SECOND);
  expect(told).toHaveBeenCalledWith("keeper alarm", expect.anything());
  told.mockRestore();
});

test("Retry-After holds back everything for that endpoint, and nothing for the other", async () => {
  let slow = true;
  const { world, sentOf, happen } = await eventWorld(
    "retry-after",
    ({ endpoint }) =>
      endpoint === "slow" && slow ? new Response(null, { status: 503, headers: { "Retry-After": "1800" } }) : 204,
    ["slow", "other"],
  );
  const first = await happen([1]);
  await deliverFor(world, SECOND);
  slow = false;
  const second = await happen([1]);
  await deliverFor(world, 29 * MINUTE);
  expect([sentOf(first, "slow"), sentOf(second, "slow")]).toEqual([[1], []]);
  expect([sentOf(first, "other"), sentOf(second, "other")]).toEqual([[1], [1]]);
  await world.advance(2 * MINUTE);
  expect([sentOf(first, "slow"), sentOf(second, "slow")]).toEqual([[1, 1], [1]]);
});

test("410 ends an event at once, and says so in the log", async () => {
  const { world, sentOf, happen, stored } = await eventWorld("gone", () => 410);
  const warned = vi.spyOn(world.vault.log, "warn");
  const connection = await happen([1]);
  await deliverFor(world, DAY);
  expect(sentOf(connection)).toEqual([1]);
  expect(await stored(connection)).toMatchObject([{ state: "failed", deliveries: { app: { lastStatus: 410 } } }]);
  const line = { event_id: expect.stringMatching(/^evt_/) as string, endpoint: "app", delivery: "failed", status: 410 };
  expect(warned).toHaveBeenCalledWith("event given up", expect.objectContaining(line));
  warned.mockRestore();
});

test("a redirect is a failure and is not followed", async () => {
  const elsewhere = () => new Response(null, { status: 307, headers: { Location: "https://hooks.faults.test/other" } });
  const { world, sent, happen, stored } = await eventWorld("redirect", elsewhere);
  const warned = vi.spyOn(world.vault.log, "warn");
  const connection = await happen([1]);
  await deliverFor(world, SECOND);
  expect(warned).toHaveBeenCalledWith("event not taken", expect.objectContaining({ delivery: "pending", status: 307 }));
  warned.mockRestore();
  expect(sent.map(({ endpoint }) => endpoint)).toEqual(["app"]);
  expect(await stored(connection)).toMatchObject([{ state: "pending", deliveries: { app: { lastStatus: 307 } } }]);
});

test("an object that crashes while it waits for an answer repeats that one try", async () => {
  let hangs = true;
  const { world, sentOf, happen, stored } = await eventWorld("crash", ({ id }) => (id && hangs ? "never" : 204));
  const connection = await happen([1, 2]);
  await deliverFor(world, SECOND);
  expect(sentOf(connection)).toEqual([1]);
  hangs = false;
  world.endLife("crash");
  // Nobody asks for it: the alarm that was set before the try is enough.
  await world.advance(MINUTE);
  expect(sentOf(connection)).toEqual([1, 1, 2]);
  expect((await stored(connection)).map(({ state }) => state)).toEqual(["delivered", "delivered"]);
});

test("what D1 does not take of a delivery is written later, and not sent again", async () => {
  const { world, sentOf, happen, stored } = await eventWorld("unsettled", () => {
    // Reads go on; from the answer on, two writes fail.
    world.weather.d1 = ["before", "none", "before", "none", "before"];
    return 204;
  });
  const connection = await happen([1]);
  await deliverFor(world, 10 * MINUTE);
  expect(sentOf(connection)).toEqual([1]);
  expect(await stored(connection)).toMatchObject([{ state: "delivered", deliveries: { app: { attempts: 1 } } }]);
});

test("while D1 is down nothing is sent, and afterwards everything", async () => {
  const { world, sentOf, happen } = await eventWorld("down", () => 204);
  const connection = await happen([1, 2]);
  world.weather.d1Down = true;
  await deliverFor(world, 10 * MINUTE);
  expect(sentOf(connection)).toEqual([]);
  world.weather.d1Down = false;
  await world.advance(MINUTE);
  expect(sentOf(connection)).toEqual([1, 2]);
});

test("an endpoint that is configured no more does not hold its events back for ever", async () => {
  const { world, sent, happen, stored } = await eventWorld("removed", () => 204);
  const connection = await happen([1, 2]);
  world.receiver.endpoints.length = 0;
  await deliverFor(world, SECOND);
  expect(sent).toEqual([]);
  const gone = { state: "failed", deliveries: { app: { lastError: "endpoint_removed" } } };
  expect(await stored(connection)).toMatchObject([gone, gone]);
});
