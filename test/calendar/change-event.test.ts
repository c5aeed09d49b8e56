import { expect, test } from "vitest";
import { createEvent } from "../../src/calendar/create-event.ts";
import { deleteEvent } from "../../src/calendar/delete-event.ts";
import type { CalendarEvent } from "../../src/calendar/event.ts";
import { listEvents } from "../../src/calendar/list-events.ts";
import { readEvent } from "../../src/calendar/read-event.ts";
import { updateEvent } from "../../src/calendar/update-event.ts";
import { change, type Mailbox, newEvent, openMailbox, query, opened } from "./mailbox.ts";

async function withEvent(fields: Record<string, unknown> = {}): Promise<Mailbox & { event: CalendarEvent }> {
  const mailbox = await openMailbox();
  const event = await createEvent(mailbox.graph, newEvent(fields));
  mailbox.received();
  return { ...mailbox, event };
}

/** An event whose Teams meeting is there: the stand-in shows it after the second read, and so may Graph. */
async function withMeeting(fields: Record<string, unknown> = {}) {
  const mailbox = await withEvent({
    online_meeting: true,
    body: { content_type: "html", content: "<p>Old</p>" },
    ...fields,
  });
  const event = await readEvent(mailbox.graph, mailbox.event.id, { zone: "UTC" });
  mailbox.received();
  return { ...mailbox, event, joinUrl: event.online_meeting?.join_url ?? "" };
}

test("a change leaves everything else as it was, and answers with the whole event", async () => {
  const { graph, event } = await withEvent({ location: { name: "Room 1" }, categories: ["Red"] });
  const changed = await updateEvent(graph, { id: event.id, patch: change({ subject: "New", location: null }) });
  expect(changed).toMatchObject({ id: event.id, subject: "New", location: null, categories: ["Red"] });
  expect(changed.start).toEqual({ date_time: "2026-11-20T08:00:00", time_zone: "UTC" });
  expect(changed.etag).not.toBe(event.etag);
});

test("a new start is answered in its own zone", async () => {
  const { graph, event } = await withEvent();
  const start = { date_time: "2026-11-20T03:30:00", time_zone: "America/New_York" };
  const changed = await updateEvent(graph, { id: event.id, patch: change({ start }) });
  expect(changed).toMatchObject({ start, end: { date_time: "2026-11-20T04:00:00" } });
});

test("a start alone that passes the end is refused, though only Graph can know", async () => {
  const { graph, event } = await withEvent();
  const start = { date_time: "2026-11-21T09:00:00", time_zone: "Europe/Rome" };
  await expect(updateEvent(graph, { id: event.id, patch: change({ start }) })).rejects.toMatchObject({
    code: "validation_failed",
  });
});

test("an event that changed since it was read is not overwritten", async () => {
  const { graph, sandbox, event, received } = await withEvent();
  const ifMatch = event.etag ?? "";
  await sandbox.control(`/events/${event.id}/touch`, {});
  for (const patch of [change({ subject: "New" }), change({ body: { content: "New" } })]) {
    await expect(updateEvent(graph, { id: event.id, patch, ifMatch })).rejects.toMatchObject({
      code: "precondition_failed",
    });
  }
  await expect(deleteEvent(graph, event.id, { ifMatch })).rejects.toMatchObject({ code: "precondition_failed" });
  expect(received().filter((line) => line.startsWith("PATCH"))).toHaveLength(2);
  await expect(readEvent(graph, event.id, { zone: "UTC" })).resolves.toMatchObject({ subject: "Audit" });
});

test("the etag that was read lets the change through", async () => {
  const { graph, event } = await withEvent();
  const first = await updateEvent(graph, { id: event.id, patch: change({ subject: "1" }), ifMatch: event.etag ?? "" });
  const second = await updateEvent(graph, { id: event.id, patch: change({ subject: "2" }), ifMatch: first.etag ?? "" });
  await expect(deleteEvent(graph, event.id, { ifMatch: second.etag ?? "" })).resolves.toBeUndefined();
});

