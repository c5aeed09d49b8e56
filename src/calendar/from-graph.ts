/** Graph's event in our shape. No I/O. */
import { rfc3339 } from "../lib/clock.ts";
import { failure } from "../lib/errors.ts";
import type { Attendee, CalendarEvent, Location, Mailbox, Moment, OnlineMeeting } from "./event.ts";
import { recurrenceFromGraph } from "./recurrence-graph.ts";
import { wallTime } from "./wall-time.ts";
import { WireEvent } from "./wire.ts";
import {
  ATTENDEE_TYPES,
  BODY_TYPES,
  EVENT_TYPES,
  fromCamel,
  IMPORTANCES,
  MEETING_PROVIDERS,
  RESPONSES,
  SENSITIVITIES,
  SHOW_AS,
} from "./words.ts";
import { toIana } from "./zones.ts";

/** The event in a value that Graph answered. `calendarId`: where the request named one. Failure: `provider_error`. */
export function eventFromGraph(value: unknown, calendarId?: string): CalendarEvent {
  const { data: wire, error } = WireEvent.safeParse(value);
  if (wire === undefined) throw unreadable("an event", error);
  return {
    id: wire.id,
    etag: wire["@odata.etag"] ?? null,
    calendar_id: calendarId ?? null,
    ...contentOf(wire),
    start: momentOf(wire.start),
    end: momentOf(wire.end),
    all_day: wire.isAllDay ?? false,
    location: locationOf(wire.location),
    attendees: (wire.attendees ?? []).map(attendeeOf),
    organizer: mailboxOf(wire.organizer?.emailAddress),
    is_organizer: wire.isOrganizer ?? false,
    response: fromCamel(wire.responseStatus?.response, RESPONSES, "none"),
    recurrence: wire.recurrence ? recurrenceFromGraph(wire.recurrence) : null,
    series_id: wire.seriesMasterId ?? null,
    original_start: instantText(wire.originalStart),
    online_meeting: onlineMeetingOf(wire),
    reminder_minutes: wire.isReminderOn ? (wire.reminderMinutesBeforeStart ?? null) : null,
    created_at: instantText(wire.createdDateTime),
    updated_at: instantText(wire.lastModifiedDateTime),
  };
}

function contentOf(wire: WireEvent) {
  return {
    type: fromCamel(wire.type, EVENT_TYPES, "single_instance"),
    subject: wire.subject ?? "",
    body: {
      content_type: fromCamel(wire.body?.contentType?.toLowerCase(), BODY_TYPES, "text"),
      content: wire.body?.content ?? "",
    },
    body_preview: wire.bodyPreview ?? "",
    show_as: fromCamel(wire.showAs, SHOW_AS, "unknown"),
    sensitivity: fromCamel(wire.sensitivity, SENSITIVITIES, "normal"),
    importance: fromCamel(wire.importance, IMPORTANCES, "normal"),
    categories: wire.categories ?? [],
    web_link: wire.webLink ?? null,
    is_cancelled: wire.isCancelled ?? false,
  };
}

/** Every request names the zone that it wants, so a zone that cannot be named is Graph breaking its word. */
function momentOf(wire: WireEvent["start"]): Moment {
  const date_time = wallTime(wire.dateTime);
  const time_zone = toIana(wire.timeZone);
  if (date_time !== undefined && time_zone !== undefined) return { date_time, time_zone };
  throw unreadable(`the time ${wire.dateTime} in the zone ${wire.timeZone}`);
}

function attendeeOf(wire: NonNullable<WireEvent["attendees"]>[number]): Attendee {
  return {
    address: wire.emailAddress?.address ?? "",
    name: wire.emailAddress?.name ?? null,
    type: fromCamel(wire.type, ATTENDEE_TYPES, "required"),
    response: fromCamel(wire.status?.response, RESPONSES, "none"),
    responded_at: instantText(wire.status?.time),
  };
}

/** A mailbox, or null where there is no address. */
export function mailboxOf(
  wire: { address?: string | null | undefined; name?: string | null | undefined } | null | undefined,
): Mailbox | null {
  return wire?.address ? { address: wire.address, name: wire.name ?? null } : null;
}

/** Graph answers with an empty location where there is none. */
function locationOf(wire: WireEvent["location"]): Location | null {
  if (!wire?.displayName && !wire?.locationUri) return null;
  const { street, city, state, postalCode, countryOrRegion } = wire.address ?? {};
  const hasAddress = [street, city, state, postalCode, countryOrRegion].some(Boolean);
  const address = {
    street: street ?? null,
    city: city ?? null,
    state: state ?? null,
    postal_code: postalCode ?? null,
    country: countryOrRegion ?? null,
  };
  return { name: wire.displayName ?? "", address: hasAddress ? address : null, uri: wire.locationUri ?? null };
}

function onlineMeetingOf(wire: WireEvent): OnlineMeeting | null {
  const meeting = wire.onlineMeeting;
  if (!wire.isOnlineMeeting && !meeting) return null;
  return {
    join_url: meeting?.joinUrl ?? wire.onlineMeetingUrl ?? null,
    provider: fromCamel(wire.onlineMeetingProvider, MEETING_PROVIDERS, "unknown"),
    conference_id: meeting?.conferenceId ?? null,
    toll_number: meeting?.tollNumber ?? null,
  };
}

/** Graph writes "never" as the year 1. */
function instantText(text: string | null | undefined): string | null {
  const at = text && /(Z|[+-]\d{2}:\d{2})$/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(at) || at < 0 ? null : rfc3339(at);
}

function unreadable(what: string, cause?: unknown): Error {
  return failure("provider_error", "Microsoft Graph sent an event that cannot be read.", {
    reason: `cannot read ${what}`,
    cause,
  });
}
