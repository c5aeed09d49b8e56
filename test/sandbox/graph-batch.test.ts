import { expect, it } from "vitest";
import { GRAPH, KICK_OFF, openMailbox, openSandbox, type Json } from "./driver.ts";

const JSON_TYPE = { "Content-Type": "application/json" };

interface SubAnswer extends Json {
  id: string;
  status: number;
  headers: Record<string, string>;
  body: Json;
}

async function batchOf(requests: Json[]) {
  const { call, sandbox } = await openMailbox();
  const send = async () => {
    const { status, body } = await call("/$batch", { method: "POST", body: { requests } });
    const answers = new Map(((body["responses"] ?? []) as SubAnswer[]).map((answer) => [answer.id, answer]));
    return { status, answers, order: [...answers.keys()] };
  };
  return { send, call, sandbox };
}

it("answers every request on its own, in another order, with 200 outside", async () => {
  const { send } = await batchOf([
    { id: "1", method: "GET", url: "/me?$select=id" },
    { id: "2", method: "POST", url: "me/events", headers: JSON_TYPE, body: KICK_OFF },
    { id: "3", method: "GET", url: "/me/events/42" },
  ]);
  const { status, answers, order } = await send();
  expect(status).toBe(200);
  expect(order).toEqual(["3", "2", "1"]);
  expect(answers.get("1")).toMatchObject({ status: 200, body: { id: expect.any(String) as string } });
  expect(answers.get("2")).toMatchObject({ status: 201, body: { subject: "Audit kick-off" } });
  expect(answers.get("3")).toMatchObject({ status: 400, body: { error: { code: "ErrorInvalidIdMalformed" } } });
});

it("throttles one request of a batch and lets the others through", async () => {
  const { send, sandbox } = await batchOf([
    { id: "1", method: "GET", url: "/me/calendar" },
    { id: "2", method: "GET", url: "/me/events" },
  ]);
  await sandbox.control("/faults", { path: "/v1.0/me/events", status: 429, retry_after: 7 });
  const { status, answers } = await send();
  expect(status).toBe(200);
  expect(answers.get("2")).toMatchObject({
    status: 429,
    headers: { "Retry-After": "7" },
    body: { error: { code: "TooManyRequests" } },
  });
  expect(answers.get("1")?.status).toBe(200);
  expect((await send()).answers.get("2")?.status).toBe(200);
});

it("fails what depends on a failed request with 424", async () => {
  const { send } = await batchOf([
    { id: "a", method: "GET", url: "/me/events/42" },
    { id: "b", method: "GET", url: "/me", dependsOn: ["a"] },
    { id: "c", method: "GET", url: "/me", dependsOn: ["b"] },
  ]);
  const { answers } = await send();
  expect([answers.get("b")?.status, answers.get("c")?.status]).toEqual([424, 424]);
});

it.each<[string, Json[]]>([
  ["21 requests", Array.from({ length: 21 }, (_, index) => ({ id: String(index), method: "GET", url: "/me" }))],
  [
    "ids that differ by case only",
    [
      { id: "a", method: "GET", url: "/me" },
      { id: "A", method: "GET", url: "/me" },
    ],
  ],
  ["a body without a content type", [{ id: "1", method: "POST", url: "/me/events", body: {} }]],
  ["a dependency that does not come before", [{ id: "1", method: "GET", url: "/me", dependsOn: ["2"] }]],
  ["nothing in it", []],
])("refuses a batch with %s as a whole", async (_, requests) => {
  expect((await (await batchOf(requests)).send()).status).toBe(400);
});

it("refuses a batch without a token, and one that is no JSON", async () => {
  const sandbox = openSandbox();
  const bare = await sandbox.fetch(`${GRAPH}/v1.0/$batch`, { method: "POST", headers: JSON_TYPE, body: "{}" });
  expect(bare.status).toBe(401);
  const { access_token: token } = await sandbox.signIn("ana");
  const headers = { ...JSON_TYPE, Authorization: `Bearer ${token}` };
  const malformed = await sandbox.fetch(`${GRAPH}/v1.0/$batch`, { method: "POST", headers, body: "{" });
  expect(malformed.status).toBe(400);
});
