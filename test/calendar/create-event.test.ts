import { expect, test } from "vitest";
import { createEvent } from "../../src/calendar/create-event.ts";
import { deleteEvent } from "../../src/calendar/delete-event.ts";
import { getCalendars } from "../../src/calendar/get-calendars.ts";
import { listEvents } from "../../src/calendar/list-events.ts";
import { newEvent, openMailbox, query, opened } from "./mailbox.ts";

test("a created event comes back whole, in the zone of its start, under an id that survives a move", async () => {
  const { graph, sandbox, cursors, requests } = await openMailbox();
  const event = await createEvent(
    graph,
    newEvent({
      body: { content: "a < b" },
      start: { date_time: "2026-11-20T09:00", time_zone: "W. Europe Standard Time" },
      location: { name: "Room 1" },
      attendees: [{ address: "bo@contoso.example", name: "Bo", type: "optional" }],
      show_as: "working_elsewhere",
      reminder_minutes: null,
      categories: ["Red"],
    }),
  );
  expect(event).toMatchObject({
    subject: "Audit",
    type: "single_instance",
    start: { date_time: "2026-11-20T09:00:00", time_zone: "Europe/Berlin" },
    end: { date_time: "2026-11-20T10:00:00", time_zone: "Europe/Berlin" },
    body: { content_type: "html" },
    body_preview: "a < b",
    location: { name: "Room 1" },
    attendees: [{ address: "bo@contoso.example", name: "Bo", type: "optional", response: "none", responded_at: null }],
    organizer: { address: "ana@contoso.example" },
    is_organizer: true,
    response: "organizer",
    show_as: "working_elsewhere",
    reminder_minutes: null,
    categories: ["Red"],
    online_meeting: null,
    recurrence: null,
  });
  expect(event.etag).toMatch(/^W\/".+"$/);
  await sandbox.control(`/events/${event.id}/move`, {});
  const { calendars } = await getCalendars(graph);
  const team = calendars.find(({ is_default }) => !is_default)?.id ?? "";
  const { events } = await listEvents(opened(graph), cursors, query({ calendar_id: team }));
  expect(events.map(({ id, calendar_id }) => ({ id, calendar_id }))).toEqual([{ id: event.id, calendar_id: team }]);
  for (const { request } of requests) {
    expect(request.headers.get("prefer")).toMatch(/^outlook\.timezone="[\w/]+", IdType="ImmutableId"$/);
  }
});

test("an all-day event keeps its days", async () => {
  const { graph, cursors } = await openMailbox();
  const [start, end] = ["2026-11-20", "2026-11-22"].map((day) => ({
    date_time: `${day}T00:00:00`,
    time_zone: "Asia/Tokyo",
  }));
  await createEvent(graph, newEvent({ all_day: true, start, end }));
  const { events } = await listEvents(opened(graph), cursors, query({ time_zone: "America/New_York" }));
  expect(events).toMatchObject([
    { all_day: true, start: { date_time: "2026-11-20T00:00:00" }, end: { date_time: "2026-11-22T00:00:00" } },
  ]);
});

test("an event can be created in another calendar", async () => {
  const { graph, cursors } = await openMailbox();
  const { calendars } = await getCalendars(graph);
  const team = calendars.find(({ is_default }) => !is_default)?.id ?? "";
  const event = await createEvent(graph, newEvent({ calendar_id: team }), { idempotencyKey: "k" });
  expect(event.calendar_id).toBe(team);
  expect((await listEvents(opened(graph), cursors, query())).events).toEqual([]);
  const again = await createEvent(graph, newEvent({ calendar_id: team }), { idempotencyKey: "k" });
  expect(again).toEqual(event);
});

test.each([400, 409])("the same idempotency key gives the same event, where Graph says so with %i", async (status) => {
  const { graph, sandbox, requests, received } = await openMailbox();
  await sandbox.control("/settings", { duplicate_transaction_status: status });
  const key = "order 12 / 'quoted' & more";
  const first = await createEvent(graph, newEvent(), { idempotencyKey: key });
  const again = await createEvent(graph, newEvent(), { idempotencyKey: key });
  expect(again).toEqual(first);
  expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({ transactionId: key });
  expect(received().map((line) => line.split("?")[0])).toEqual([
    "POST /me/events",
    "POST /me/events",
    expect.stringMatching(/^GET \/me\/events\/AAMk/),
  ]);
});

