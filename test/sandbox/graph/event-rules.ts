import { GraphError, propertyValidation } from "./errors.ts";
import type { EventFields, StoredEvent } from "./event-record.ts";
import { neighbours } from "./instances.ts";
import { checkRecurrence } from "./recurrence.ts";
import { DAY_MS, instantOf, naiveMs } from "./wall-clock.ts";
import { ianaZone } from "./zones.ts";

const MOST_ATTENDEES = 500;
const LONGEST_SUBJECT = 255;

/** Exchange's defaults of what a create leaves out. */
export const EVENT_DEFAULTS: Omit<EventFields, "start" | "end"> = {
  subject: "",
  body: { contentType: "html", content: "" },
  isAllDay: false,
  locations: [],
  attendees: [],
  recurrence: null,
  isReminderOn: true,
  reminderMinutesBeforeStart: 15,
  responseRequested: true,
  sensitivity: "normal",
  showAs: "busy",
  importance: "normal",
  categories: [],
  hideAttendees: false,
  allowNewTimeProposals: true,
  isOnlineMeeting: false,
  onlineMeetingProvider: "unknown",
};

/** Throws 400 when the properties of an event do not go together. */
export function checkEvent(fields: EventFields): void {
  const { subject, start, end, isAllDay, attendees, recurrence } = fields;
  const startMs = instantOf(start.dateTime, ianaZone(start.timeZone));
  const endMs = instantOf(end.dateTime, ianaZone(end.timeZone));
  if (endMs < startMs) throw propertyValidation("End must not be before Start.");
  if (isAllDay) checkAllDay(fields);
  if (subject.length > LONGEST_SUBJECT) throw propertyValidation("Subject is longer than 255 characters.");
  if (attendees.length > MOST_ATTENDEES)
    throw new GraphError(400, "ErrorInvalidRequest", "The number of attendees exceeds the limit of 500.");
  if (recurrence !== null) checkRecurrence(recurrence, start.dateTime.slice(0, 10));
}

/** Throws 400 when a changed occurrence would reach or pass the one before or after it. */
export function checkOccurrenceMove(event: StoredEvent, date: string, fields: EventFields): void {
  const startMs = instantOf(fields.start.dateTime, ianaZone(fields.start.timeZone));
  const crossed = neighbours(event, date).some((other) =>
    (other.date ?? "") < date ? startMs <= other.startMs : startMs >= other.startMs,
  );
  if (crossed) {
    throw new GraphError(
      400,
      "ErrorOccurrenceCrossingBoundary",
      "Modified occurrence is crossing or overlapping adjacent occurrence.",
    );
  }
}

function checkAllDay({ start, end }: EventFields): void {
  const atMidnight = [start, end].every(({ dateTime }) => dateTime.endsWith("T00:00:00"));
  const sameZone = start.timeZone === end.timeZone;
  const longEnough = naiveMs(end.dateTime) - naiveMs(start.dateTime) >= DAY_MS;
  if (atMidnight && sameZone && longEnough) return;
  throw propertyValidation(
    "The Event.Start and Event.End of an all-day event must be set to midnight and be in the same time zone, a day or more apart.",
  );
}
