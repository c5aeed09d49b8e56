/** What all requests for calendars and events have in common. */
import type { EventInput } from "./input.ts";
import { failure } from "../lib/errors.ts";
import { GraphId } from "./input.ts";

/** What reading needs. */
export const READ = ["Calendars.Read"] as const;
/** What writing needs. */
export const WRITE = ["Calendars.ReadWrite"] as const;

/** The zone of every answer for which the caller named none. */
export const DEFAULT_ZONE = "UTC";

/**
 * Headers for answers in `zone` (IANA), with ids that survive a move between folders. Both go with every request: an id
 * read without the second preference is another one than an id read with it. The zone is never left to the mailbox,
 * which may hold one that has no name (`tzone://Microsoft/Custom`).
 */
export function prefer(zone: string): Record<string, string> {
  return { prefer: `outlook.timezone="${zone}", IdType="ImmutableId"` };
}

/** The path of a calendar's events; without an id, of the default calendar's. */
export function eventsPath(calendarId: EventInput["calendar_id"]): string {
  return calendarId === undefined ? "/me/events" : `/me/calendars/${encodeURIComponent(calendarId)}/events`;
}

/** The path of one event. Failure: `not_found` for what cannot be an id, before anything is sent. */
export function eventPath(id: string): string {
  if (!GraphId.safeParse(id).success) throw failure("not_found", "There is no such event.");
  return `/me/events/${encodeURIComponent(id)}`;
}

/** The headers of a write that counts only while the event is as the caller read it. Failure: `validation_failed`. */
export function ifMatchHeader(etag: string | undefined): Record<string, string> {
  if (etag === undefined) return {};
  // RFC 9110 section 13.1.1; lists of tags are not of use here.
  if (/^(\*|(W\/)?"[\x21\x23-\x7e]*")$/.test(etag)) return { "if-match": etag };
  const message = 'expected the etag of the event, such as W/"abc"';
  throw failure("validation_failed", "The header If-Match is not valid.", {
    extra: { errors: [{ path: "If-Match", message }] },
  });
}
