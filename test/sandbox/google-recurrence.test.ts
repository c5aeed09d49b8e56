import { expect, it } from "vitest";
import { itemsOf, openGoogleCalendar, reasonOf, type Json } from "./google/driver.ts";

const YEAR = "singleEvents=true&orderBy=startTime&timeMin=2026-01-01T00:00:00Z&timeMax=2028-01-01T00:00:00Z";

function weekly(...recurrence: string[]): Json {
  const timeZone = "Europe/Rome";
  return {
    id: "series",
    start: { dateTime: "2026-10-20T09:00:00", timeZone },
    end: { dateTime: "2026-10-20T10:00:00", timeZone },
    recurrence,
    attendees: [],
  };
}

const startsOf = (answer: Parameters<typeof itemsOf>[0]) =>
  itemsOf(answer).map(({ start }) => (start as Json)["dateTime"] ?? (start as Json)["date"]);

it("keeps a series as one event, and expands it on request at the same hour of the wall", async () => {
  const { call, create } = await openGoogleCalendar();
  await create(weekly("RRULE:FREQ=WEEKLY;COUNT=3"));
  expect(itemsOf(await call(""))).toMatchObject([{ id: "series", recurrence: ["RRULE:FREQ=WEEKLY;COUNT=3"] }]);
  const expanded = await call(`?${YEAR}`);
  expect(itemsOf(expanded)).toMatchObject([
    {
      id: "series_20261020T070000Z",
      recurringEventId: "series",
      originalStartTime: { dateTime: "2026-10-20T09:00:00+02:00", timeZone: "Europe/Rome" },
      iCalUID: "series@google.com",
    },
    { id: "series_20261027T080000Z", start: { dateTime: "2026-10-27T09:00:00+01:00" } },
    { id: "series_20261103T080000Z" },
  ]);
  expect(itemsOf(expanded)[0]).not.toHaveProperty("recurrence");
  expect(itemsOf(await call("/series/instances"))).toHaveLength(3);
});

it.each<[string, string[]]>([
  ["FREQ=DAILY;INTERVAL=2;COUNT=2", ["2026-10-20", "2026-10-22"]],
  ["FREQ=WEEKLY;BYDAY=TU,TH;UNTIL=20261027T235959Z", ["2026-10-20", "2026-10-22", "2026-10-27"]],
  ["FREQ=MONTHLY;COUNT=2", ["2026-10-20", "2026-11-20"]],
  ["FREQ=MONTHLY;BYDAY=3TU;COUNT=2", ["2026-10-20", "2026-11-17"]],
  ["FREQ=MONTHLY;BYDAY=-1TU;COUNT=3", ["2026-10-20", "2026-10-27", "2026-11-24"]],
  ["FREQ=MONTHLY;BYMONTHDAY=31;COUNT=3", ["2026-10-20", "2026-10-31", "2026-12-31"]],
  ["FREQ=YEARLY;UNTIL=20271231", ["2026-10-20", "2027-10-20"]],
])("expands %s", async (rule, dates) => {
  const { call, create } = await openGoogleCalendar();
  await create(weekly(`RRULE:${rule}`));
  const starts = startsOf(await call(`?${YEAR}`)).map((text) => String(text).slice(0, 10));
  expect(starts).toEqual(dates);
});

it("expands whole days, and minds EXDATE and RDATE", async () => {
  const { call, create } = await openGoogleCalendar();
  const days = { id: "feast", start: { date: "2026-11-02" }, end: { date: "2026-11-03" }, attendees: [] };
  await create({ ...days, recurrence: ["RRULE:FREQ=DAILY;COUNT=3", "EXDATE;VALUE=DATE:20261103"] });
  expect(startsOf(await call(`?${YEAR}`))).toEqual(["2026-11-02", "2026-11-04"]);
  await create(
    weekly("RRULE:FREQ=WEEKLY;COUNT=2", "EXDATE;TZID=Europe/Rome:20261027T090000", "RDATE:20261028T080000Z"),
  );
  const starts = startsOf(await call("/series/instances"));
  expect(starts).toEqual(["2026-10-20T09:00:00+02:00", "2026-10-28T09:00:00+01:00"]);
});