test.each(["abc", 'W/"a', '"a", "b"', ""])("an If-Match of %j is refused before anything is sent", async (ifMatch) => {
  const { graph, event, received } = await withEvent();
  const wrong = { code: "validation_failed", extra: { errors: [{ path: "If-Match" }] } };
  await expect(updateEvent(graph, { id: event.id, patch: change({ subject: "x" }), ifMatch })).rejects.toMatchObject(
    wrong,
  );
  await expect(deleteEvent(graph, event.id, { ifMatch })).rejects.toMatchObject(wrong);
  expect(received()).toEqual([]);
});

test("a 412 that the caller did not ask for gets one more try", async () => {
  const { graph, sandbox, event } = await withEvent();
  const fault = { method: "PATCH", path: "/v1.0/me/events/*", status: 412 };
  await sandbox.control("/faults", fault);
  await expect(updateEvent(graph, { id: event.id, patch: change({ subject: "New" }) })).resolves.toMatchObject({
    subject: "New",
  });
  await sandbox.control("/faults", { ...fault, times: 2 });
  await expect(updateEvent(graph, { id: event.id, patch: change({ subject: "x" }) })).rejects.toMatchObject({
    code: "precondition_failed",
  });
});

test("a change whose answer is lost is not sent twice", async () => {
  const { graph, sandbox, event, received } = await withEvent();
  await sandbox.control("/faults", { method: "PATCH", drop: "after" });
  await expect(updateEvent(graph, { id: event.id, patch: change({ subject: "New" }) })).rejects.toMatchObject({
    code: "provider_unavailable",
  });
  expect(received()).toHaveLength(1);
});

test("a new description of an online meeting keeps the way to join it", async () => {
  const { graph, event, joinUrl } = await withMeeting();
  expect(joinUrl).toContain("https://teams.microsoft.com/");
  for (const body of [{ content: "1 < 2" }, { content_type: "html", content: "<p>New</p>" }]) {
    const changed = await updateEvent(graph, { id: event.id, patch: change({ body }) });
    expect(changed.online_meeting).toMatchObject({ join_url: joinUrl });
    expect(changed.body.content).toContain(joinUrl);
    expect(changed.body.content).not.toContain("Old");
    expect(changed.body_preview).toContain(body.content === "1 < 2" ? "1 < 2" : "New");
  }
});

test("a description that the caller changed around the link is sent as it is", async () => {
  const { graph, event, joinUrl, requests } = await withMeeting();
  const content = event.body.content.replace("Old", "New");
  const changed = await updateEvent(graph, {
    id: event.id,
    patch: change({ body: { content_type: "html", content } }),
  });
  expect(changed.online_meeting?.join_url).toBe(joinUrl);
  expect(JSON.parse(requests.at(-1)?.body ?? "")).toEqual({ body: { contentType: "html", content } });
});

test("a join link that cannot be kept apart makes the change refused, not the meeting lost", async () => {
  const { graph, event, joinUrl } = await withMeeting();
  const loose = { content_type: "html", content: `<p>Join: ${joinUrl}</p>` };
  await updateEvent(graph, { id: event.id, patch: change({ body: loose }) });
  await expect(updateEvent(graph, { id: event.id, patch: change({ body: { content: "New" } }) })).rejects.toMatchObject(
    {
      code: "validation_failed",
      extra: { errors: [{ path: "body" }] },
    },
  );
});

test("a meeting that changes between reading and writing is merged anew", async () => {
  const { graph, sandbox, event, joinUrl, received } = await withMeeting();
  await sandbox.control("/faults", { method: "PATCH", status: 412 });
  const changed = await updateEvent(graph, { id: event.id, patch: change({ body: { content: "New" } }) });
  expect(changed.online_meeting?.join_url).toBe(joinUrl);
  expect(received().map((line) => line.split(" ")[0])).toEqual(["GET", "PATCH", "GET", "PATCH"]);
});

