import { expect, test } from "vitest";
import type { CalendarEvent } from "../../src/calendar/event.ts";
import { call, sandbox, send } from "../support.ts";
import { connected, created, EVENTS, forgetHeard, heard, listed, newEvent, plan, read, refusal } from "./calendar.ts";

test.each(["PATCH", "PUT"])("%s changes what it names and leaves the rest", async (method) => {
  const who = await connected();
  const before = await created(who, { location: { name: "Room 1" }, categories: ["Red"] });
  await forgetHeard();
  const answer = read<CalendarEvent>(send(method, `${EVENTS}/${before.id}`, who, { subject: "Moved" }));
  const { status, headers, body } = await answer;
  expect(status).toBe(200);
  expect(body).toMatchObject({ id: before.id, subject: "Moved", location: { name: "Room 1" }, categories: ["Red"] });
  expect(body.etag).not.toBe(before.etag);
  expect(headers.get("ETag")).toBe(body.etag);
  expect((await heard()).map((one) => [one.method, one.json, one.headers["if-match"]])).toEqual([
    ["PATCH", { subject: "Moved" }, undefined],
  ]);
  expect((await listed(who)).events).toMatchObject([{ subject: "Moved", etag: body.etag }]);
});

test("a change is answered in the zone of its new start", async () => {
  const who = await connected();
  const { id } = await created(who);
  const at = (hour: string) => ({ date_time: `2026-11-21T${hour}:00:00`, time_zone: "Tokyo Standard Time" });
  const { body } = await read<CalendarEvent>(send("PATCH", `${EVENTS}/${id}`, who, { start: at("09"), end: at("11") }));
  expect(body.start).toEqual({ date_time: "2026-11-21T09:00:00", time_zone: "Asia/Tokyo" });
});

test("null takes a location, a recurrence and a reminder away", async () => {
  const who = await connected();
  const { id } = await created(who, {
    location: { name: "Room 1" },
    recurrence: { pattern: { type: "daily", interval: 1 }, range: { type: "no_end" } },
    reminder_minutes: 5,
  });
  const nothing = { location: null, recurrence: null, reminder_minutes: null };
  const { body } = await read<CalendarEvent>(send("PATCH", `${EVENTS}/${id}`, who, nothing));
  expect(body).toMatchObject({ ...nothing, type: "single_instance" });
});

test("one occurrence of a series is changed and deleted by itself", async () => {
  const who = await connected();
  const range = { type: "numbered", number_of_occurrences: 3 };
  await created(who, { recurrence: { pattern: { type: "daily", interval: 1 }, range } });
  const window = { from: "2026-11-01T00:00:00Z", to: "2026-12-01T00:00:00Z" };
  const [first, second, third] = (await listed(who, window)).events;
  expect((await send("PATCH", `${EVENTS}/${second?.id}`, who, { subject: "Once" })).status).toBe(200);
  expect((await call(`${EVENTS}/${third?.id}`, who, { method: "DELETE" })).status).toBe(204);
  const { events } = await listed(who, window);
  expect(events.map(({ id, type, subject }) => ({ id, type, subject }))).toEqual([
    { id: first?.id, type: "occurrence", subject: "Audit" },
    { id: second?.id, type: "exception", subject: "Once" },
  ]);
});

test.each(["PATCH", "PUT", "DELETE"])("%s with the etag that was read counts while nothing changed", async (method) => {
  const who = await connected();
  const { id, etag } = await created(who);
  await sandbox("POST", `events/${encodeURIComponent(id)}/touch`);
  const change = (match: string) =>
    method === "DELETE"
      ? call(`${EVENTS}/${id}`, who, { method, headers: { "If-Match": match } })
      : send(method, `${EVENTS}/${id}`, who, { subject: "Mine" }, { "If-Match": match });
  expect(await refusal(change(etag ?? ""))).toMatchObject({ status: 412, code: "precondition_failed" });
  const { events } = await listed(who);
  expect(events).toMatchObject([{ subject: "Audit" }]);
  expect(events[0]?.etag).not.toBe(etag);
  const done = await change(events[0]?.etag ?? "");
  expect(done.status).toBe(method === "DELETE" ? 204 : 200);
});

test.each(["W/abc", "abc", '"a", "b"'])("the If-Match %j is refused by name", async (match) => {
  const who = await connected();
  const { id } = await created(who);
  const refused = await refusal(send("PATCH", `${EVENTS}/${id}`, who, { subject: "x" }, { "If-Match": match }));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed", errors: [{ path: "If-Match" }] });
});

test("a caller without If-Match does not hear of a provider that was writing itself", async () => {
  const who = await connected();
  const { id } = await created(who);
  await plan({ method: "PATCH", path: "/v1.0/me/events/*", status: 412 });
  const { status, body } = await read<CalendarEvent>(send("PATCH", `${EVENTS}/${id}`, who, { subject: "Mine" }));
  expect(status).toBe(200);
  expect(body.subject).toBe("Mine");
});