it.each<[Json, string]>([
  [weekly("RRULE:FREQ=SOMETIMES"), "invalid"],
  [weekly("RRULE:FREQ=DAILY;COUNT=2;UNTIL=20261101"), "invalid"],
  [weekly("RRULE:FREQ=WEEKLY;BYDAY=XX"), "invalid"],
  [weekly("RRULE:FREQ=MONTHLY;BYDAY=MO,TU;BYSETPOS=1"), "invalid"],
  [weekly("DTSTART:20261020T090000Z"), "invalid"],
  [{ ...weekly("RRULE:FREQ=DAILY"), start: { dateTime: "2026-10-20T09:00:00+02:00" } }, "required"],
])("refuses %o", async (series, reason) => {
  const { create } = await openGoogleCalendar();
  const refused = await create(series);
  expect([refused.status, reasonOf(refused)]).toEqual([400, reason]);
});

it("changes and deletes one instance, and tells of both by the sync token", async () => {
  const { call, create } = await openGoogleCalendar();
  await create(weekly("RRULE:FREQ=WEEKLY;COUNT=3"));
  const plain = String((await call("")).body["nextSyncToken"]);
  const single = String((await call(`?singleEvents=true`)).body["nextSyncToken"]);
  const later = {
    start: { dateTime: "2026-10-27T15:00:00+01:00" },
    end: { dateTime: "2026-10-27T16:00:00+01:00" },
  };
  const moved = await call("/series_20261027T080000Z", { method: "PATCH", body: later });
  expect(moved.body).toMatchObject({
    recurringEventId: "series",
    start: { dateTime: "2026-10-27T15:00:00+01:00" },
    originalStartTime: { dateTime: "2026-10-27T09:00:00+01:00" },
  });
  expect((await call("/series_20261103T080000Z", { method: "DELETE" })).status).toBe(204);
  expect((await call("/series_20261103T080000Z", { method: "DELETE" })).status).toBe(410);
  expect((await call("/series_20261110T080000Z")).status).toBe(404);
  expect(startsOf(await call(`?${YEAR}`))).toEqual(["2026-10-20T09:00:00+02:00", "2026-10-27T15:00:00+01:00"]);
  const tombstone = {
    kind: "calendar#event",
    etag: expect.any(String),
    id: "series_20261103T080000Z",
    status: "cancelled",
    recurringEventId: "series",
    originalStartTime: { dateTime: "2026-11-03T09:00:00+01:00", timeZone: "Europe/Rome" },
  };
  for (const query of [`?syncToken=${plain}`, `?singleEvents=true&syncToken=${single}`])
    expect(itemsOf(await call(query))).toEqual([expect.objectContaining({ id: "series_20261027T080000Z" }), tombstone]);
  expect(itemsOf(await call(""))).toContainEqual(tombstone);
});

it("takes a series away instance by instance where it was expanded", async () => {
  const { call, create } = await openGoogleCalendar();
  await create(weekly("RRULE:FREQ=WEEKLY;COUNT=2"));
  const syncToken = String((await call("?singleEvents=true")).body["nextSyncToken"]);
  await call("/series", { method: "DELETE" });
  const told = itemsOf(await call(`?singleEvents=true&syncToken=${syncToken}`));
  expect(told.map(({ id, status }) => [id, status])).toEqual([
    ["series_20261020T070000Z", "cancelled"],
    ["series_20261027T080000Z", "cancelled"],
  ]);
  expect(itemsOf(await call(`?${YEAR}`))).toEqual([]);
  expect((await call("/series_20261020T070000Z", { method: "DELETE" })).status).toBe(410);
});
