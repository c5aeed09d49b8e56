import { expect, it } from "vitest";
import { itemsOf, KICK_OFF, openGoogle, openGoogleCalendar, reasonOf, scopeOf, type Json } from "./google/driver.ts";

const HOLIDAYS = "/calendar/v3/calendars/en.italian%23holiday%40group.v.calendar.google.com/events";

it("lists a primary calendar, one more of one's own and one to read", async () => {
  const { google, token } = await openGoogleCalendar();
  const listed = await google.api(token, "/calendar/v3/users/me/calendarList");
  expect(itemsOf(listed)).toMatchObject([
    { id: "ana@contoso.example", primary: true, accessRole: "owner", timeZone: "Europe/Rome" },
    { summary: "Team", accessRole: "owner" },
    { id: "en.italian#holiday@group.v.calendar.google.com", accessRole: "reader" },
  ]);
  const sync = String(listed.body["nextSyncToken"]);
  const changed = await google.api(token, `/calendar/v3/users/me/calendarList?syncToken=${sync}`);
  expect([itemsOf(changed), typeof changed.body["nextSyncToken"]]).toEqual([[], "string"]);
});

it("answers an insert with 200 and the whole event", async () => {
  const { create } = await openGoogleCalendar();
  const { status, body, headers } = await create({ unknown: 1, kind: "other", etag: "x" });
  expect([status, headers.get("ETag")]).toEqual([200, body["etag"]]);
  expect(body).toEqual({
    kind: "calendar#event",
    etag: expect.stringMatching(/^"\d{16}"$/),
    id: expect.stringMatching(/^[a-v0-9]{26}$/),
    status: "confirmed",
    htmlLink: expect.stringMatching(/^https:/),
    created: expect.stringMatching(/Z$/),
    updated: expect.stringMatching(/Z$/),
    summary: "Kick-off",
    creator: { email: "ana@contoso.example", self: true },
    organizer: { email: "ana@contoso.example", self: true },
    start: KICK_OFF.start,
    end: KICK_OFF.end,
    iCalUID: `${String(body["id"])}@google.com`,
    sequence: 0,
    attendees: [{ email: "bo@contoso.example", responseStatus: "needsAction" }],
    reminders: { useDefault: true },
    eventType: "default",
  });
});

it.each<[string, Json, string]>([
  ["no start", { start: undefined }, "required"],
  ["no end", { end: null }, "required"],
  ["both kinds of start", { start: { date: "2026-11-20", dateTime: "2026-11-20T09:00:00Z" } }, "invalid"],
  ["a day and a time", { end: { date: "2026-11-21" } }, "invalid"],
  ["no offset and no zone", { start: { dateTime: "2026-11-20T09:00:00" } }, "required"],
  ["no real date", { start: { date: "2026-02-30" }, end: { date: "2026-03-01" } }, "invalid"],
  ["a Windows zone", { start: { dateTime: "2026-11-20T09:00:00", timeZone: "Romance Standard Time" } }, "invalid"],
  ["an end before the start", { end: { dateTime: "2026-11-20T08:00:00+01:00" } }, "timeRangeEmpty"],
  ["a day that ends as it starts", { start: { date: "2026-11-20" }, end: { date: "2026-11-20" } }, "timeRangeEmpty"],
  ["an attendee without address", { attendees: [{ displayName: "Bo" }] }, "required"],
  ["an unknown transparency", { transparency: "glass" }, "invalid"],
  ["an id that is too short", { id: "abcd" }, "invalid"],
  ["an id beyond base32hex", { id: "wxyz-1" }, "invalid"],
])("refuses an event with %s", async (_, change, reason) => {
  const { create } = await openGoogleCalendar();
  const refused = await create(change);
  expect([refused.status, reasonOf(refused)]).toEqual([400, reason]);
});

it("refuses a body that is no JSON object, and unknown values of sendUpdates", async () => {
  const { call, create } = await openGoogleCalendar();
  expect(reasonOf(await call("", { method: "POST", body: [] }))).toBe("parseError");
  expect((await create({}, "?sendUpdates=everybody")).status).toBe(400);
  expect((await create({}, "?sendUpdates=externalOnly")).status).toBe(200);
});

