import { expect, test } from "vitest";
import { createEvent } from "../../src/calendar/create-event.ts";
import { getCalendars } from "../../src/calendar/get-calendars.ts";
import { type EventPage, listEvents } from "../../src/calendar/list-events.ts";
import type { ListQuery } from "../../src/calendar/list-query.ts";
import { CONNECTION, cursorsOf, type Mailbox, newEvent, opened, openMailbox, query } from "./mailbox.ts";

async function withEvents(count: number): Promise<Mailbox> {
  const mailbox = await openMailbox();
  for (let day = 1; day <= count; day += 1) {
    const at = (hour: string) => ({
      date_time: `2026-11-${String(day).padStart(2, "0")}T${hour}:00`,
      time_zone: "UTC",
    });
    await createEvent(mailbox.graph, newEvent({ subject: `Day ${day}`, start: at("09:00"), end: at("10:00") }));
  }
  mailbox.received();
  return mailbox;
}

async function walk(
  { graph, cursors }: Mailbox,
  first: ListQuery,
  extra: Record<string, string> = {},
): Promise<EventPage[]> {
  const pages = [await listEvents(opened(graph), cursors, first)];
  for (let cursor = pages[0]?.next_cursor; cursor; cursor = pages.at(-1)?.next_cursor) {
    pages.push(await listEvents(opened(graph), cursors, query({ ...extra, cursor })));
  }
  return pages;
}

test("the calendars of an account come with the default one named", async () => {
  const { graph } = await openMailbox();
  const found = await getCalendars(graph);
  expect(found.calendars.map(({ name, is_default }) => ({ name, is_default }))).toEqual([
    { name: "Calendar", is_default: true },
    { name: "Team", is_default: false },
  ]);
  expect(found.default).toEqual(found.calendars[0]);
  expect(found.default).toMatchObject({
    can_edit: true,
    owner: { address: "ana@contoso.example" },
    online_meeting_providers: ["teams_for_business"],
    default_online_meeting_provider: "teams_for_business",
  });
});

test("a mailbox that marks no calendar as the default one is asked for it", async () => {
  const { graph, sandbox } = await openMailbox();
  const body = { value: [{ id: "c1", name: "One" }] };
  await sandbox.control("/faults", { path: "/v1.0/me/calendars", status: 200, body });
  const found = await getCalendars(graph);
  expect(found.calendars.map(({ name }) => name)).toEqual(["One"]);
  expect(found.default).toMatchObject({ name: "Calendar", is_default: true });
});

test("pages follow each other to the end by their cursor alone", async () => {
  const mailbox = await withEvents(5);
  const pages = await walk(mailbox, query({ limit: "2" }));
  expect(pages.map(({ events }) => events.map(({ subject }) => subject))).toEqual([
    ["Day 1", "Day 2"],
    ["Day 3", "Day 4"],
    ["Day 5"],
  ]);
});

test("the zone of a list stays with its cursor, and may be repeated", async () => {
  const mailbox = await withEvents(2);
  const zone = { time_zone: "Tokyo Standard Time" };
  for (const extra of [{}, zone, { time_zone: "Asia/Tokyo" }]) {
    const pages = await walk(mailbox, query({ limit: "1", ...zone }), extra);
    expect(pages[1]?.events[0]?.start).toEqual({ date_time: "2026-11-02T18:00:00", time_zone: "Asia/Tokyo" });
  }
});

test("a window expands a series through a change of the clock; without one the series itself comes", async () => {
  const mailbox = await openMailbox();
  const { graph, cursors } = mailbox;
  const at = (time: string) => ({ date_time: `2026-10-18T${time}`, time_zone: "Europe/Rome" });
  const recurrence = {
    pattern: { type: "weekly", interval: 1, days_of_week: ["sunday"] },
    range: { type: "numbered", number_of_occurrences: 3 },
  };
  const series = await createEvent(graph, newEvent({ start: at("09:00"), end: at("10:00"), recurrence }));
  expect(series).toMatchObject({ type: "series_master", recurrence: { pattern: recurrence.pattern } });
  expect(series.recurrence?.range).toMatchObject({
    type: "numbered",
    start_date: "2026-10-18",
    number_of_occurrences: 3,
  });
  const window = query({ from: "2026-10-01T00:00:00+02:00", to: "2026-12-01T00:00:00Z", limit: "2" });
  const instances = (await walk(mailbox, window)).flatMap(({ events }) => events);
  expect(instances.map(({ type, start, series_id }) => ({ type, start: start.date_time, series_id }))).toEqual([
    { type: "occurrence", start: "2026-10-18T07:00:00", series_id: series.id },
    { type: "occurrence", start: "2026-10-25T08:00:00", series_id: series.id },
    { type: "occurrence", start: "2026-11-01T08:00:00", series_id: series.id },
  ]);
  const { events } = await listEvents(opened(graph), cursors, query());
  expect(events.map(({ type }) => type)).toEqual(["series_master"]);
});

