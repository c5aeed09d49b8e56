/**
 * Graph's event and calendar as they come (https://learn.microsoft.com/graph/api/resources/event). Only what an event
 * cannot do without is required: Graph leaves members out or sends null where we would not expect it.
 */
import * as z from "zod";
import { WireRecurrence } from "./recurrence-graph.ts";

const text = z.string().nullish();
const flag = z.boolean().nullish();

const EmailAddress = z.object({ address: text, name: text }).nullish();
const ResponseStatus = z.object({ response: text, time: text }).nullish();

/** Graph's dateTimeTimeZone. */
const WireMoment = z.object({ dateTime: z.string(), timeZone: z.string() });

/** Graph's event. */
export const WireEvent = z.object({
  id: z.string(),
  "@odata.etag": text,
  type: text,
  subject: text,
  body: z.object({ contentType: text, content: text }).nullish(),
  bodyPreview: text,
  start: WireMoment,
  end: WireMoment,
  isAllDay: flag,
  location: z
    .object({
      displayName: text,
      locationUri: text,
      address: z.object({ street: text, city: text, state: text, postalCode: text, countryOrRegion: text }).nullish(),
    })
    .nullish(),
  attendees: z.array(z.object({ type: text, status: ResponseStatus, emailAddress: EmailAddress })).nullish(),
  organizer: z.object({ emailAddress: EmailAddress }).nullish(),
  isOrganizer: flag,
  responseStatus: ResponseStatus,
  recurrence: WireRecurrence.nullish(),
  seriesMasterId: text,
  originalStart: text,
  isOnlineMeeting: flag,
  onlineMeetingProvider: text,
  onlineMeetingUrl: text,
  onlineMeeting: z.object({ joinUrl: text, conferenceId: text, tollNumber: text }).nullish(),
  showAs: text,
  sensitivity: text,
  importance: text,
  isReminderOn: flag,
  reminderMinutesBeforeStart: z.number().nullish(),
  categories: z.array(z.string()).nullish(),
  webLink: text,
  isCancelled: flag,
  createdDateTime: text,
  lastModifiedDateTime: text,
});

/** Graph's event. */
export type WireEvent = z.infer<typeof WireEvent>;

/** What to `$select`: exactly what is read. The etag comes by itself and cannot be selected. */
export const EVENT_FIELDS = Object.keys(WireEvent.shape)
  .filter((name) => !name.startsWith("@"))
  .join(",");

/** Graph's calendar. */
export const WireCalendar = z.object({
  id: z.string(),
  name: text,
  color: text,
  hexColor: text,
  isDefaultCalendar: flag,
  canEdit: flag,
  canShare: flag,
  owner: EmailAddress,
  allowedOnlineMeetingProviders: z.array(z.string()).nullish(),
  defaultOnlineMeetingProvider: text,
});

/** Graph's calendar. */
export type WireCalendar = z.infer<typeof WireCalendar>;
