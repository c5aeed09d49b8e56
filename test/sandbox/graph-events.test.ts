import { expect, it } from "vitest";
import { errorOf, KICK_OFF, openMailbox, openSandbox, valuesOf, type Json } from "./driver.ts";

const MIDNIGHT = { dateTime: "2026-11-20T00:00:00", timeZone: "Europe/Rome" };

it("has a default calendar and an extra one, each with its own events", async () => {
  const { call, create } = await openMailbox();
  const calendars = valuesOf((await call("/me/calendars")).body);
  expect(calendars.map(({ isDefaultCalendar }) => isDefaultCalendar)).toEqual([true, false]);
  expect((await call("/me/calendar")).body["id"]).toBe(calendars[0]?.["id"]);
  const team = `/me/calendars/${String(calendars[1]?.["id"])}`;
  await create({ subject: "Team day" }, `${team}/events`);
  await create();
  expect(valuesOf((await call(`${team}/events`)).body).map(({ subject }) => subject)).toEqual(["Team day"]);
  expect(valuesOf((await call("/me/events")).body).map(({ subject }) => subject)).toEqual(["Audit kick-off"]);
  expect((await call("/me/calendars/nonsense")).status).toBe(404);
});

it("answers a create with 201, Location and the whole event, times in UTC with seven digits", async () => {
  const { call } = await openMailbox();
  const { status, body, headers } = await call("/me/events", { method: "POST", body: KICK_OFF });
  expect(status).toBe(201);
  expect(headers.get("Location")).toContain(String(body["id"]));
  expect(body).toMatchObject({
    "@odata.etag": `W/"${String(body["changeKey"])}"`,
    subject: "Audit kick-off",
    type: "singleInstance",
    start: { dateTime: "2026-11-20T08:00:00.0000000", timeZone: "UTC" },
    end: { dateTime: "2026-11-20T09:00:00.0000000", timeZone: "UTC" },
    originalStartTimeZone: "W. Europe Standard Time",
    showAs: "busy",
    isOrganizer: true,
    organizer: { emailAddress: { address: "ana@contoso.example" } },
    attendees: [{ type: "required", status: { response: "none" }, emailAddress: { address: "bo@contoso.example" } }],
    seriesMasterId: null,
    onlineMeeting: null,
  });
  expect(body["createdDateTime"]).toMatch(/\.\d{7}Z$/);
});

it("answers a create in the zone of the request when set to", async () => {
  const { sandbox, create } = await openMailbox();
  await sandbox.control("/settings", { echo_zone: "request" });
  expect((await create())["start"]).toEqual({ dateTime: "2026-11-20T09:00:00.0000000", timeZone: "Europe/Rome" });
});

it("answers in the preferred zone, Windows or IANA, and says so", async () => {
  const { call, create } = await openMailbox();
  const path = `/me/events/${String((await create())["id"])}`;
  for (const [zone, hour] of [
    ["Pacific Standard Time", "00"],
    ["Asia/Tokyo", "17"],
  ] as const) {
    const { body, headers } = await call(path, {
      headers: { Prefer: `outlook.timezone="${zone}", outlook.body-content-type="text"` },
    });
    expect(body["start"]).toEqual({ dateTime: `2026-11-20T${hour}:00:00.0000000`, timeZone: zone });
    expect(body["body"]).toEqual({ contentType: "text", content: "Agenda" });
    expect(headers.get("Preference-Applied")).toBe(`outlook.timezone="${zone}", outlook.body-content-type="text"`);
  }
});

it.each(["Mars/Olympus", "+02:00", "Nowhere Standard Time"])(
  "refuses the zone %s in a body and in Prefer",
  async (zone) => {
    const { call } = await openMailbox();
    const start = { dateTime: "2026-11-20T09:00:00", timeZone: zone };
    const written = await call("/me/events", { method: "POST", body: { ...KICK_OFF, start } });
    const preferred = await call("/me/events", { headers: { Prefer: `outlook.timezone="${zone}"` } });
    for (const { status, body } of [written, preferred]) {
      expect([status, errorOf(body)["code"]]).toEqual([400, "TimeZoneNotSupportedException"]);
    }
  },
);