it("takes an id from the client once, also after the event was deleted", async () => {
  const { call, create } = await openGoogleCalendar();
  expect((await create({ id: "abc123def456" })).body["id"]).toBe("abc123def456");
  const again = await create({ id: "abc123def456" });
  expect([again.status, reasonOf(again)]).toEqual([409, "duplicate"]);
  await call("/abc123def456", { method: "DELETE" });
  expect((await create({ id: "abc123def456" })).status).toBe(409);
});

it("shows times in the calendar's zone, or in the one asked for, and keeps the event's own", async () => {
  const { call, create } = await openGoogleCalendar();
  const start = { dateTime: "2026-11-20T09:00:00", timeZone: "America/New_York" };
  const { body } = await create({ start, end: { dateTime: "2026-11-20T16:00:00Z" } });
  expect(body["start"]).toEqual({ dateTime: "2026-11-20T15:00:00+01:00", timeZone: "America/New_York" });
  expect(body["end"]).toEqual({ dateTime: "2026-11-20T17:00:00+01:00", timeZone: "Europe/Rome" });
  const { body: utc } = await call(`/${String(body["id"])}?timeZone=UTC`);
  expect(utc["start"]).toMatchObject({ dateTime: "2026-11-20T14:00:00Z" });
});

it("merges objects in a patch, replaces arrays whole, and takes away by null", async () => {
  const { call, create } = await openGoogleCalendar();
  const shared = { extendedProperties: { private: { a: "1" } }, location: "Rome" };
  const { body } = await create(shared);
  const change = {
    extendedProperties: { private: { b: "2" } },
    attendees: [{ email: "pat@outlook.example" }],
    location: null,
  };
  const { body: patched } = await call(`/${String(body["id"])}`, { method: "PATCH", body: change });
  expect(patched["extendedProperties"]).toEqual({ private: { a: "1", b: "2" } });
  expect(patched["attendees"]).toHaveLength(1);
  expect(patched).not.toHaveProperty("location");
  expect([patched["summary"], patched["etag"] === body["etag"]]).toEqual(["Kick-off", false]);
});

it("replaces everything in an update, which needs start and end", async () => {
  const { call, create } = await openGoogleCalendar();
  const { body } = await create({ location: "Rome" });
  const path = `/${String(body["id"])}`;
  expect((await call(path, { method: "PUT", body: { summary: "x" } })).status).toBe(400);
  const { body: next } = await call(path, { method: "PUT", body: { start: KICK_OFF.start, end: KICK_OFF.end } });
  for (const name of ["summary", "location", "attendees"]) expect(next).not.toHaveProperty(name);
  expect([next["id"], next["created"]]).toEqual([body["id"], body["created"]]);
});

it("drops conference data of clients that do not know its version, without a word", async () => {
  const { google, create } = await openGoogleCalendar();
  const conferenceData = { createRequest: { requestId: "r1", conferenceSolutionKey: { type: "hangoutsMeet" } } };
  expect((await create({ conferenceData })).body).not.toHaveProperty("conferenceData");
  const made = await create({ conferenceData }, "?conferenceDataVersion=1");
  expect(made.body["hangoutLink"]).toMatch(/^https:\/\/meet\.google\.com\/\w{3}-\w{4}-\w{3}$/);
  await google.control("/settings", { google_conference_pending: true });
  const pending = await create({ conferenceData }, "?conferenceDataVersion=1");
  expect(pending.body["conferenceData"]).toMatchObject({ createRequest: { status: { statusCode: "pending" } } });
});

it.each(["PATCH", "PUT", "DELETE"])(
  "refuses %s when the event is another version than If-Match says",
  async (method) => {
    const { google, call, create } = await openGoogleCalendar();
    const { body } = await create();
    const path = `/${String(body["id"])}`;
    const sent = method === "DELETE" ? {} : { body: KICK_OFF };
    await google.control(`/google/calendars/ana/events${path}/touch`, {});
    const refused = await call(path, { method, ...sent, headers: { "If-Match": String(body["etag"]) } });
    expect([refused.status, reasonOf(refused)]).toEqual([412, "conditionNotMet"]);
    const { headers } = await call(path);
    const good = await call(path, { method, ...sent, headers: { "If-Match": headers.get("ETag") ?? "" } });
    expect(good.status).toBe(method === "DELETE" ? 204 : 200);
  },
);

