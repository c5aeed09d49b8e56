/** An event of ours as Graph takes it. No I/O. */
import type { EventFields, EventInput } from "./input.ts";
import { recurrenceToGraph } from "./recurrence-graph.ts";
import { toCamel } from "./words.ts";

/** A body that Graph is sent. */
export type GraphFields = Readonly<Record<string, unknown>>;

/** A new event. A provider is always named, because the mailbox's default may be none. */
export function newEventToGraph(input: EventInput): GraphFields {
  return { ...fieldsToGraph(input), ...(input.online_meeting === true ? onlineMeetingToGraph(input) : {}) };
}

/** The members that turn an event into an online meeting. There is no way back: Graph ignores `false`. */
export function onlineMeetingToGraph({ online_meeting_provider = "teams_for_business" }: EventFields): GraphFields {
  return { isOnlineMeeting: true, onlineMeetingProvider: toCamel(online_meeting_provider) };
}

/** Everything but the online meeting. Fields that are absent stay absent. */
export function fieldsToGraph(fields: EventFields): GraphFields {
  const { body, start, end, location, attendees, show_as } = fields;
  const mapped = {
    subject: fields.subject,
    body: body && bodyToGraph(body),
    start: start && { dateTime: start.date_time, timeZone: start.time_zone },
    end: end && { dateTime: end.date_time, timeZone: end.time_zone },
    isAllDay: fields.all_day,
    location: location === undefined ? undefined : locationToGraph(location),
    attendees: attendees?.map(({ address, name, type }) => ({
      type,
      emailAddress: { address, name: name ?? address },
    })),
    recurrence: recurrenceMember(fields),
    showAs: show_as && toCamel(show_as),
    sensitivity: fields.sensitivity,
    importance: fields.importance,
    categories: fields.categories,
    ...reminderToGraph(fields.reminder_minutes),
  };
  return Object.fromEntries(Object.entries(mapped).filter(([, value]) => value !== undefined));
}

/** A body as Graph takes it. */
function bodyToGraph({ content_type, content }: NonNullable<EventFields["body"]>): GraphFields {
  return { contentType: content_type, content };
}

function recurrenceMember({ recurrence, start }: EventFields): unknown {
  return recurrence ? recurrenceToGraph(recurrence, start?.date_time.slice(0, 10) ?? "") : recurrence;
}

function locationToGraph(location: NonNullable<EventFields["location"]> | null): GraphFields {
  // An empty name is how Graph itself shows that there is no location; it refuses null.
  if (location === null) return { displayName: "" };
  const { street, city, state, postal_code, country } = location.address ?? {};
  return {
    displayName: location.name,
    ...(location.uri ? { locationUri: location.uri } : {}),
    ...(location.address
      ? { address: { street, city, state, postalCode: postal_code, countryOrRegion: country } }
      : {}),
  };
}

function reminderToGraph(minutes: number | null | undefined): GraphFields {
  if (minutes === undefined) return {};
  return minutes === null ? { isReminderOn: false } : { isReminderOn: true, reminderMinutesBeforeStart: minutes };
}
