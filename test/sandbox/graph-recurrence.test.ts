import { expect, it } from "vitest";
import { errorOf, KICK_OFF, openMailbox, valuesOf, type Json } from "./driver.ts";

/** A series at nine in Rome, from a date on. */
function series(startDate: string, pattern: Json, range: Json = { type: "noEnd" }): Json {
  return {
    start: { dateTime: `${startDate}T09:00:00`, timeZone: "Europe/Rome" },
    end: { dateTime: `${startDate}T10:00:00`, timeZone: "Europe/Rome" },
    recurrence: { pattern: { interval: 1, ...pattern }, range: { startDate, ...range } },
  };
}

async function occurrences(event: Json, from: string, to: string): Promise<string[]> {
  const { call, create } = await openMailbox();
  await create(event);
  const { body } = await call(`/me/calendarView?startDateTime=${from}&endDateTime=${to}&$top=1000`);
  return valuesOf(body).map(({ start }) => (start as { dateTime: string }).dateTime.slice(0, 16));
}

const dates = async (event: Json, from: string, to: string) =>
  (await occurrences(event, from, to)).map((start) => start.slice(0, 10));

it("keeps the hour on the wall of the event's own zone across both changes of the clocks", async () => {
  const weekly = series("2026-10-19", { type: "weekly", daysOfWeek: ["monday"] });
  expect(await occurrences(weekly, "2026-10-18", "2026-11-03")).toEqual([
    "2026-10-19T07:00",
    "2026-10-26T08:00",
    "2026-11-02T08:00",
  ]);
  expect(await occurrences(weekly, "2027-03-20", "2027-04-01")).toEqual(["2027-03-22T08:00", "2027-03-29T07:00"]);
});

it.each<[string, string, Json, string, string[]]>([
  [
    "every third day",
    "2026-11-01",
    { type: "daily", interval: 3 },
    "2026-11-01/2026-11-11",
    ["2026-11-01", "2026-11-04", "2026-11-07", "2026-11-10"],
  ],
  [
    "every other week on two days",
    "2026-11-03",
    { type: "weekly", interval: 2, daysOfWeek: ["friday", "tuesday"] },
    "2026-11-01/2026-11-30",
    ["2026-11-03", "2026-11-06", "2026-11-17", "2026-11-20"],
  ],
  [
    "weeks that begin on Sunday, which tells Sunday apart",
    "2026-11-03",
    { type: "weekly", interval: 2, daysOfWeek: ["sunday", "tuesday"], firstDayOfWeek: "sunday" },
    "2026-11-01/2026-11-30",
    ["2026-11-03", "2026-11-15", "2026-11-17", "2026-11-29"],
  ],
  [
    "the same with weeks that begin on Monday",
    "2026-11-03",
    { type: "weekly", interval: 2, daysOfWeek: ["sunday", "tuesday"], firstDayOfWeek: "monday" },
    "2026-11-01/2026-11-30",
    ["2026-11-03", "2026-11-08", "2026-11-17", "2026-11-22"],
  ],
  [
    "the 31st, or the last day of a shorter month",
    "2026-12-31",
    { type: "absoluteMonthly", dayOfMonth: 31 },
    "2026-12-01/2027-05-01",
    ["2026-12-31", "2027-01-31", "2027-02-28", "2027-03-31", "2027-04-30"],
  ],
  [
    "the second Tuesday",
    "2026-11-10",
    { type: "relativeMonthly", daysOfWeek: ["tuesday"], index: "second" },
    "2026-11-01/2027-02-01",
    ["2026-11-10", "2026-12-08", "2027-01-12"],
  ],
  [
    "the last weekday of a month",
    "2026-11-30",
    { type: "relativeMonthly", daysOfWeek: ["monday", "tuesday", "wednesday", "thursday", "friday"], index: "last" },
    "2026-11-01/2027-02-01",
    ["2026-11-30", "2026-12-31", "2027-01-29"],
  ],
  [
    "29 February",
    "2024-02-29",
    { type: "absoluteYearly", month: 2, dayOfMonth: 29 },
    "2024-01-01/2026-12-31",
    ["2024-02-29", "2025-02-28", "2026-02-28"],
  ],
  [
    "the first Thursday of November",
    "2026-11-05",
    { type: "relativeYearly", month: 11, daysOfWeek: ["thursday"], index: "first" },
    "2026-01-01/2029-01-01",
    ["2026-11-05", "2027-11-04", "2028-11-02"],
  ],
])("expands %s", async (_, startDate, pattern, window, expected) => {
  const [from = "", to = ""] = window.split("/");
  expect(await dates(series(startDate, pattern), from, to)).toEqual(expected);
});

