import * as z from "zod";
import { GraphError, propertyValidation } from "./errors.ts";
import type { EventFields, ExtendedProperty, Moment } from "./event-record.ts";
import { recurrenceSchema } from "./recurrence.ts";
import { naiveMs, wallAt, wallOf } from "./wall-clock.ts";
import { ianaZone } from "./zones.ts";

const moment = z.strictObject({ dateTime: z.string(), timeZone: z.string().default("UTC") });
const place = z.record(z.string(), z.unknown());
const attendee = z.strictObject({
  emailAddress: z.strictObject({ address: z.string().optional(), name: z.string().nullish() }),
  type: z.enum(["required", "optional", "resource"]).default("required"),
  status: z.unknown().optional(),
  proposedNewTime: z.unknown().optional(),
});
const properties = z.array(z.strictObject({ id: z.string(), value: z.string() }));

/** Everything that a client may write, and nothing more. */
const inputSchema = z.strictObject({
  subject: z.string().nullish(),
  body: z.strictObject({ contentType: z.string().default("text"), content: z.string().nullish() }).nullish(),
  start: moment.optional(),
  end: moment.optional(),
  isAllDay: z.boolean().optional(),
  location: place.nullish(),
  locations: z.array(place).optional(),
  attendees: z.array(attendee).optional(),
  recurrence: recurrenceSchema.nullish(),
  isReminderOn: z.boolean().optional(),
  reminderMinutesBeforeStart: z.number().int().optional(),
  responseRequested: z.boolean().optional(),
  sensitivity: z.enum(["normal", "personal", "private", "confidential"]).optional(),
  showAs: z.enum(["free", "tentative", "busy", "oof", "workingElsewhere", "unknown"]).optional(),
  importance: z.enum(["low", "normal", "high"]).optional(),
  categories: z.array(z.string()).optional(),
  hideAttendees: z.boolean().optional(),
  allowNewTimeProposals: z.boolean().optional(),
  isOnlineMeeting: z.boolean().optional(),
  onlineMeetingProvider: z.enum(["unknown", "teamsForBusiness", "skypeForBusiness", "skypeForConsumer"]).optional(),
  transactionId: z.string().nullish(),
  singleValueExtendedProperties: properties.optional(),
});

/** Members that Graph itself writes; it does not mind them in a body. */
const READ_ONLY = new Set([
  "id",
  "changeKey",
  "createdDateTime",
  "lastModifiedDateTime",
  "iCalUId",
  "organizer",
  "isOrganizer",
  "responseStatus",
  "type",
  "seriesMasterId",
  "originalStart",
  "originalStartTimeZone",
  "originalEndTimeZone",
  "isCancelled",
  "isDraft",
  "hasAttachments",
  "bodyPreview",
  "webLink",
  "onlineMeeting",
  "onlineMeetingUrl",
]);

/** What a body changes of an event. */
export interface EventInput {
  fields: Partial<EventFields>;
  properties?: ExtendedProperty[];
  transactionId?: string;
}

/** Reads the body of a create or an update. Throws 400 RequestBodyRead on what is no property of an event. */
export function readEventInput(body: string): EventInput {
  const writable = Object.entries(parseObject(body)).filter(([name]) => !READ_ONLY.has(name) && !name.startsWith("@"));
  const parsed = inputSchema.safeParse(Object.fromEntries(writable));
  if (!parsed.success) throw unreadable(parsed.error);
  const { transactionId, singleValueExtendedProperties, ...input } = parsed.data;
  return {
    fields: defined(fieldsOf(input)),
    ...(singleValueExtendedProperties !== undefined && { properties: singleValueExtendedProperties }),
    ...(typeof transactionId === "string" && { transactionId }),
  };
}

type Input = Omit<z.infer<typeof inputSchema>, "transactionId" | "singleValueExtendedProperties">;

function fieldsOf({ subject, body, start, end, location, locations, attendees, recurrence, ...rest }: Input) {
  const places = location === null ? [] : location && [location];
  return {
    ...rest,
    subject: subject === null ? "" : subject,
    body: body === undefined ? undefined : bodyOf(body),
    start: start && wallMoment(start),
    end: end && wallMoment(end),
    locations: places ?? locations,
    attendees: attendees?.map(({ emailAddress, type }) => ({
      type,
      status: NO_RESPONSE,
      emailAddress: address(emailAddress),
    })),
    recurrence,
  };
}

const NO_RESPONSE = { response: "none", time: "0001-01-01T00:00:00Z" };

function address({ address: mail, name }: { address?: string | undefined; name?: string | null | undefined }) {
  if (mail === undefined || !/^[^@\s]+@[^@\s]+$/.test(mail))
    throw propertyValidation("An attendee's address is not valid.");
  return { name: name ?? mail, address: mail };
}

function bodyOf(body: { contentType: string; content?: string | null | undefined } | null): EventFields["body"] {
  const contentType = body?.contentType.toLowerCase() ?? "text";
  if (contentType !== "text" && contentType !== "html")
    throw new GraphError(400, "RequestBodyRead", "Cannot convert the value to 'microsoft.graph.bodyType'.");
  return { contentType, content: body?.content ?? "" };
}

// A wall time may carry an offset, which then says the instant; fractions of a second are dropped.
function wallMoment({ dateTime, timeZone }: Moment): Moment {
  const iana = ianaZone(timeZone);
  const match = /^(\d{4}-\d{2}-\d{2})(?:T(\d{2}:\d{2})(:\d{2})?(?:\.\d+)?(Z|[+-]\d{2}:\d{2})?)?$/.exec(dateTime);
  const [, date, minutes = "00:00", seconds = ":00", offset] = match ?? [];
  const wall = `${date}T${minutes}${seconds}`;
  if (Number.isNaN(naiveMs(wall)) || wallOf(naiveMs(wall)) !== wall)
    throw propertyValidation(`The value '${dateTime}' is not a valid DateTime.`);
  return { dateTime: offset === undefined ? wall : wallAt(Date.parse(`${wall}${offset}`), iana), timeZone };
}

function parseObject(body: string): Record<string, unknown> {
  try {
    return z.record(z.string(), z.unknown()).parse(JSON.parse(body));
  } catch {
    const message =
      "Unable to read JSON request payload. Please ensure Content-Type header is set and payload is of valid JSON format.";
    throw new GraphError(400, "BadRequest", message);
  }
}

function unreadable(error: z.ZodError): GraphError {
  const [issue] = error.issues;
  const path = issue?.path.join(".") ?? "";
  const message =
    issue?.code === "unrecognized_keys"
      ? `The property '${issue.keys[0]}' does not exist on type 'microsoft.graph.event'. Make sure to only use property names that are defined by the type.`
      : `Cannot read the value of the property '${path}': ${issue?.message}`;
  return new GraphError(400, "RequestBodyRead", message);
}

function defined(fields: Record<string, unknown>): Partial<EventFields> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
