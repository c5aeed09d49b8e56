import { expect, test } from "vitest";
import { call, send } from "../support.ts";
import type { CalendarEvent } from "../../src/calendar/event.ts";
import { connected, created, EVENTS, forgetHeard, heard, listed, newEvent, plan, read } from "./calendar.ts";

const WHOLE = {
  subject: "Audit kick-off",
  body: { content_type: "html", content: "<p>Agenda &amp; <b>more</b></p>" },
  all_day: false,
  location: {
    name: "Room 1",
    address: { street: "Via Roma 1", city: "Roma", state: "RM", postal_code: "00100", country: "Italy" },
    uri: "https://rooms.test/1",
  },
  attendees: [
    { address: "bo@contoso.example", name: "Bo", type: "required" },
    { address: "pat@outlook.example", name: "Pat", type: "optional" },
    { address: "room1@contoso.example", name: "Room 1", type: "resource" },
  ],
  show_as: "working_elsewhere",
  sensitivity: "confidential",
  importance: "high",
  reminder_minutes: 45,
  categories: ["Red", "Blue"],
};

test("an event is created with every field, and every field comes back", async () => {
  const who = await connected();
  await forgetHeard();
  const { status, headers, body } = await read<CalendarEvent>(send("POST", EVENTS, who, newEvent(WHOLE)));
  expect(status).toBe(201);
  expect(headers.get("ETag")).toMatch(/^W\/".+"$/);
  const { id, etag, web_link, created_at, updated_at, ...rest } = body;
  expect(id).toMatch(/^[\w=-]+$/);
  expect(etag).toBe(headers.get("ETag"));
  expect(web_link).toMatch(/^https:\/\/outlook\./);
  for (const time of [created_at, updated_at]) expect(time).toMatch(/^\d{4}-\d\d-\d\dT[\d:.]+Z$/);
  expect(rest).toEqual({
    ...newEvent(WHOLE),
    calendar_id: null,
    type: "single_instance",
    body_preview: "Agenda & more",
    attendees: WHOLE.attendees.map((attendee) => ({ ...attendee, response: "none", responded_at: null })),
    organizer: { address: `${who.sub}@contoso.example`, name: who.sub },
    is_organizer: true,
    response: "organizer",
    recurrence: null,
    series_id: null,
    original_start: null,
    online_meeting: null,
    is_cancelled: false,
  });
  expect((await listed(who, { time_zone: "Europe/Rome" })).events).toEqual([body]);
  const [sent] = await heard();
  expect(sent?.json).toMatchObject({
    subject: WHOLE.subject,
    body: { contentType: "html", content: WHOLE.body.content },
    start: { dateTime: "2026-11-20T09:00:00", timeZone: "Europe/Rome" },
    end: { dateTime: "2026-11-20T10:00:00", timeZone: "Europe/Rome" },
    isAllDay: false,
    location: {
      displayName: "Room 1",
      locationUri: "https://rooms.test/1",
      address: { street: "Via Roma 1", city: "Roma", state: "RM", postalCode: "00100", countryOrRegion: "Italy" },
    },
    attendees: [
      { emailAddress: { address: "bo@contoso.example", name: "Bo" }, type: "required" },
      { emailAddress: { address: "pat@outlook.example", name: "Pat" }, type: "optional" },
      { emailAddress: { address: "room1@contoso.example", name: "Room 1" }, type: "resource" },
    ],
    showAs: "workingElsewhere",
    sensitivity: "confidential",
    importance: "high",
    isReminderOn: true,
    reminderMinutesBeforeStart: 45,
    categories: ["Red", "Blue"],
  });
});

test("the least that an event needs is a subject, a start and an end", async () => {
  const who = await connected();
  expect(await created(who)).toMatchObject({
    subject: "Audit",
    all_day: false,
    location: null,
    attendees: [],
    recurrence: null,
    online_meeting: null,
    show_as: "busy",
    categories: [],
  });
});

test("a reminder of null is none", async () => {
  const who = await connected();
  expect(await created(who, { reminder_minutes: null })).toMatchObject({ reminder_minutes: null });
  expect(await created(who, { reminder_minutes: 0 })).toMatchObject({ reminder_minutes: 0 });
});

test("an all-day event keeps its days in every zone that it is read in", async () => {
  const who = await connected();
  const [start, end] = ["2026-11-20", "2026-11-22"].map((day) => ({
    date_time: `${day}T00:00:00`,
    time_zone: "Asia/Tokyo",
  }));
  const event = await created(who, { all_day: true, start, end });
  expect(event).toMatchObject({ all_day: true, start, end });
  for (const time_zone of ["America/New_York", "UTC"]) {
    const { events } = await listed(who, { time_zone });
    expect(events).toMatchObject([
      {
        all_day: true,
        start: { date_time: "2026-11-20T00:00:00", time_zone },
        end: { date_time: "2026-11-22T00:00:00", time_zone },
      },
    ]);
  }
});