it("reads an hour that the clocks skip by the offset before, and of one they show twice the first", async () => {
  const at = (dateTime: string) => ({ dateTime, timeZone: "Europe/Rome" });
  const skipped = { start: at("2027-03-28T02:30:00"), end: at("2027-03-28T04:00:00") };
  expect(await occurrences(skipped, "2027-03-28", "2027-03-29")).toEqual(["2027-03-28T01:30"]);
  const twice = { start: at("2026-10-25T02:30:00"), end: at("2026-10-25T04:00:00") };
  expect(await occurrences(twice, "2026-10-25", "2026-10-26")).toEqual(["2026-10-25T00:30"]);
});

it("ends a series on its last day, that day included, or after its count", async () => {
  const daily = { type: "daily" };
  const until = series("2026-11-01", daily, { type: "endDate", endDate: "2026-11-03" });
  expect(await dates(until, "2026-10-01", "2026-12-01")).toEqual(["2026-11-01", "2026-11-02", "2026-11-03"]);
  const counted = series("2026-11-01", daily, { type: "numbered", numberOfOccurrences: 2 });
  expect(await dates(counted, "2026-10-01", "2026-12-01")).toEqual(["2026-11-01", "2026-11-02"]);
});

it("returns what overlaps the window, and not what only touches it", async () => {
  expect(await occurrences({}, "2026-11-20T08:30:00Z", "2026-11-20T08:40:00Z")).toHaveLength(1);
  expect(await occurrences({}, "2026-11-20T09:00:00Z", "2026-11-20T12:00:00Z")).toHaveLength(0);
  expect(await occurrences({}, "2026-11-20T00:00:00Z", "2026-11-20T08:00:00Z")).toHaveLength(0);
  expect(await occurrences({}, "2026-11-20T09:30:00%2B01:00", "2026-11-20T10:00:00%2B01:00")).toHaveLength(1);
});

it.each([
  ["no window", "", "ErrorInvalidParameter"],
  ["half a window", "?startDateTime=2026-11-01", "ErrorInvalidParameter"],
  ["a window of more than 1,825 days", "?startDateTime=2026-01-01&endDateTime=2031-01-01", "ErrorInvalidRequest"],
  ["a window that ends before it begins", "?startDateTime=2026-11-02&endDateTime=2026-11-01", "ErrorInvalidParameter"],
  [
    "an offset whose plus became a space",
    "?startDateTime=2026-11-01T00:00:00+01:00&endDateTime=2026-11-02",
    "ErrorInvalidParameter",
  ],
])("refuses a calendarView with %s", async (_, query, code) => {
  const { call } = await openMailbox();
  const { status, body } = await call(`/me/calendarView${query}`);
  expect([status, errorOf(body)["code"]]).toEqual([400, code]);
});

it("takes a window of exactly 1,825 days", async () => {
  const { call } = await openMailbox();
  expect((await call("/me/calendarView?startDateTime=2026-01-01&endDateTime=2030-12-31")).status).toBe(200);
});

it("lists a series as its master among events, and as occurrences in the view and in its instances", async () => {
  const { call, create } = await openMailbox();
  const master = await create(series("2026-11-02", { type: "daily" }));
  const listed = valuesOf((await call("/me/events")).body);
  expect(listed.map(({ type }) => type)).toEqual(["seriesMaster"]);
  expect(listed[0]?.["recurrence"]).toMatchObject({
    pattern: { type: "daily", interval: 1, month: 0, dayOfMonth: 0, firstDayOfWeek: "sunday", index: "first" },
    range: { type: "noEnd", startDate: "2026-11-02", endDate: "0001-01-01", numberOfOccurrences: 0 },
  });
  const window = "startDateTime=2026-11-03&endDateTime=2026-11-05";
  for (const path of ["/me/calendarView", `/me/events/${String(master["id"])}/instances`]) {
    const found = valuesOf((await call(`${path}?${window}`)).body);
    expect(found.map(({ type }) => type)).toEqual(["occurrence", "occurrence"]);
    expect(found.every(({ seriesMasterId }) => seriesMasterId === master["id"])).toBe(true);
    expect(new Set(found.map(({ iCalUId }) => iCalUId)).size).toBe(2);
    expect(found[0]?.["recurrence"]).toBeNull();
  }
});