it.each<[string, Json, string]>([
  [
    "an end before the start",
    { end: { dateTime: "2026-11-20T08:00:00", timeZone: "Europe/Rome" } },
    "ErrorPropertyValidationFailure",
  ],
  ["an all-day event that is not at midnight", { isAllDay: true }, "ErrorPropertyValidationFailure"],
  ["an all-day event of no day", { isAllDay: true, start: MIDNIGHT, end: MIDNIGHT }, "ErrorPropertyValidationFailure"],
  [
    "an all-day event in two zones",
    { isAllDay: true, start: MIDNIGHT, end: { dateTime: "2026-11-22T00:00:00", timeZone: "UTC" } },
    "ErrorPropertyValidationFailure",
  ],
  ["a subject of 256 characters", { subject: "x".repeat(256) }, "ErrorPropertyValidationFailure"],
  [
    "a time that is none",
    { start: { dateTime: "2026-02-30T09:00:00", timeZone: "UTC" } },
    "ErrorPropertyValidationFailure",
  ],
  ["an address that is none", { attendees: [{ emailAddress: { address: "bo" } }] }, "ErrorPropertyValidationFailure"],
  ["an unknown property", { colour: "red" }, "RequestBodyRead"],
  ["a wrong type", { isAllDay: "yes" }, "RequestBodyRead"],
  ["an unknown word", { showAs: "asleep" }, "RequestBodyRead"],
])("refuses %s", async (_, change, code) => {
  const { call } = await openMailbox();
  const { status, body } = await call("/me/events", { method: "POST", body: { ...KICK_OFF, ...change } });
  expect([status, errorOf(body)["code"]]).toEqual([400, code]);
});

it("keeps an all-day event at midnight in whatever zone is asked for", async () => {
  const { call, create } = await openMailbox();
  const midnight = (date: string) => ({ dateTime: `${date}T00:00:00`, timeZone: "Europe/Rome" });
  const { id } = await create({ isAllDay: true, start: midnight("2026-11-20"), end: midnight("2026-11-21") });
  const { body } = await call(`/me/events/${String(id)}`, { headers: { Prefer: 'outlook.timezone="Asia/Tokyo"' } });
  expect(body["start"]).toEqual({ dateTime: "2026-11-20T00:00:00.0000000", timeZone: "Asia/Tokyo" });
});

it("updates what is sent and gives a new change key", async () => {
  const { call, create } = await openMailbox();
  const created = await create();
  const path = `/me/events/${String(created["id"])}`;
  const { status, body } = await call(path, {
    method: "PATCH",
    body: { subject: "Moved", location: { displayName: "R1" } },
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    id: created["id"],
    subject: "Moved",
    locations: [{ displayName: "R1" }],
    body: { content: "<p>Agenda</p>" },
  });
  expect(body["changeKey"]).not.toBe(created["changeKey"]);
});

it("refuses a stale If-Match on update and delete, also after churn that no user sees", async () => {
  const { sandbox, call, create } = await openMailbox();
  const created = await create();
  const path = `/me/events/${String(created["id"])}`;
  const stale = { headers: { "If-Match": String(created["@odata.etag"]) } };
  const touched = await sandbox.control(`/events/${String(created["id"])}/touch`, {});
  for (const request of [{ method: "PATCH", body: { subject: "x" } }, { method: "DELETE" }]) {
    const { status, body } = await call(path, { ...request, ...stale });
    expect([status, errorOf(body)["code"]]).toEqual([412, "ErrorIrresolvableConflict"]);
  }
  const fresh = { headers: { "If-Match": String(touched["etag"]) } };
  expect((await call(path, { method: "PATCH", body: { subject: "x" }, ...fresh })).status).toBe(200);
  expect((await call(path, { method: "DELETE", headers: { "If-Match": "*" } })).status).toBe(204);
});