it("answers 304 to whoever has the event already", async () => {
  const { call, create } = await openGoogleCalendar();
  const { body } = await create();
  const headers = { "If-None-Match": String(body["etag"]) };
  expect((await call(`/${String(body["id"])}`, { headers })).status).toBe(304);
});

it("deletes once, and shows what was deleted as cancelled", async () => {
  const { call, create } = await openGoogleCalendar();
  const path = `/${String((await create()).body["id"])}`;
  expect((await call(path, { method: "DELETE" })).status).toBe(204);
  const again = await call(path, { method: "DELETE" });
  expect([again.status, again.body["error"]]).toMatchObject([410, { message: "Resource has been deleted" }]);
  expect(reasonOf(again)).toBe("deleted");
  expect((await call(path)).body["status"]).toBe("cancelled");
  const revived = await call(path, { method: "PATCH", body: { status: "confirmed" } });
  expect(revived.body["status"]).toBe("confirmed");
});

it("does not know other people's calendars or events, nor ids that are not encoded", async () => {
  const { google, token, call, create } = await openGoogleCalendar();
  const id = String((await create()).body["id"]);
  const bo = await openGoogleCalendar("bo", google);
  expect((await bo.call(`/${id}`)).status).toBe(404);
  expect((await google.api(bo.token, "/calendar/v3/calendars/ana%40contoso.example/events")).status).toBe(404);
  expect(reasonOf(await call("/never"))).toBe("notFound");
  expect((await google.api(token, HOLIDAYS)).status).toBe(200);
  expect((await google.api(token, HOLIDAYS.replace("%23", "#"))).status).toBe(404);
});

it("refuses to write to a calendar that may only be read", async () => {
  const { google, token } = await openGoogleCalendar();
  const refused = await google.api(token, HOLIDAYS, { method: "POST", body: KICK_OFF });
  expect([refused.status, reasonOf(refused)]).toEqual([403, "requiredAccessLevel"]);
});

it("lets an invited person answer and nothing else", async () => {
  const { google, call } = await openGoogleCalendar();
  const invitation = { ...KICK_OFF, organizer: "bo@contoso.example", attendees: [{ email: "ana@contoso.example" }] };
  const path = `/${String((await google.control("/google/calendars/ana/events", invitation))["id"])}`;
  const refused = await call(path, { method: "PATCH", body: { summary: "Mine" } });
  expect([refused.status, reasonOf(refused)]).toEqual([403, "forbiddenForNonOrganizer"]);
  const attendees = [{ email: "ana@contoso.example", responseStatus: "accepted" }];
  const answered = await call(path, { method: "PATCH", body: { attendees } });
  expect(answered.body["attendees"]).toMatchObject([{ self: true, responseStatus: "accepted" }]);
});

it.each([
  ["calendar.events", [403, 200, 200, 200]],
  ["calendar.events.readonly", [403, 200, 403, 200]],
  ["calendar.readonly", [200, 200, 403, 200]],
  ["calendar.calendarlist.readonly", [200, 403, 403, 403]],
  ["calendar.events.owned", [403, 200, 200, 403]],
  ["calendar.freebusy", [403, 403, 403, 403]],
  ["youtube.readonly", [403, 403, 403, 403]],
])("lets %s do what it covers: calendars, events, writing, holidays", async (scope, expected) => {
  const google = openGoogle();
  const { access_token: token } = await google.signIn("ana", { scope: scopeOf(scope) });
  const events = "/calendar/v3/calendars/primary/events";
  const answers = [
    await google.api(token, "/calendar/v3/users/me/calendarList"),
    await google.api(token, events),
    await google.api(token, events, { method: "POST", body: KICK_OFF }),
    await google.api(token, HOLIDAYS),
  ];
  expect(answers.map(({ status }) => status)).toEqual(expected);
  const refused = answers.find(({ status }) => status === 403);
  expect(refused?.body["error"]).toMatchObject({
    errors: [{ domain: "global", reason: "insufficientPermissions" }],
    status: "PERMISSION_DENIED",
    details: [{ reason: "ACCESS_TOKEN_SCOPE_INSUFFICIENT" }],
  });
  expect(refused?.headers.get("WWW-Authenticate")).toContain('error="insufficient_scope"');
});
