import { expect, it } from "vitest";
import { createSandbox } from "./app.ts";
import { sandboxFetch } from "./dropped.ts";
import type { Delivery } from "./receiver/deliveries.ts";
import { memoryStore } from "./store.ts";

const LOCAL = "http://localhost:8788/_sandbox/hooks";

function open() {
  const app = createSandbox({ store: memoryStore() });
  const call = (url: string, init?: RequestInit) => sandboxFetch(app, url, init);
  const post = (url: string, init: RequestInit = {}) => call(url, { method: "POST", body: "{}", ...init });
  const received = async (name?: string) => {
    const answer = await call(`${LOCAL}${name === undefined ? "" : `?name=${name}`}`);
    return (await answer.json<{ deliveries: Delivery[] }>()).deliveries;
  };
  const behave = (name: string, behaviour: unknown) =>
    call(`${LOCAL}/${name}/behaviour`, { method: "PUT", body: JSON.stringify(behaviour) });
  return { call, post, received, behave };
}

it.each(["https://hooks.test/orders/v1?k=1", `${LOCAL}/orders/v1?k=1`])(
  "records what %s receives to the byte and answers 204",
  async (url) => {
    const { post, received } = open();
    const body = `{ "type":"a.b",\n "data": {"ü": 1e2} }`;
    const headers = { "webhook-id": "msg_1", "Webhook-Signature": "v1,abc", "Content-Type": "application/json" };
    expect((await post(url, { headers, body })).status).toBe(204);
    const [delivery] = await received("orders");
    expect(delivery).toMatchObject({ name: "orders", path: "/orders/v1", query: { k: "1" }, body, status: 204 });
    expect(delivery?.headers).toMatchObject({ "webhook-id": "msg_1", "webhook-signature": "v1,abc" });
    expect(Date.now() - Date.parse(delivery?.at ?? "")).toBeLessThan(5_000);
  },
);

it("keeps names apart, lists the newest last and clears one or all", async () => {
  const { call, post, received } = open();
  await post("https://hooks.test/a", { body: "1" });
  await post("https://hooks.test/b", { body: "2" });
  await post("https://hooks.test/a", { body: "3" });
  await post("https://hooks.test/", { body: "4" });
  expect((await received("a")).map(({ body }) => body)).toEqual(["1", "3"]);
  expect((await received()).map(({ name }) => name)).toEqual(["a", "b", "a", "default"]);
  expect((await call(`${LOCAL}/a`, { method: "DELETE" })).status).toBe(204);
  expect((await received()).map(({ name }) => name)).toEqual(["b", "default"]);
  await call(LOCAL, { method: "DELETE" });
  expect(await received()).toEqual([]);
});

it("takes nothing but POST", async () => {
  const { call, received } = open();
  expect((await call("https://hooks.test/a")).status).toBe(405);
  expect(await received()).toEqual([]);
});

it("leaves the other hosts and controls alone", async () => {
  const { call, received } = open();
  expect((await call("https://hooks.test/_sandbox/settings")).status).toBe(200);
  expect((await call("https://elsewhere.test/a", { method: "POST", body: "{}" })).status).toBe(404);
  expect(await received()).toEqual([]);
});

it("answers what it is told to, so many times, and then 204 again", async () => {
  const { post, behave, received } = open();
  await behave("a", { status: 429, retry_after: 30, body: "slow down", times: 2 });
  for (let i = 0; i < 2; i++) {
    const answer = await post("https://hooks.test/a");
    expect([answer.status, answer.headers.get("Retry-After"), await answer.text()]).toEqual([429, "30", "slow down"]);
  }
  expect((await post("https://hooks.test/b")).status).toBe(204);
  expect((await post("https://hooks.test/a")).status).toBe(204);
  expect((await received("a")).map(({ status }) => status)).toEqual([429, 429, 204]);
});

it("stays gone without a count, until it is cleared", async () => {
  const { call, post, behave } = open();
  await behave("a", { status: 410 });
  for (let i = 0; i < 3; i++) expect((await post("https://hooks.test/a")).status).toBe(410);
  expect(await (await call(`${LOCAL}/a/behaviour`)).json()).toMatchObject({ status: 410 });
  await call(`${LOCAL}/a`, { method: "DELETE" });
  expect((await post("https://hooks.test/a")).status).toBe(204);
});

it("redirects to where a follower is seen, or to where it is told to", async () => {
  const { post, behave } = open();
  await behave("a", { status: 307 });
  const location = async (url: string) => (await post(url)).headers.get("Location");
  expect(await location("https://hooks.test/a/x")).toBe("https://hooks.test/a-moved");
  expect(await location(`${LOCAL}/a/x`)).toBe(`${LOCAL}/a-moved`);
  await behave("a", { status: 302, location: "http://169.254.169.254/" });
  expect(await location("https://hooks.test/a")).toBe("http://169.254.169.254/");
});

it("takes its time, and records what a caller gave up on", async () => {
  const { post, behave, received } = open();
  await behave("a", { delay_ms: 60 });
  await expect(post("https://hooks.test/a", { signal: AbortSignal.timeout(20) })).rejects.toMatchObject({
    name: "TimeoutError",
  });
  expect(await received("a")).toHaveLength(1);
});

it.each([
  ["before", []],
  ["after", [0]],
])("loses the connection %s recording", async (drop, statuses) => {
  const { post, behave, received } = open();
  await behave("a", { drop, times: 2 });
  await expect(post("https://hooks.test/a")).rejects.toThrow(TypeError);
  await expect(post(`${LOCAL}/a`)).rejects.toThrow(TypeError);
  expect([...new Set((await received("a")).map(({ status }) => status))]).toEqual(statuses);
});

it("refuses a malformed behaviour", async () => {
  const { behave, call } = open();
  expect((await behave("a", { status: 99 })).status).toBe(400);
  expect((await behave("a", { sttaus: 500 })).status).toBe(400);
  expect((await call(`${LOCAL}/a/behaviour`, { method: "PUT", body: "{" })).status).toBe(400);
});

it("stands behind the outbound requests of the Worker under test", async () => {
  const name = crypto.randomUUID();
  expect((await fetch(`https://hooks.test/${name}`, { method: "POST", body: "hello" })).status).toBe(204);
  const listed = await fetch(`https://hooks.test/_sandbox/hooks?name=${name}`);
  expect(await listed.json()).toMatchObject({ deliveries: [{ name, body: "hello" }] });
});