test("an event becomes an online meeting, and never stops being one", async () => {
  const { graph, event, received, requests } = await withEvent();
  const plain = await updateEvent(graph, { id: event.id, patch: change({ online_meeting: false }) });
  expect(plain.online_meeting).toBeNull();
  expect(received().map((line) => line.split(" ")[0])).toEqual(["GET"]);
  const online = await updateEvent(graph, { id: event.id, patch: change({ online_meeting: true }) });
  expect(online.online_meeting).toMatchObject({ provider: "teams_for_business" });
  await expect(updateEvent(graph, { id: event.id, patch: change({ online_meeting: false }) })).rejects.toMatchObject({
    code: "validation_failed",
    extra: { errors: [{ path: "online_meeting" }] },
  });
  // True once more is no change: the provider of a meeting cannot be set again.
  await updateEvent(graph, { id: event.id, patch: change({ online_meeting: true, subject: "New" }) });
  const last = requests.findLast(({ request }) => request.method === "PATCH");
  expect(JSON.parse(last?.body ?? "")).toEqual({ subject: "New" });
});

test("a change that comes to nothing still holds its condition", async () => {
  const { graph, event } = await withEvent();
  const patch = change({ online_meeting: false });
  await expect(updateEvent(graph, { id: event.id, patch, ifMatch: event.etag ?? "" })).resolves.toMatchObject({
    id: event.id,
  });
  await expect(updateEvent(graph, { id: event.id, patch, ifMatch: 'W/"old"' })).rejects.toMatchObject({
    code: "precondition_failed",
  });
});

test("a recurrence can be given and taken away", async () => {
  const { graph, event } = await withEvent();
  const recurrence = { pattern: { type: "daily", interval: 2 }, range: { type: "no_end", start_date: "2026-11-20" } };
  const series = await updateEvent(graph, { id: event.id, patch: change({ recurrence }) });
  expect(series).toMatchObject({ type: "series_master", recurrence });
  const single = await updateEvent(graph, { id: event.id, patch: change({ recurrence: null }) });
  expect(single).toMatchObject({ type: "single_instance", recurrence: null });
});

test("a deleted event is gone, and not found again", async () => {
  const { graph, cursors, event } = await withEvent();
  await deleteEvent(graph, event.id);
  expect((await listEvents(opened(graph), cursors, query())).events).toEqual([]);
  await expect(deleteEvent(graph, event.id)).rejects.toMatchObject({ code: "not_found" });
  await expect(updateEvent(graph, { id: event.id, patch: change({ subject: "x" }) })).rejects.toMatchObject({
    code: "not_found",
  });
});

test("an event of another mailbox is not found", async () => {
  const { sandbox, event } = await withEvent();
  const { graph } = await openMailbox("bo", sandbox);
  await expect(deleteEvent(graph, event.id)).rejects.toMatchObject({ code: "not_found" });
  await expect(updateEvent(graph, { id: event.id, patch: change({ subject: "x" }) })).rejects.toMatchObject({
    code: "not_found",
  });
});

test.each(["..", ".", "../calendars", "a/../b", "a?b", "a#b", "", "%2e%2e", "x".repeat(2_000)])(
  "what cannot be an id, like %j, is not found without a request",
  async (id) => {
    const { graph, received } = await openMailbox();
    await expect(deleteEvent(graph, id)).rejects.toMatchObject({ code: "not_found" });
    await expect(updateEvent(graph, { id, patch: change({ subject: "x" }) })).rejects.toMatchObject({
      code: "not_found",
    });
    expect(received()).toEqual([]);
  },
);

test("an id that Graph cannot parse is not found either", async () => {
  const { graph } = await openMailbox();
  await expect(deleteEvent(graph, "AAMk/+=")).rejects.toMatchObject({ code: "not_found" });
});
