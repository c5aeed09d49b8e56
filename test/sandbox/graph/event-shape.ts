import { guidFrom } from "../ids.ts";
import type { User } from "../entra/users.ts";
import { eventId } from "./event-ids.ts";
import type { EventFields, Instance, Moment } from "./event-record.ts";
import { hasMeeting } from "./online-meeting.ts";
import type { Preferences } from "./preferences.ts";
import { addressOf } from "./profile.ts";
import { instantOf, wallAt } from "./wall-clock.ts";
import { ianaZone, windowsZone } from "./zones.ts";

/** An event as Graph answers with it. The etag comes along whatever is selected. */
export function eventEntity(owner: User, instance: Instance, preferences: Preferences): Record<string, unknown> {
  const { event, fields, type, date, changeKey } = instance;
  const id = eventId(event, date, preferences.immutableIds);
  const address = { name: owner.displayName, address: addressOf(owner) };
  return {
    "@odata.etag": etagOf(instance),
    id,
    createdDateTime: timestamp(event.createdAt),
    lastModifiedDateTime: timestamp(event.modifiedAt),
    changeKey,
    ...plainFields(fields),
    ...(event.transactionId !== undefined && { transactionId: event.transactionId }),
    originalStartTimeZone: windowsZone(fields.start.timeZone),
    originalEndTimeZone: windowsZone(fields.end.timeZone),
    iCalUId: icalUid(event.uid, date),
    hasAttachments: false,
    bodyPreview: plainText(fields.body).slice(0, 255),
    webLink: `https://outlook.office365.com/owa/?itemid=${encodeURIComponent(id)}&exvsurl=1&path=/calendar/item`,
    isCancelled: false,
    isOrganizer: true,
    isDraft: false,
    type,
    ...occurrenceMembers(instance, preferences),
    recurrence: recurrenceEntity(fields, type),
    responseStatus: { response: "organizer", time: "0001-01-01T00:00:00Z" },
    body: bodyEntity(fields.body, preferences),
    start: momentEntity(fields.start, fields.isAllDay, preferences),
    end: momentEntity(fields.end, fields.isAllDay, preferences),
    location: placeEntity(fields.locations[0] ?? {}),
    locations: fields.locations.map(placeEntity),
    organizer: { emailAddress: address },
    onlineMeetingUrl: null,
    onlineMeeting: hasMeeting(event) ? { joinUrl: event.meeting?.joinUrl } : null,
  };
}

/** The entity tag of an event: weak, and made of its change key. */
export function etagOf({ changeKey }: Instance): string {
  return `W/"${changeKey}"`;
}

/** 2026-11-01T08:00:00.0000000Z: Exchange has seven digits of a second. */
export function timestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, -1)}0000Z`;
}

function plainFields(fields: EventFields): Partial<EventFields> {
  const { start: _start, end: _end, body: _body, locations: _locations, recurrence: _recurrence, ...plain } = fields;
  return plain;
}

function occurrenceMembers({ event, type, date }: Instance, { immutableIds }: Preferences): Record<string, unknown> {
  if (date === undefined) return { seriesMasterId: null };
  const { start } = event.fields;
  const original = instantOf(`${date}${start.dateTime.slice(10)}`, ianaZone(start.timeZone));
  return {
    seriesMasterId: eventId(event, undefined, immutableIds),
    occurrenceId: `OID.${eventId(event, undefined, immutableIds)}.${date}`,
    ...(type === "exception" && { originalStart: timestamp(original) }),
  };
}

// All-day events are reported at midnight in whatever zone is asked for.
function momentEntity({ dateTime, timeZone }: Moment, isAllDay: boolean, { zone }: Preferences): Moment {
  const { name, iana } = zone ?? { name: "UTC", iana: "UTC" };
  const wall = isAllDay ? dateTime : wallAt(instantOf(dateTime, ianaZone(timeZone)), iana);
  return { dateTime: `${wall}.0000000`, timeZone: name };
}

function recurrenceEntity({ recurrence, start }: EventFields, type: Instance["type"]) {
  if (recurrence === null || type !== "seriesMaster") return null;
  const { pattern, range } = recurrence;
  const recurrenceTimeZone = range.recurrenceTimeZone ?? windowsZone(start.timeZone);
  const endDate = range.type === "endDate" ? range.endDate : "0001-01-01";
  const numberOfOccurrences = range.type === "numbered" ? range.numberOfOccurrences : 0;
  return { pattern, range: { ...range, recurrenceTimeZone, endDate, numberOfOccurrences } };
}

function bodyEntity(body: EventFields["body"], { textBody }: Preferences): EventFields["body"] {
  if (textBody) return { contentType: "text", content: plainText(body) };
  if (body.contentType === "html") return body;
  const escaped = body.content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll("\n", "<br>");
  return { contentType: "html", content: `<html><body><div class="PlainText">${escaped}</div></body></html>` };
}

function plainText({ contentType, content }: EventFields["body"]): string {
  if (contentType === "text") return content;
  return content
    .replaceAll(/<[^>]*>/g, "")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&")
    .trim();
}

function placeEntity(place: Record<string, unknown>): Record<string, unknown> {
  const displayName = place["displayName"] ?? "";
  return {
    displayName,
    locationType: "default",
    uniqueId: displayName,
    uniqueIdType: "private",
    address: {},
    coordinates: {},
    ...place,
  };
}

// The same for every copy of one event, different for every occurrence of a series.
function icalUid(uid: string, date = ""): string {
  const hex = guidFrom(`ical:${uid}:${date}`).replaceAll("-", "").toUpperCase();
  return `040000008200E00074C5B7101A82E008${date.replaceAll("-", "").padEnd(8, "0")}${hex}`;
}