test("a deleted event is gone, and deleting it again is not_found", async () => {
  const who = await connected();
  const { id } = await created(who);
  const answer = await call(`${EVENTS}/${id}`, who, { method: "DELETE" });
  expect([answer.status, await answer.text()]).toEqual([204, ""]);
  expect((await listed(who)).events).toEqual([]);
  const again = await refusal(call(`${EVENTS}/${id}`, who, { method: "DELETE" }));
  expect(again).toMatchObject({ status: 404, code: "not_found" });
  const change = await refusal(send("PATCH", `${EVENTS}/${id}`, who, { subject: "x" }));
  expect(change).toMatchObject({ status: 404, code: "not_found" });
});

test("another owner's event is not_found and stays as it is", async () => {
  const who = await connected();
  const other = await connected();
  const { id } = await created(who);
  const tried = [
    send("PATCH", `${EVENTS}/${id}`, other, { subject: "Stolen" }),
    call(`${EVENTS}/${id}`, other, { method: "DELETE" }),
  ];
  for (const answer of tried) expect(await refusal(answer)).toMatchObject({ status: 404, code: "not_found" });
  expect((await listed(who)).events).toMatchObject([{ id, subject: "Audit" }]);
});

test.each([
  ["leads out of the mailbox", "..%2F..%2Fusers"],
  ["is dots alone", "%2E%2E"],
  ["has a space", "a%20b"],
  ["has a query", "x%3F$select=id"],
  ["is over 1,024 letters", "x".repeat(1_025)],
])("an id that %s is refused before Graph hears of it", async (_, id) => {
  const who = await connected();
  await forgetHeard();
  const refused = await refusal(call(`${EVENTS}/${id}`, who, { method: "DELETE" }));
  expect([404, 422]).toContain(refused.status);
  expect(await heard()).toEqual([]);
});

test.each([
  ["nothing", {}, ""],
  ["an unknown field", { summary: "x" }, "summary"],
  ["another calendar", { calendar_id: "abc" }, "calendar_id"],
  ["an end before its start", { start: nine(), end: nine("08") }, "end"],
  ["all_day alone", { all_day: true }, "all_day"],
  [
    "a series without a first day",
    { recurrence: { pattern: { type: "daily", interval: 1 }, range: { type: "no_end" } } },
    "recurrence.range.start_date",
  ],
])("a change with %s is refused", async (_, fields, path) => {
  const who = await connected();
  const { id } = await created(who);
  await forgetHeard();
  const refused = await refusal(send("PATCH", `${EVENTS}/${id}`, who, fields));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
  expect(refused.errors[0]).toMatchObject({ path });
  expect(await heard()).toEqual([]);
});

function nine(hour = "09") {
  return { date_time: `2026-11-20T${hour}:00:00`, time_zone: "Europe/Rome" };
}

test("an end that Graph alone can tell is before the start is the caller's to mend", async () => {
  const who = await connected();
  const { id } = await created(who);
  const refused = await refusal(send("PATCH", `${EVENTS}/${id}`, who, { end: nine("08") }));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
});

test("an online meeting cannot be turned off, and its link outlives a new description", async () => {
  const who = await connected();
  const { id } = await created(who, { online_meeting: true });
  const off = await refusal(send("PATCH", `${EVENTS}/${id}`, who, { online_meeting: false }));
  expect(off).toMatchObject({ status: 422, errors: [{ path: "online_meeting" }] });
  const body = { content_type: "html", content: "<p>New agenda</p>" };
  expect((await send("PATCH", `${EVENTS}/${id}`, who, { body })).status).toBe(200);
  const [event] = (await listed(who)).events;
  expect(event?.online_meeting?.join_url).toMatch(/^https:\/\/teams\.microsoft\.com\//);
  expect(event?.body.content).toContain("New agenda");
});

test("a change of an unknown field alone is refused by that name, and by no other", async () => {
  const refused = await refusal(send("PATCH", `${EVENTS}/abc`, await connected(), { subjekt: "x" }));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
  expect(refused.errors).toEqual([{ path: "subjekt", message: "unknown field" }]);
});

test("a write with an unknown parameter is refused by name, before Graph hears of it", async () => {
  const who = await connected();
  await forgetHeard();
  const query = "?calendar_id=abc&send_updates=none";
  const answers = [
    send("POST", EVENTS + query, who, newEvent()),
    ...["PATCH", "PUT"].map((method) => send(method, `${EVENTS}/abc${query}`, who, { subject: "x" })),
    call(`${EVENTS}/abc${query}`, who, { method: "DELETE" }),
  ];
  for (const answer of await Promise.all(answers.map(refusal))) {
    expect(answer).toMatchObject({ status: 422, code: "validation_failed" });
    expect(answer.errors.map(({ path }) => path)).toEqual(["calendar_id", "send_updates"]);
  }
  expect(await heard()).toEqual([]);
});