test("the existing event is found by its mark where Graph does not name it", async () => {
  const { graph, sandbox, received } = await openMailbox();
  const first = await createEvent(graph, newEvent(), { idempotencyKey: "k" });
  await createEvent(graph, newEvent({ subject: "Other" }), { idempotencyKey: "other" });
  received();
  await sandbox.control("/faults", {
    method: "POST",
    path: "/v1.0/me/events",
    status: 409,
    body: { error: { code: "ErrorDuplicateTransactionId", message: "used" } },
  });
  expect(await createEvent(graph, newEvent(), { idempotencyKey: "k" })).toEqual(first);
  expect(received()[1]).toContain("$filter=singleValueExtendedProperties/Any(ep: ep/id eq 'String {");
});

test("a key whose event was deleted is a conflict", async () => {
  const { graph } = await openMailbox();
  const { id } = await createEvent(graph, newEvent(), { idempotencyKey: "k" });
  await deleteEvent(graph, id);
  await expect(createEvent(graph, newEvent(), { idempotencyKey: "k" })).rejects.toMatchObject({ code: "conflict" });
});

test.each([undefined, "k"])(
  "a create whose answer is lost still makes one event and answers with it (key %s)",
  async (key) => {
    const { graph, sandbox, cursors } = await openMailbox();
    await sandbox.control("/faults", { method: "POST", path: "/v1.0/me/events", drop: "after" });
    const event = await createEvent(graph, newEvent(), { idempotencyKey: key });
    const { events } = await listEvents(opened(graph), cursors, query({ time_zone: "Europe/Rome" }));
    expect(events).toEqual([event]);
  },
);

test("a create that never arrived is sent again and makes one event", async () => {
  const { graph, sandbox, cursors } = await openMailbox();
  await sandbox.control("/faults", { method: "POST", path: "/v1.0/me/events", status: 503 });
  await sandbox.control("/faults", { method: "POST", path: "/v1.0/me/events", drop: "before" });
  const event = await createEvent(graph, newEvent());
  expect((await listEvents(opened(graph), cursors, query())).events.map(({ id }) => id)).toEqual([event.id]);
});

test("creates without a key are different events", async () => {
  const { graph, cursors } = await openMailbox();
  await createEvent(graph, newEvent());
  await createEvent(graph, newEvent());
  expect((await listEvents(opened(graph), cursors, query())).events).toHaveLength(2);
});

test.each(["", "x".repeat(256), "new\nline", "ключ"])("the key %j is refused before anything is sent", async (key) => {
  const { graph, requests } = await openMailbox();
  await expect(createEvent(graph, newEvent(), { idempotencyKey: key })).rejects.toMatchObject({
    code: "validation_failed",
    extra: { errors: [{ path: "Idempotency-Key" }] },
  });
  expect(requests).toEqual([]);
});

test("an online meeting is made with Teams, and its link is looked for once more", async () => {
  const { graph, requests, received } = await openMailbox();
  const event = await createEvent(graph, newEvent({ online_meeting: true }));
  expect(JSON.parse(requests[0]?.body ?? "")).toMatchObject({
    isOnlineMeeting: true,
    onlineMeetingProvider: "teamsForBusiness",
  });
  expect(event.online_meeting).toMatchObject({ provider: "teams_for_business" });
  expect(received().map((line) => line.split(" ")[0])).toEqual(["POST", "GET"]);
});

test("a second look that fails does not hide the event that was made", async () => {
  const { graph, sandbox } = await openMailbox();
  await sandbox.control("/faults", { method: "GET", path: "/v1.0/me/events/*", status: 404 });
  const event = await createEvent(graph, newEvent({ online_meeting: true }));
  expect(event.online_meeting).toMatchObject({ join_url: null });
});

test("what Graph alone can tell is wrong is the caller's to mend", async () => {
  const { graph, sandbox } = await openMailbox();
  const zone = newEvent();
  await expect(
    createEvent(graph, { ...zone, start: { ...zone.start, time_zone: "Mars/Olympus" } }),
  ).rejects.toMatchObject({ code: "validation_failed", extra: { errors: [{ path: "time_zone" }] } });
  const none = await openMailbox("gus", sandbox);
  await expect(createEvent(none.graph, newEvent())).rejects.toMatchObject({
    code: "provider_error",
    extra: { provider_code: "MailboxNotEnabledForRESTAPI" },
  });
});
