import { expect, test } from "vitest";
import { EventInput, EventPatch } from "../../src/calendar/input.ts";
import { fieldsToGraph, newEventToGraph } from "../../src/calendar/to-graph.ts";

const ROME = "Europe/Rome";
const at = (date_time: string, time_zone = ROME) => ({ date_time, time_zone });
const EVENT = { subject: "Audit", start: at("2026-11-20T09:00"), end: at("2026-11-20T10:00:00") };
const ALL_DAY = { subject: "Fair", all_day: true, start: at("2026-11-20T00:00"), end: at("2026-11-21T00:00") };
const WEEKLY = { type: "weekly", interval: 1, days_of_week: ["friday"] };

function complaints(schema: typeof EventInput | typeof EventPatch, input: unknown) {
  const { error } = schema.safeParse(input);
  return error?.issues.map(({ path, message }) => `${path.join(".")}: ${message}`) ?? [];
}

test("an event is sent to Graph with every field that was given, and no other", () => {
  const input = EventInput.parse({
    ...EVENT,
    body: { content_type: "html", content: "<p>Agenda</p>" },
    start: at("2026-11-20T09:00:00", "W. Europe Standard Time"),
    all_day: false,
    location: { name: "Room 1", address: { city: "Rome", country: null }, uri: "https://maps.test/1" },
    attendees: [
      { address: "bo@contoso.example", name: "Bo" },
      { address: "r1@contoso.example", type: "resource" },
    ],
    recurrence: { pattern: WEEKLY, range: { type: "numbered", number_of_occurrences: 3 } },
    online_meeting: true,
    show_as: "working_elsewhere",
    sensitivity: "private",
    importance: "high",
    reminder_minutes: 15,
    categories: ["Red"],
  });
  expect(newEventToGraph(input)).toEqual({
    subject: "Audit",
    body: { contentType: "html", content: "<p>Agenda</p>" },
    start: { dateTime: "2026-11-20T09:00:00", timeZone: "Europe/Berlin" },
    end: { dateTime: "2026-11-20T10:00:00", timeZone: ROME },
    isAllDay: false,
    location: {
      displayName: "Room 1",
      locationUri: "https://maps.test/1",
      address: { city: "Rome", countryOrRegion: null, street: undefined, state: undefined, postalCode: undefined },
    },
    attendees: [
      { type: "required", emailAddress: { address: "bo@contoso.example", name: "Bo" } },
      { type: "resource", emailAddress: { address: "r1@contoso.example", name: "r1@contoso.example" } },
    ],
    recurrence: {
      pattern: { type: "weekly", interval: 1, daysOfWeek: ["friday"], firstDayOfWeek: "sunday" },
      range: { type: "numbered", startDate: "2026-11-20", numberOfOccurrences: 3 },
    },
    isOnlineMeeting: true,
    onlineMeetingProvider: "teamsForBusiness",
    showAs: "workingElsewhere",
    sensitivity: "private",
    importance: "high",
    isReminderOn: true,
    reminderMinutesBeforeStart: 15,
    categories: ["Red"],
  });
  expect(Object.keys(newEventToGraph(EventInput.parse(EVENT)))).toEqual(["subject", "start", "end"]);
});

test("a change sends what it names, and takes away what is null", () => {
  const patch = EventPatch.parse({ location: null, recurrence: null, reminder_minutes: null, attendees: [] });
  expect(fieldsToGraph(patch)).toEqual({
    location: { displayName: "" },
    recurrence: null,
    isReminderOn: false,
    attendees: [],
  });
});

test.each(["id", "etag", "organizer", "is_cancelled", "Subject", "transactionId"])(
  "the field %s is refused by name",
  (field) => {
    for (const schema of [EventInput, EventPatch]) {
      expect(complaints(schema, { ...EVENT, [field]: "x" }).join()).toContain(`"${field}"`);
    }
  },
);

test("unknown fields are refused by name inside of fields too", () => {
  const [message] = complaints(EventInput, { ...EVENT, start: { ...EVENT.start, timezone: "UTC" } });
  expect(message).toContain("start:");
  expect(message).toContain('"timezone"');
});

