import { expect, test } from "vitest";
import { call, send } from "../support.ts";
import { connected, EVENTS, forgetHeard, heard, newEvent, refusal } from "./calendar.ts";

const at = (date_time: string, time_zone = "Europe/Rome") => ({ date_time, time_zone });
const daily = { type: "daily", interval: 1 };
const forever = { type: "no_end" };

test.each([
  ["no subject", { subject: undefined }, "subject"],
  ["a subject of 256 letters", { subject: "x".repeat(256) }, "subject"],
  ["no start", { start: undefined }, "start"],
  ["no end", { end: undefined }, "end"],
  ["an unknown field", { summary: "x" }, "summary"],
  ["a field that only the provider writes", { is_cancelled: true }, "is_cancelled"],
  ["an unknown field inside another", { start: { ...at("2026-11-20T09:00:00"), zone: "x" } }, "start.zone"],
  ["an end before its start", { end: at("2026-11-20T08:00:00") }, "end"],
  ["an end at its start", { end: at("2026-11-20T09:00:00") }, "end"],
  ["an end that is earlier by its zone alone", { end: at("2026-11-20T10:00:00", "Asia/Tokyo") }, "end"],
  ["a zone that nobody knows", { start: at("2026-11-20T09:00:00", "Mars/Olympus") }, "start.time_zone"],
  ["an offset for a zone", { end: at("2026-11-20T10:00:00", "+01:00") }, "end.time_zone"],
  ["a time with an offset", { start: at("2026-11-20T09:00:00Z") }, "start.date_time"],
  ["a day that no calendar has", { start: at("2026-02-30T09:00:00") }, "start.date_time"],
  ["an address that is none", { attendees: [{ address: "bo" }] }, "attendees.0.address"],
  ["an attendee of an unknown type", { attendees: [{ address: "bo@x.test", type: "boss" }] }, "attendees.0.type"],
  ["a body of an unknown type", { body: { content_type: "rtf", content: "" } }, "body.content_type"],
  ["a body of more than 32 Ki characters", { body: { content: "x".repeat(32_769) } }, "body.content"],
  ["an unknown show_as", { show_as: "away" }, "show_as"],
  ["a reminder in the past", { reminder_minutes: -1 }, "reminder_minutes"],
  [
    "a meeting provider without a meeting",
    { online_meeting_provider: "teams_for_business" },
    "online_meeting_provider",
  ],
  ["all_day and an end at ten", { all_day: true, start: at("2026-11-20T00:00:00") }, "end.date_time"],
  ["an unknown pattern", { recurrence: { pattern: { type: "hourly" }, range: forever } }, "recurrence.pattern.type"],
  [
    "a weekly pattern without days",
    { recurrence: { pattern: { type: "weekly", interval: 1 }, range: forever } },
    "recurrence.pattern.days_of_week",
  ],
  [
    "a pattern with a field of another",
    { recurrence: { pattern: { ...daily, month: 3 }, range: forever } },
    "recurrence.pattern.month",
  ],
  [
    "a series that ends before it begins",
    { recurrence: { pattern: daily, range: { type: "end_date", end_date: "2026-11-19" } } },
    "recurrence.range.end_date",
  ],
  [
    "a series that begins on another day",
    { recurrence: { pattern: daily, range: { ...forever, start_date: "2026-11-21" } } },
    "recurrence.range.start_date",
  ],
])("an event with %s is refused at its field, before Graph hears of it", async (_, fields, path) => {
  const who = await connected();
  await forgetHeard();
  const refused = await refusal(send("POST", EVENTS, who, newEvent(fields)));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
  expect(refused.errors.map((error) => error.path)).toEqual([path]);
  expect(await heard()).toEqual([]);
});

test("501 attendees are refused by name", async () => {
  const who = await connected();
  const attendees = Array.from({ length: 501 }, (_, index) => ({ address: `guest${index}@contoso.example` }));
  expect(await refusal(send("POST", EVENTS, who, newEvent({ attendees })))).toMatchObject({
    status: 422,
    errors: [{ path: "attendees" }],
  });
});

test("all that is wrong is told at once", async () => {
  const who = await connected();
  const refused = await refusal(send("POST", EVENTS, who, newEvent({ summary: "x", show_as: "away", subject: 1 })));
  expect(refused.errors.map(({ path }) => path).toSorted()).toEqual(["show_as", "subject", "summary"]);
});

test.each([
  ["declared", { "Content-Length": "70000" }],
  ["not declared", {}],
])("a body over 64 KiB whose length is %s is refused", async (_, headers) => {
  const who = await connected();
  await forgetHeard();
  const text = JSON.stringify(newEvent({ subject: "x".repeat(66_000) }));
  const body = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode(text));
      controller.close();
    },
  });
  const sent = call(EVENTS, who, {
    method: "POST",
    body: "Content-Length" in headers ? text : body,
    headers: { "Content-Type": "application/json" },
  });
  expect(await refusal(sent)).toMatchObject({ status: 413, code: "payload_too_large" });
  expect(await heard()).toEqual([]);
});

test.each([
  ["{", "application/json", 400, "malformed_json"],
  ["", "application/json", 400, "malformed_json"],
  ["subject=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"],
  ["{}", "text/plain", 415, "unsupported_media_type"],
  ["null", "application/json", 422, "validation_failed"],
  ["[]", "application/json", 422, "validation_failed"],
])("the body %j as %s is refused with %i", async (body, type, status, code) => {
  const who = await connected();
  const sent = call(EVENTS, who, { method: "POST", body, headers: { "Content-Type": type } });
  expect(await refusal(sent)).toMatchObject({ status, code });
});

test.each([
  ["nothing in it", ""],
  ["256 letters", "x".repeat(256)],
  ["a tab in it", "tab\there"],
])("an Idempotency-Key with %s is refused", async (_, key) => {
  const who = await connected();
  await forgetHeard();
  const refused = await refusal(send("POST", EVENTS, who, newEvent(), { "Idempotency-Key": key }));
  expect(refused).toMatchObject({ status: 422, code: "validation_failed" });
  expect(refused.errors.map(({ path }) => path.toLowerCase())).toEqual(["idempotency-key"]);
  expect(await heard()).toEqual([]);
});