test.each([
  ["W. Europe Standard Time", "Europe/Berlin"],
  ["eastern standard time", "America/New_York"],
  ["India Standard Time", "Asia/Calcutta"],
  ["Etc/UTC", "UTC"],
])("the zone %s is answered as %s", async (given, iana) => {
  const who = await connected();
  const at = (date_time: string) => ({ date_time, time_zone: given });
  const event = await created(who, { start: at("2026-07-01T09:00"), end: at("2026-07-01T10:00:00.000") });
  expect(event.start).toEqual({ date_time: "2026-07-01T09:00:00", time_zone: iana });
  expect(event.end).toEqual({ date_time: "2026-07-01T10:00:00", time_zone: iana });
});

test("start and end may be in different zones", async () => {
  const who = await connected();
  const flight = await created(who, { end: { date_time: "2026-11-20T20:00:00", time_zone: "Asia/Tokyo" } });
  expect(flight.end).toEqual({ date_time: "2026-11-20T12:00:00", time_zone: "Europe/Rome" });
});

test.each([
  { type: "daily", interval: 2 },
  { type: "weekly", interval: 1, days_of_week: ["monday", "friday"], first_day_of_week: "monday" },
  { type: "absolute_monthly", interval: 3, day_of_month: 20 },
  { type: "relative_monthly", interval: 1, days_of_week: ["friday"], index: "third" },
  { type: "absolute_yearly", interval: 1, day_of_month: 20, month: 11 },
  { type: "relative_yearly", interval: 1, days_of_week: ["friday"], month: 11, index: "last" },
])("the pattern $type goes to Graph and comes back", async (pattern) => {
  const who = await connected();
  const recurrence = { pattern, range: { type: "numbered", number_of_occurrences: 4 } };
  const event = await created(who, { recurrence });
  expect(event.type).toBe("series_master");
  expect(event.recurrence?.pattern).toEqual(pattern);
  const { events } = await listed(who, { from: "2026-11-01T00:00:00Z", to: "2031-01-01T00:00:00Z" });
  expect(events).toHaveLength(4);
});

test.each([
  { type: "end_date", end_date: "2026-11-24" },
  { type: "numbered", number_of_occurrences: 5 },
  { type: "no_end" },
])("the range $type goes to Graph and comes back", async (range) => {
  const who = await connected();
  const event = await created(who, { recurrence: { pattern: { type: "daily", interval: 1 }, range } });
  const own = { start_date: "2026-11-20", time_zone: "Europe/Berlin" };
  expect(event.recurrence?.range).toEqual({ ...range, ...own });
  const { events } = await listed(who, { from: "2026-11-01T00:00:00Z", to: "2026-11-30T00:00:00Z" });
  expect(events).toHaveLength(range.type === "no_end" ? 10 : 5);
});

test("an online meeting is made with Teams, and its link comes with a later read", async () => {
  const who = await connected();
  await forgetHeard();
  const event = await created(who, { online_meeting: true });
  expect(event.online_meeting).toMatchObject({ provider: "teams_for_business" });
  const [sent] = await heard();
  expect(sent?.json).toMatchObject({ isOnlineMeeting: true, onlineMeetingProvider: "teamsForBusiness" });
  await (await send("PATCH", `${EVENTS}/${event.id}`, who, { body: { content: "Agenda" } })).body?.cancel();
  const { events } = await listed(who);
  expect(events[0]?.online_meeting?.join_url).toMatch(/^https:\/\/teams\.microsoft\.com\//);
  expect(events[0]?.body.content).toContain("Agenda");
});

test("an event with 500 attendees is created", async () => {
  const who = await connected();
  const attendees = Array.from({ length: 500 }, (_, at) => ({ address: `guest${at}@contoso.example` }));
  const event = await created(who, { attendees });
  expect(event.attendees).toHaveLength(500);
  expect(event.attendees[499]).toMatchObject({ address: "guest499@contoso.example", type: "required" });
});

test("what the provider finds wrong with a recurrence is the caller's to mend", async () => {
  const who = await connected();
  const error = { code: "ErrorCalendarInvalidRecurrence", message: "secret words of the provider" };
  await plan({ method: "POST", path: "/v1.0/me/events", status: 400, body: { error } });
  const answer = await send("POST", EVENTS, who, newEvent());
  const text = await answer.text();
  expect(answer.status).toBe(422);
  expect(JSON.parse(text)).toMatchObject({ code: "validation_failed", errors: [{ path: "recurrence" }] });
  expect(text).not.toContain("secret words");
  expect((await call(EVENTS, who)).status).toBe(200);
});
