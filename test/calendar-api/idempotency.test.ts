import { expect, test } from "vitest";
import type { CalendarEvent } from "../../src/calendar/event.ts";
import { call, sandbox, send, type TokenClaims } from "../support.ts";
import { connected, created, EVENTS, forgetHeard, heard, listed, newEvent, plan, read, refusal } from "./calendar.ts";

function createWith(who: TokenClaims, key: string, fields: Record<string, unknown> = {}) {
  return send("POST", EVENTS, who, newEvent(fields), { "Idempotency-Key": key });
}

test.each([400, 409])("the same key makes one event, where Graph refuses the second with %i", async (status) => {
  const who = await connected();
  await sandbox("POST", "settings", { duplicate_transaction_status: status });
  await forgetHeard();
  const key = "order 12 / 'quoted' & \"more\"";
  const first = await read<CalendarEvent>(createWith(who, key));
  const again = await read<CalendarEvent>(createWith(who, key));
  expect([first.status, again.status]).toEqual([201, 201]);
  expect(again.body).toEqual(first.body);
  expect(again.headers.get("ETag")).toBe(first.body.etag);
  const sent = (await heard("/v1.0/me/events")).filter(({ method }) => method === "POST");
  expect(sent.map(({ status: answered, json }) => [answered, json["transactionId"]])).toEqual([
    [201, key],
    [status, key],
  ]);
  expect((await listed(who)).events).toHaveLength(1);
});

test("two creates with one key at the same time make one event", async () => {
  const who = await connected();
  const both = await Promise.all([1, 2].map(() => read<CalendarEvent>(createWith(who, "twice"))));
  expect(both.map(({ status }) => status)).toEqual([201, 201]);
  expect(new Set(both.map(({ body }) => body.id)).size).toBe(1);
  expect((await listed(who)).events).toHaveLength(1);
});

test("the same key of somebody else, and another key, make other events", async () => {
  const who = await connected();
  const other = await connected();
  for (const [owner, key] of [
    [who, "a"],
    [who, "b"],
    [other, "a"],
  ] as const) {
    expect((await createWith(owner, key)).status).toBe(201);
  }
  expect((await listed(who)).events).toHaveLength(2);
  expect((await listed(other)).events).toHaveLength(1);
});

test("without a key every create is another event, each with a transactionId of its own", async () => {
  const who = await connected();
  await forgetHeard();
  await created(who);
  await created(who);
  expect((await listed(who)).events).toHaveLength(2);
  const ids = (await heard()).filter(({ method }) => method === "POST").map(({ json }) => json["transactionId"]);
  expect(new Set(ids).size).toBe(2);
  for (const id of ids) expect(id).toMatch(/^[\da-f-]{36}$/);
});

test("a key whose event is gone is a conflict", async () => {
  const who = await connected();
  const { body } = await read<CalendarEvent>(createWith(who, "gone"));
  expect((await call(`${EVENTS}/${body.id}`, who, { method: "DELETE" })).status).toBe(204);
  expect(await refusal(createWith(who, "gone"))).toMatchObject({ status: 409, code: "conflict" });
});

test.each([undefined, "k-1"])("a create whose answer is lost after the work makes one event (key %s)", async (key) => {
  const who = await connected();
  await plan({ method: "POST", path: "/v1.0/me/events", drop: "after" });
  const headers = key === undefined ? {} : { "Idempotency-Key": key };
  const { status, body } = await read<CalendarEvent>(send("POST", EVENTS, who, newEvent(), headers));
  expect(status).toBe(201);
  expect((await listed(who, { time_zone: "Europe/Rome" })).events).toEqual([body]);
});

test("a create that never arrived is sent again and makes one event", async () => {
  const who = await connected();
  await plan({ method: "POST", path: "/v1.0/me/events", drop: "before" });
  await plan({ method: "POST", path: "/v1.0/me/events", status: 503 });
  const { status, body } = await read<CalendarEvent>(send("POST", EVENTS, who, newEvent()));
  expect(status).toBe(201);
  expect((await listed(who)).events.map(({ id }) => id)).toEqual([body.id]);
});

test("a create that was done behind a gateway's 504 makes one event", async () => {
  const who = await connected();
  await plan({ method: "POST", path: "/v1.0/me/events", drop: "after" });
  await plan({ method: "POST", path: "/v1.0/me/events", status: 504, body: "<html></html>" });
  expect((await send("POST", EVENTS, who, newEvent())).status).toBe(201);
  expect((await listed(who)).events).toHaveLength(1);
});

test("a create whose answers are all lost fails, and its key then finds what it made", async () => {
  const who = await connected();
  await plan({ method: "POST", path: "/v1.0/me/events", drop: "after", times: 3 });
  expect(await refusal(createWith(who, "lost"))).toMatchObject({ status: 503, code: "provider_unavailable" });
  const { status, body } = await read<CalendarEvent>(createWith(who, "lost"));
  expect(status).toBe(201);
  expect((await listed(who)).events.map(({ id }) => id)).toEqual([body.id]);
});