test.each([
  ["a long subject", { subject: "x".repeat(256) }, "subject"],
  ["a long body", { body: { content: "x".repeat(32_769) } }, "body.content"],
  ["a long location", { location: { name: "x".repeat(256) } }, "location.name"],
  ["an empty location", { location: { name: "" } }, "location.name"],
  ["too many categories", { categories: Array.from({ length: 26 }, (_, i) => `c${i}`) }, "categories"],
  ["a long category", { categories: ["x".repeat(256)] }, "categories.0"],
  ["no address", { attendees: [{ address: "bo" }] }, "attendees.0.address"],
  ["an address with a name in it", { attendees: [{ address: "Bo <bo@contoso.example>" }] }, "attendees.0.address"],
  ["an unknown kind of attendee", { attendees: [{ address: "bo@contoso.example", type: "boss" }] }, "attendees.0.type"],
  ["an unknown zone", { start: at("2026-11-20T09:00:00", "Mars/Olympus") }, "start.time_zone"],
  ["a custom zone", { start: at("2026-11-20T09:00:00", "tzone://Microsoft/Custom") }, "start.time_zone"],
  ["a time with an offset", { start: at("2026-11-20T09:00:00Z") }, "start.date_time"],
  ["a day that is none", { start: at("2026-02-30T09:00:00") }, "start.date_time"],
  ["an end before the start", { end: at("2026-11-20T08:00:00") }, "end"],
  ["an end at the start", { end: at("2026-11-20T09:00:00") }, "end"],
  ["an end that is before the start by its zone", { end: at("2026-11-20T10:00:00", "Asia/Tokyo") }, "end"],
  ["an unknown word", { show_as: "gone" }, "show_as"],
  ["a negative reminder", { reminder_minutes: -1 }, "reminder_minutes"],
  ["half a minute", { reminder_minutes: 0.5 }, "reminder_minutes"],
  ["a calendar that is a path", { calendar_id: "../../users" }, "calendar_id"],
  ["a provider without a meeting", { online_meeting_provider: "teams_for_business" }, "online_meeting_provider"],
  [
    "a recurrence that starts on another day",
    { recurrence: { pattern: WEEKLY, range: { type: "no_end", start_date: "2026-11-27" } } },
    "recurrence.range.start_date",
  ],
  [
    "a recurrence that ends before it starts",
    { recurrence: { pattern: WEEKLY, range: { type: "end_date", end_date: "2026-11-01" } } },
    "recurrence.range.end_date",
  ],
])("%s is refused where it stands", (_, change, path) => {
  const found = complaints(EventInput, { ...EVENT, ...change });
  expect(found.map((line) => line.split(":")[0])).toEqual([path]);
});

test("500 attendees may come, 501 may not", () => {
  const attendees = Array.from({ length: 500 }, (_, i) => ({ address: `a${i}@contoso.example` }));
  expect(complaints(EventInput, { ...EVENT, attendees })).toEqual([]);
  const more = [...attendees, { address: "one.more@contoso.example" }];
  expect(complaints(EventInput, { ...EVENT, attendees: more }).join()).toContain("attendees");
});

test("an end in another zone is compared by the clock of the world", () => {
  expect(complaints(EventInput, { ...EVENT, end: at("2026-11-20T08:30:00", "UTC") })).toEqual([]);
});

test.each(["subject", "start", "end"])("a new event needs %s", (field) => {
  expect(complaints(EventInput, { ...EVENT, [field]: undefined }).join()).toContain(`${field}:`);
});

test("an all-day event goes from midnight to a later midnight in one zone", () => {
  expect(complaints(EventInput, ALL_DAY)).toEqual([]);
  const paths = (change: object) => complaints(EventInput, { ...ALL_DAY, ...change }).map((line) => line.split(":")[0]);
  expect(paths({ start: at("2026-11-20T09:00:00") })).toEqual(["start.date_time"]);
  expect(paths({ end: at("2026-11-21T00:00:01") })).toEqual(["end.date_time"]);
  expect(paths({ end: at("2026-11-21T00:00:00", "UTC") })).toEqual(["end.time_zone"]);
  expect(paths({ end: at("2026-11-20T00:00:00") })).toEqual(["end"]);
});

test("the same zone under two names is the same zone", () => {
  const end = at("2026-11-21T00:00:00", "W. Europe Standard Time");
  expect(complaints(EventInput, { ...ALL_DAY, start: at("2026-11-20T00:00:00", "Europe/Berlin"), end })).toEqual([]);
});

test.each([
  ["nothing", {}, ""],
  ["an end before the start", { start: EVENT.start, end: at("2026-11-20T08:00:00") }, "end"],
  ["all-day without times", { all_day: true }, "all_day"],
  ["all-day with a start alone", { all_day: true, start: ALL_DAY.start }, "all_day"],
  ["all-day at nine", { all_day: true, start: EVENT.start, end: ALL_DAY.end }, "start.date_time"],
  [
    "a recurrence without a day",
    { recurrence: { pattern: WEEKLY, range: { type: "no_end" } } },
    "recurrence.range.start_date",
  ],
  ["another calendar", { subject: "x", calendar_id: "abc" }, ""],
])("a change to %s is refused", (_, patch, path) => {
  expect(complaints(EventPatch, patch).map((line) => line.split(":")[0])).toEqual([path]);
});

test.each([
  ["a subject", { subject: "New" }],
  ["a start alone", { start: EVENT.start }],
  ["an end alone", { end: EVENT.end }],
  ["a whole day", { all_day: true, start: ALL_DAY.start, end: ALL_DAY.end }],
  ["no whole day", { all_day: false }],
  [
    "a recurrence with its day",
    { recurrence: { pattern: WEEKLY, range: { type: "no_end", start_date: "2026-11-20" } } },
  ],
  ["a recurrence with its start", { start: EVENT.start, recurrence: { pattern: WEEKLY, range: { type: "no_end" } } }],
])("a change to %s is taken", (_, patch) => {
  expect(complaints(EventPatch, patch)).toEqual([]);
});
