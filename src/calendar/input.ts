/**
 * What callers may write. Unknown fields are refused by name, so that a misspelt or read-only field never seems to have
 * been taken. Parsing gives IANA zones, wall times to the second, and every default filled in.
 */
import * as z from "zod";
import { checkNewEvent, checkPatch } from "./input-rules.ts";
import { RecurrenceInput } from "./recurrence.ts";
import { wallTime } from "./wall-time.ts";
import { ATTENDEE_TYPES, BODY_TYPES, IMPORTANCES, MEETING_PROVIDERS, SENSITIVITIES, SHOW_AS } from "./words.ts";
import { ZoneName } from "./zone-name.ts";

const MAX_TEXT = 255;
const MAX_BODY_CHARS = 32 * 1024;
const MAX_ATTENDEES = 500;
const MAX_CATEGORIES = 25;
// A week is the most that Outlook's own dialogs offer before an event; this is four.
const MAX_REMINDER_MINUTES = 40_320;

/** An id of Graph: base64 in either alphabet. No dots, so that it can never be a path's `..`. */
export const GraphId = z
  .string()
  .max(1_024)
  .regex(/^[\w=+/-]+$/, "expected an id as it was read from this API");

const DateTime = z.string().transform((text, context) => {
  const wall = wallTime(text);
  if (wall !== undefined) return wall;
  context.addIssue({
    code: "custom",
    message: "expected a local time without an offset, such as 2026-11-20T09:00:00; time_zone says the rest",
  });
  return z.NEVER;
});

const MomentInput = z.strictObject({ date_time: DateTime, time_zone: ZoneName });

const AddressLine = z.string().max(MAX_TEXT).nullish();

const LocationInput = z.strictObject({
  name: z.string().min(1).max(MAX_TEXT),
  address: z
    .strictObject({
      street: AddressLine,
      city: AddressLine,
      state: AddressLine,
      postal_code: AddressLine,
      country: AddressLine,
    })
    .nullish(),
  uri: z.string().max(2_048).nullish(),
});

const AttendeeInput = z.strictObject({
  address: z.email("expected an e-mail address").max(320),
  name: z.string().max(MAX_TEXT).nullish(),
  type: z.enum(ATTENDEE_TYPES).default("required"),
});

const FIELDS = {
  subject: z.string().max(MAX_TEXT),
  body: z.strictObject({
    content_type: z.enum(BODY_TYPES).default("text"),
    content: z.string().max(MAX_BODY_CHARS),
  }),
  start: MomentInput,
  end: MomentInput,
  all_day: z.boolean(),
  location: LocationInput.nullable(),
  attendees: z.array(AttendeeInput).max(MAX_ATTENDEES),
  recurrence: RecurrenceInput.nullable(),
  online_meeting: z.boolean(),
  online_meeting_provider: z.enum(MEETING_PROVIDERS).exclude(["unknown"]),
  show_as: z.enum(SHOW_AS),
  sensitivity: z.enum(SENSITIVITIES),
  importance: z.enum(IMPORTANCES),
  reminder_minutes: z.int().min(0).max(MAX_REMINDER_MINUTES).nullable(),
  categories: z.array(z.string().min(1).max(MAX_TEXT)).max(MAX_CATEGORIES),
} as const;

const Fields = z.strictObject(FIELDS).partial();

/** The fields that can be written, each of them optional. */
export type EventFields = z.infer<typeof Fields>;

/** A new event. */
export const EventInput = z
  .strictObject({
    ...Fields.shape,
    ...z.strictObject(FIELDS).pick({ subject: true, start: true, end: true }).shape,
    calendar_id: GraphId.optional(),
  })
  .superRefine(checkNewEvent);

/** A new event. */
export type EventInput = z.infer<typeof EventInput>;

/** A change of an event: what is absent stays as it is. `null` takes a location, recurrence or reminder away. */
export const EventPatch = Fields.superRefine(checkPatch);

/** A change of an event. */
export type EventPatch = z.infer<typeof EventPatch>;