test("a search finds subjects with quotes, pluses and other signs in them", async () => {
  const { graph, cursors } = await openMailbox();
  for (const subject of ["Bo's 1+1 & 50%", "Bos 1 1"]) await createEvent(graph, newEvent({ subject }));
  for (const q of ["Bo's", "1+1 & 50%", "') or contains(subject,'"]) {
    const { events } = await listEvents(opened(graph), cursors, query({ q }));
    const expected = q.startsWith("')") ? [] : ["Bo's 1+1 & 50%"];
    expect(events.map(({ subject }) => subject)).toEqual(expected);
  }
});

test("a list asks for fifty unless told otherwise", async () => {
  const { graph, cursors, received } = await openMailbox();
  await listEvents(opened(graph), cursors, query());
  await listEvents(opened(graph), cursors, query({ limit: "1000" }));
  const [first, second] = received();
  expect(first).toMatch(/^GET \/me\/events\?\$top=50&/);
  expect(second).toContain("$top=1000&");
});

test("an empty page with a next one is passed on as it is", async () => {
  const { graph, cursors, sandbox } = await openMailbox();
  const nextLink = "https://graph.microsoft.com/v1.0/me/events?$skiptoken=x";
  await sandbox.control("/faults", {
    path: "/v1.0/me/events",
    status: 200,
    body: { value: [], "@odata.nextLink": nextLink },
  });
  const page = await listEvents(opened(graph), cursors, query());
  expect(page.events).toEqual([]);
  expect(page.next_cursor).not.toBeNull();
});

async function pageOne(mailbox: Mailbox, first: ListQuery = query({ limit: "1" })): Promise<string> {
  const { next_cursor } = await listEvents(opened(mailbox.graph), mailbox.cursors, first);
  mailbox.received();
  return next_cursor ?? "";
}

const REFUSED = { code: "validation_failed", extra: { errors: [{ path: "cursor" }] } };

test("a cursor that was changed anywhere, made up, or cut short is refused without a request", async () => {
  const mailbox = await withEvents(2);
  const cursor = await pageOne(mailbox);
  const flip = (at: number) => `${cursor.slice(0, at)}${cursor[at] === "A" ? "B" : "A"}${cursor.slice(at + 1)}`;
  const forged = ["x", "v1.k1.a.b", cursor.slice(0, -1), `${cursor}A`, ...[10, 30, 60, cursor.length - 1].map(flip)];
  for (const text of forged) {
    await expect(listEvents(opened(mailbox.graph), mailbox.cursors, query({ cursor: text }))).rejects.toMatchObject(
      REFUSED,
    );
  }
  expect(mailbox.received()).toEqual([]);
});

test("a cursor of another owner is refused", async () => {
  const mailbox = await withEvents(2);
  const cursor = await pageOne(mailbox);
  await expect(listEvents(opened(mailbox.graph), cursorsOf("bo"), query({ cursor }))).rejects.toMatchObject(REFUSED);
});

test.each([
  { q: "Day" },
  { limit: "2" },
  { time_zone: "Europe/Rome" },
  { calendar_id: "abc" },
  { from: "2026-01-01T00:00:00Z", to: "2026-02-01T00:00:00Z" },
])("a cursor goes on with its own list, not with one that has %j", async (other) => {
  const mailbox = await withEvents(2);
  const cursor = await pageOne(mailbox);
  await expect(listEvents(opened(mailbox.graph), mailbox.cursors, query({ ...other, cursor }))).rejects.toMatchObject(
    REFUSED,
  );
  expect(mailbox.received()).toEqual([]);
});

test.each([
  ["another host", "https://evil.test/v1.0/me/events", "provider_error"],
  ["another version", "https://graph.microsoft.com/beta/me/events", "provider_error"],
  ["another collection", "https://graph.microsoft.com/v1.0/me/messages", "validation_failed"],
  ["nothing", "", "validation_failed"],
])("even a well sealed link to %s is not followed", async (_, link, code) => {
  const mailbox = await openMailbox();
  const cursor = await mailbox.cursors.seal(JSON.stringify({ link, query: {}, connection: CONNECTION }));
  await expect(listEvents(opened(mailbox.graph), mailbox.cursors, query({ cursor }))).rejects.toMatchObject({ code });
  expect(mailbox.received()).toEqual([]);
});

test("a sealed text that is no cursor is refused", async () => {
  const { graph, cursors } = await openMailbox();
  for (const text of ["", "[]", '{"link":1}']) {
    const cursor = await cursors.seal(text);
    await expect(listEvents(opened(graph), cursors, query({ cursor }))).rejects.toMatchObject(REFUSED);
  }
});

test.each([
  [400, "ErrorInvalidParameter"],
  [410, "SyncStateNotFound"],
  [404, "ErrorItemNotFound"],
])("a cursor that Graph has forgotten (%i %s) says to start again", async (status, code) => {
  const mailbox = await withEvents(2);
  const cursor = await pageOne(mailbox);
  await mailbox.sandbox.control("/faults", { path: "/v1.0/me/events", status, body: { error: { code, message: "" } } });
  await expect(listEvents(opened(mailbox.graph), mailbox.cursors, query({ cursor }))).rejects.toMatchObject(REFUSED);
});