it("knows a deleted event no more, and tells a malformed id from an unknown one", async () => {
  const { call, create } = await openMailbox();
  const path = `/me/events/${String((await create())["id"])}`;
  expect((await call(path, { method: "DELETE" })).status).toBe(204);
  const gone = await call(path, { method: "DELETE" });
  expect([gone.status, errorOf(gone.body)["code"]]).toEqual([404, "ErrorItemNotFound"]);
  const malformed = await call("/me/events/42");
  expect([malformed.status, errorOf(malformed.body)["code"]]).toEqual([400, "ErrorInvalidIdMalformed"]);
});

it("keeps mailboxes apart", async () => {
  const sandbox = openSandbox();
  const { create } = await openMailbox(sandbox, "ana");
  const { call } = await openMailbox(sandbox, "bo");
  expect((await call(`/me/events/${String((await create())["id"])}`)).status).toBe(404);
  expect(valuesOf((await call("/me/events")).body)).toEqual([]);
});

it("refuses a transaction id that was used, with 400 or when set to with 409", async () => {
  const { sandbox, call, create } = await openMailbox();
  const transactionId = "6f1d2a1e-0000-4000-8000-000000000001";
  const first = await create({ transactionId });
  expect(first["transactionId"]).toBe(transactionId);
  const again = () => call("/me/events", { method: "POST", body: { ...KICK_OFF, transactionId } });
  const { status, body } = await again();
  expect(status).toBe(400);
  expect(errorOf(body)).toMatchObject({ code: "ErrorDuplicateTransactionId", "@event.existingEventId": first["id"] });
  await sandbox.control("/settings", { duplicate_transaction_status: 409 });
  expect((await again()).status).toBe(409);
  expect(valuesOf((await call("/me/events")).body)).toHaveLength(1);
});

it("has other ids with IdType=ImmutableId, which survive a move between calendars", async () => {
  const { sandbox, call, create } = await openMailbox();
  const ordinary = String((await create())["id"]);
  const immutable = String(
    (await call(`/me/events/${ordinary}`, { headers: { Prefer: 'IdType="ImmutableId"' } })).body["id"],
  );
  expect(immutable).not.toBe(ordinary);
  const moved = await sandbox.control(`/events/${ordinary}/move`, {});
  expect(moved["id"]).not.toBe(ordinary);
  expect((await call(`/me/events/${ordinary}`)).status).toBe(404);
  expect((await call(`/me/events/${String(moved["id"])}`)).status).toBe(200);
  expect((await call(`/me/events/${immutable}`)).status).toBe(200);
});

it("shows the online meeting only after the first read", async () => {
  const { call, create } = await openMailbox();
  const created = await create({ isOnlineMeeting: true, onlineMeetingProvider: "teamsForBusiness" });
  const path = `/me/events/${String(created["id"])}`;
  expect(created["onlineMeeting"]).toBeNull();
  expect((await call(path)).body["onlineMeeting"]).toBeNull();
  const { body } = await call(path);
  expect(body["onlineMeeting"]).toMatchObject({ joinUrl: expect.stringContaining("teams.microsoft.com") as string });
  const flag = await call(path, { method: "PATCH", body: { isOnlineMeeting: false } });
  expect(flag.body["isOnlineMeeting"]).toBe(true);
});

it("ends the online meeting when a body without the join block is written, and not otherwise", async () => {
  const { call, create } = await openMailbox();
  const path = `/me/events/${String((await create({ isOnlineMeeting: true }))["id"])}`;
  await call(path);
  const { content } = (await call(path)).body["body"] as { content: string };
  const kept = await call(path, {
    method: "PATCH",
    body: { body: { contentType: "html", content: `New. ${content}` } },
  });
  expect(kept.body["isOnlineMeeting"]).toBe(true);
  const ended = await call(path, { method: "PATCH", body: { body: { contentType: "html", content: "New." } } });
  expect(ended.body).toMatchObject({ isOnlineMeeting: false, onlineMeeting: null });
});
