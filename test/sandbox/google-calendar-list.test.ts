import { expect, it } from "vitest";
import { itemsOf, openGoogleCalendar, reasonOf, type Json } from "./google/driver.ts";

function day(date: string): Json {
  return { start: { dateTime: `${date}T09:00:00Z` }, end: { dateTime: `${date}T10:00:00Z` }, attendees: [] };
}

function summaries(answer: Parameters<typeof itemsOf>[0]): unknown[] {
  return itemsOf(answer).map(({ summary }) => summary);
}

const query = (fields: Record<string, string>) => `?${new URLSearchParams(fields).toString()}`;

it("lists with what the documentation says of the list", async () => {
  const { call, create } = await openGoogleCalendar();
  await create();
  const { body } = await call("");
  expect(body).toMatchObject({
    kind: "calendar#events",
    etag: expect.stringMatching(/^"p3/),
    summary: "ana@contoso.example",
    timeZone: "Europe/Rome",
    accessRole: "owner",
    defaultReminders: [{ method: "popup", minutes: 10 }],
    nextSyncToken: expect.any(String),
    items: [{ kind: "calendar#event", summary: "Kick-off" }],
  });
  expect(body).not.toHaveProperty("nextPageToken");
});

it("pages, with the sync token on the last page alone and the other parameters unchanged", async () => {
  const { call, create } = await openGoogleCalendar();
  for (const summary of ["a", "b", "c"]) await create({ summary });
  const first = await call("?maxResults=2");
  expect(summaries(first)).toHaveLength(2);
  expect(first.body).not.toHaveProperty("nextSyncToken");
  const pageToken = String(first.body["nextPageToken"]);
  const last = await call(query({ maxResults: "2", pageToken }));
  expect(summaries(last)).toHaveLength(1);
  expect(Object.keys(last.body)).toContain("nextSyncToken");
  expect(last.body).not.toHaveProperty("nextPageToken");
  expect((await call(query({ maxResults: "3", pageToken }))).status).toBe(400);
  expect((await call("?pageToken=never")).status).toBe(400);
});

it.each(["0", "2501", "x", "-1"])("refuses maxResults=%s", async (maxResults) => {
  const { call } = await openGoogleCalendar();
  expect((await call(query({ maxResults }))).status).toBe(400);
});

it("gives shorter pages than asked for, even an empty first one, when told to", async () => {
  const { google, call, create } = await openGoogleCalendar();
  await google.control("/settings", { google_page_size: 1, google_empty_first_page: true });
  await create();
  const empty = await call("");
  expect([summaries(empty), typeof empty.body["nextPageToken"]]).toEqual([[], "string"]);
  expect(summaries(await call(query({ pageToken: String(empty.body["nextPageToken"]) })))).toEqual(["Kick-off"]);
});

it("bounds the end by timeMin and the start by timeMax", async () => {
  const { call, create } = await openGoogleCalendar();
  await create(day("2026-11-20"));
  const within = async (timeMin: string, timeMax: string) => itemsOf(await call(query({ timeMin, timeMax }))).length;
  expect(await within("2026-11-20T09:59:00Z", "2026-11-21T00:00:00Z")).toBe(1);
  expect(await within("2026-11-20T10:00:00Z", "2026-11-21T00:00:00Z")).toBe(0);
  expect(await within("2026-11-19T00:00:00+01:00", "2026-11-20T10:01:00+01:00")).toBe(1);
  expect(await within("2026-11-19T00:00:00+01:00", "2026-11-20T10:00:00+01:00")).toBe(0);
});

it.each<[Record<string, string>, string]>([
  [{ timeMin: "2026-11-20T09:00:00" }, "badRequest"],
  [{ timeMax: "2026-11-20" }, "badRequest"],
  [{ timeMin: "2026-11-21T00:00:00Z", timeMax: "2026-11-20T00:00:00Z" }, "timeRangeEmpty"],
  [{ orderBy: "startTime" }, "badRequest"],
  [{ orderBy: "summary", singleEvents: "true" }, "invalidParameter"],
  [{ singleEvents: "yes" }, "invalidParameter"],
  [{ eventTypes: "party" }, "invalidParameter"],
  [{ timeZone: "+01:00" }, "invalidParameter"],
  [{ privateExtendedProperty: "a" }, "invalidParameter"],
])("refuses to list by %o", async (fields, reason) => {
  const { call } = await openGoogleCalendar();
  const refused = await call(query(fields));
  expect([refused.status, reasonOf(refused)]).toEqual([400, reason]);
});

it("filters by words, iCalUID, extended properties and type, and then gives no sync token", async () => {
  const { call, create } = await openGoogleCalendar();
  await create({ id: "aaaaa1", summary: "Budget" });
  await create({ id: "bbbbb2", summary: "Focus", eventType: "focusTime" });
  await create({ id: "ccccc3", summary: "Ours", extendedProperties: { private: { latchkey: "7" } } });
  const found = async (fields: Record<string, string>) => {
    const answer = await call(query(fields));
    return [...summaries(answer), "nextSyncToken" in answer.body];
  };
  expect(await found({ q: "budget" })).toEqual(["Budget", false]);
  expect(await found({ iCalUID: "bbbbb2@google.com" })).toEqual(["Focus", false]);
  expect(await found({ privateExtendedProperty: "latchkey=7" })).toEqual(["Ours", false]);
  expect(await found({ eventTypes: "focusTime" })).toEqual(["Focus", true]);
});

it("orders by start, and leaves out what was deleted unless asked", async () => {
  const { call, create } = await openGoogleCalendar();
  await create({ ...day("2026-11-22"), summary: "late" });
  await create({ ...day("2026-11-20"), summary: "early" });
  await create({ ...day("2026-11-21"), id: "abcde", summary: "gone" });
  await call("/abcde", { method: "DELETE" });
  const ordered = await call("?singleEvents=true&orderBy=startTime");
  expect(summaries(ordered)).toEqual(["early", "late"]);
  const all = itemsOf(await call("?showDeleted=true"));
  expect(all.find(({ id }) => id === "abcde")).toEqual({
    kind: "calendar#event",
    id: "abcde",
    etag: expect.any(String),
    status: "cancelled",
  });
});

it("tells by a sync token what was added, changed and deleted, and nothing twice", async () => {
  const { call, create } = await openGoogleCalendar();
  for (const id of ["aaaaa", "bbbbb", "ccccc"]) await create({ id, summary: id });
  const initial = await call(query({ timeMin: "2026-11-01T00:00:00Z" }));
  await call("/aaaaa", { method: "DELETE" });
  await call("/bbbbb", { method: "PATCH", body: { summary: "changed" } });
  await create({ id: "ddddd", summary: "new" });
  const changes = await call(query({ syncToken: String(initial.body["nextSyncToken"]) }));
  const told = itemsOf(changes).map(({ id, status, summary }) => [id, status, summary]);
  expect(told).toEqual([
    ["aaaaa", "cancelled", undefined],
    ["bbbbb", "confirmed", "changed"],
    ["ddddd", "confirmed", "new"],
  ]);
  const nothing = await call(query({ syncToken: String(changes.body["nextSyncToken"]) }));
  expect([itemsOf(nothing), typeof nothing.body["nextSyncToken"]]).toEqual([[], "string"]);
});

it("tells again what changed while a listing was paged through", async () => {
  const { call, create } = await openGoogleCalendar();
  for (const id of ["aaaaa", "bbbbb"]) await create({ id, summary: id });
  const first = await call("?maxResults=1");
  await call("/aaaaa", { method: "PATCH", body: { summary: "changed" } });
  const last = await call(query({ maxResults: "1", pageToken: String(first.body["nextPageToken"]) }));
  const changes = await call(query({ syncToken: String(last.body["nextSyncToken"]) }));
  expect(summaries(changes)).toEqual(["changed"]);
});

it.each([
  "iCalUID",
  "orderBy",
  "privateExtendedProperty",
  "q",
  "sharedExtendedProperty",
  "timeMin",
  "timeMax",
  "updatedMin",
])("refuses a sync token together with %s", async (name) => {
  const { call } = await openGoogleCalendar();
  const syncToken = String((await call("")).body["nextSyncToken"]);
  expect((await call(query({ syncToken, [name]: "x" }))).status).toBe(400);
});

it("refuses a sync token with showDeleted=false, other parameters, or of another calendar", async () => {
  const { google, token, call } = await openGoogleCalendar();
  const syncToken = String((await call("?singleEvents=true")).body["nextSyncToken"]);
  expect((await call(query({ syncToken, singleEvents: "true", showDeleted: "false" }))).status).toBe(400);
  expect((await call(query({ syncToken }))).status).toBe(400);
  expect((await call(query({ syncToken, singleEvents: "true" }))).status).toBe(200);
  expect((await call("?syncToken=never")).status).toBe(400);
  expect((await google.api(token, `/calendar/v3/users/me/calendarList?syncToken=${syncToken}`)).status).toBe(400);
});

it("wants a full listing when a sync token expired", async () => {
  const { google, call } = await openGoogleCalendar();
  const syncToken = String((await call("")).body["nextSyncToken"]);
  await google.control("/google/sync/expire", {});
  const refused = await call(query({ syncToken }));
  expect([refused.status, reasonOf(refused)]).toEqual([410, "fullSyncRequired"]);
  const fresh = String((await call("")).body["nextSyncToken"]);
  expect((await call(query({ syncToken: fresh }))).status).toBe(200);
});

it("refuses an updatedMin of long ago", async () => {
  const { call, create } = await openGoogleCalendar();
  await create();
  const updatedMin = (ageMs: number) => query({ updatedMin: new Date(Date.now() - ageMs).toISOString() });
  const refused = await call(updatedMin(60 * 86_400_000));
  expect([refused.status, reasonOf(refused)]).toEqual([410, "updatedMinTooLongAgo"]);
  expect(summaries(await call(updatedMin(3_600_000)))).toEqual(["Kick-off"]);
});

it("leaves out attendees beyond maxAttendees", async () => {
  const { call, create } = await openGoogleCalendar();
  await create({ attendees: [{ email: "bo@contoso.example" }, { email: "ana@contoso.example" }] });
  const [event] = itemsOf(await call("?maxAttendees=1"));
  expect(event).toMatchObject({ attendeesOmitted: true, attendees: [{ email: "ana@contoso.example", self: true }] });
});
