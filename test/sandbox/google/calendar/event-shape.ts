import { guidFrom, pack } from "../../ids.ts";
import type { World } from "../../world.ts";
import { etagOf, type StoredEvent } from "./event-record.ts";
import type { Place } from "./event-lookup.ts";
import { shownMoment } from "./moments.ts";

/** How an answer shows events. */
export interface View {
  zone?: string | undefined;
  maxAttendees?: number | undefined;
}

type Attendee = { email: string } & Record<string, unknown>;

/** An event as answers carry it. */
export function eventResource(world: World, { account, calendar }: Place, event: StoredEvent, view: View = {}) {
  const { attendees, conferenceData, ...fields } = event.fields;
  const person = (email: string) => ({ email, ...(email === account.email && { self: true }) });
  return {
    kind: "calendar#event",
    etag: etagOf(event),
    id: event.id,
    htmlLink: `https://www.google.com/calendar/event?eid=${pack([event.id, calendar.id])}`,
    created: new Date(event.createdAt).toISOString(),
    updated: new Date(event.updatedAt).toISOString(),
    ...fields,
    status: event.cancelled ? "cancelled" : (fields["status"] ?? "confirmed"),
    creator: person(event.creator),
    organizer: person(event.organizer),
    start: shownMoment(event.start, view.zone),
    end: shownMoment(event.end, view.zone),
    ...instanceMembers(event, view),
    iCalUID: `${event.instanceOf?.id ?? event.id}@google.com`,
    sequence: event.sequence,
    ...shownAttendees(attendees as Attendee[] | undefined, event, account.email, view.maxAttendees),
    ...shownConference(world, conferenceData, event.id),
    reminders: fields["reminders"] ?? { useDefault: true },
    eventType: fields["eventType"] ?? "default",
  };
}

/** What is left of a deleted event: no more than Google promises. */
export function tombstone(event: StoredEvent, view: View = {}) {
  const base = { kind: "calendar#event", etag: etagOf(event), id: event.id, status: "cancelled" };
  return { ...base, ...instanceMembers(event, view) };
}

function instanceMembers({ instanceOf }: StoredEvent, { zone }: View) {
  if (instanceOf === null) return {};
  return { recurringEventId: instanceOf.id, originalStartTime: shownMoment(instanceOf.originalStart, zone) };
}

function shownAttendees(attendees: Attendee[] | undefined, event: StoredEvent, own: string, most = Infinity) {
  if (attendees === undefined || attendees.length === 0) return {};
  const all = attendees.map(({ email, ...rest }) => ({
    email,
    ...(email === event.organizer && { organizer: true }),
    ...(email === own && { self: true }),
    responseStatus: "needsAction",
    ...rest,
  }));
  if (all.length <= most) return { attendees: all };
  return { attendees: all.filter(({ email }) => email === own), attendeesOmitted: true };
}

// A conference may be made later than its event.
function shownConference(world: World, data: unknown, id: string) {
  if (typeof data !== "object" || data === null) return {};
  const { createRequest: asked } = data as { createRequest?: Record<string, unknown> };
  if (asked === undefined) return { conferenceData: data };
  const pending = world.settings().google_conference_pending;
  const createRequest = { ...asked, status: { statusCode: pending ? "pending" : "success" } };
  if (pending) return { conferenceData: { createRequest } };
  const code = guidFrom(`meet:${id}`).replaceAll(/[\d-]/g, "x");
  const conferenceId = `${code.slice(0, 3)}-${code.slice(3, 7)}-${code.slice(7, 10)}`;
  const uri = `https://meet.google.com/${conferenceId}`;
  const entryPoints = [{ entryPointType: "video", uri, label: uri.slice(8) }];
  const conferenceSolution = { key: { type: "hangoutsMeet" }, name: "Google Meet" };
  return { hangoutLink: uri, conferenceData: { createRequest, entryPoints, conferenceSolution, conferenceId } };
}