it("makes an exception of a changed occurrence and drops a deleted one", async () => {
  const { call, create } = await openMailbox();
  const master = await create(series("2026-11-02", { type: "daily" }));
  const view = async () =>
    valuesOf((await call("/me/calendarView?startDateTime=2026-11-02&endDateTime=2026-11-05")).body);
  const [first, second] = await view();
  const later = {
    start: { dateTime: "2026-11-02T12:00:00", timeZone: "UTC" },
    end: { dateTime: "2026-11-02T13:00:00", timeZone: "UTC" },
  };
  const changed = await call(`/me/events/${String(first?.["id"])}`, {
    method: "PATCH",
    body: { subject: "Later", ...later },
  });
  expect(changed.body).toMatchObject({
    type: "exception",
    subject: "Later",
    originalStart: "2026-11-02T08:00:00.0000000Z",
  });
  await call(`/me/events/${String(second?.["id"])}`, { method: "DELETE" });
  expect((await view()).map(({ type, subject }) => [type, subject])).toEqual([
    ["exception", "Later"],
    ["occurrence", "Audit kick-off"],
  ]);
  expect((await call(`/me/events/${String(second?.["id"])}`)).status).toBe(404);
  const { body } = await call(`/me/events/${String(master["id"])}?$select=subject,cancelledOccurrences`);
  expect(body["cancelledOccurrences"]).toHaveLength(1);
});

it("refuses to move an occurrence past its neighbour", async () => {
  const { call, create } = await openMailbox();
  await create(series("2026-11-02", { type: "daily" }));
  const [first] = valuesOf((await call("/me/calendarView?startDateTime=2026-11-02&endDateTime=2026-11-03")).body);
  const beyond = {
    start: { dateTime: "2026-11-03T12:00:00", timeZone: "UTC" },
    end: { dateTime: "2026-11-03T13:00:00", timeZone: "UTC" },
  };
  const { status, body } = await call(`/me/events/${String(first?.["id"])}`, { method: "PATCH", body: beyond });
  expect([status, errorOf(body)["code"]]).toEqual([400, "ErrorOccurrenceCrossingBoundary"]);
});

it.each<[string, Json]>([
  [
    "a start date that is not the event's",
    { pattern: { type: "daily", interval: 1 }, range: { type: "noEnd", startDate: "2026-11-21" } },
  ],
  ["no interval", { pattern: { type: "daily", interval: 0 }, range: { type: "noEnd", startDate: "2026-11-20" } }],
  [
    "weekly without days",
    { pattern: { type: "weekly", interval: 1 }, range: { type: "noEnd", startDate: "2026-11-20" } },
  ],
  [
    "monthly without a day",
    { pattern: { type: "absoluteMonthly", interval: 1 }, range: { type: "noEnd", startDate: "2026-11-20" } },
  ],
  [
    "yearly without a month",
    {
      pattern: { type: "absoluteYearly", interval: 1, dayOfMonth: 1 },
      range: { type: "noEnd", startDate: "2026-11-20" },
    },
  ],
  [
    "an end before the start",
    {
      pattern: { type: "daily", interval: 1 },
      range: { type: "endDate", startDate: "2026-11-20", endDate: "2026-11-19" },
    },
  ],
  [
    "a count of nothing",
    { pattern: { type: "daily", interval: 1 }, range: { type: "numbered", startDate: "2026-11-20" } },
  ],
])("refuses a recurrence with %s", async (_, recurrence) => {
  const { call } = await openMailbox();
  const { status, body } = await call("/me/events", { method: "POST", body: { ...KICK_OFF, recurrence } });
  expect([status, errorOf(body)["code"]]).toEqual([400, "ErrorPropertyValidationFailure"]);
});

it("has no instances of a single event, and makes one of a series whose recurrence is taken away", async () => {
  const { call, create } = await openMailbox();
  const path = `/me/events/${String((await create(series("2026-11-02", { type: "daily" })))["id"])}`;
  const single = await call(path, { method: "PATCH", body: { recurrence: null } });
  expect(single.body["type"]).toBe("singleInstance");
  expect((await call(`${path}/instances?startDateTime=2026-11-01&endDateTime=2026-11-09`)).status).toBe(400);
});
