import * as z from "zod";
import { bodyOf } from "../../bodies.ts";
import { GoogleApiError } from "../api-errors.ts";
import type { EventFields, StoredEvent } from "./event-record.ts";
import { instant, readMoment } from "./moments.ts";
import { checkRecurrence } from "./occurrences.ts";

/** The members that a client may write; all others are dropped without a word. */
const WRITABLE = new Set([
  "anyoneCanAddSelf",
  "attachments",
  "attendees",
  "colorId",
  "conferenceData",
  "description",
  "end",
  "eventType",
  "extendedProperties",
  "guestsCanInviteOthers",
  "guestsCanModify",
  "guestsCanSeeOtherGuests",
  "location",
  "recurrence",
  "reminders",
  "source",
  "start",
  "status",
  "summary",
  "transparency",
  "visibility",
]);
/** The members that belong to everybody's own copy of an event. */
const OWN = new Set(["attendees", "colorId", "extendedProperties", "reminders", "transparency", "visibility"]);

export const EVENT_TYPES = ["default", "focusTime", "outOfOffice", "workingLocation", "birthday", "fromGmail"] as const;

const schema = z.object({
  attendees: z.array(z.looseObject({ email: z.string().optional() })).optional(),
  recurrence: z.array(z.string()).optional(),
  status: z.enum(["confirmed", "tentative", "cancelled"]).optional(),
  transparency: z.enum(["opaque", "transparent"]).optional(),
  visibility: z.enum(["default", "public", "private", "confidential"]).optional(),
  eventType: z.enum(EVENT_TYPES).optional(),
});

/** The JSON object of a request's body. Throws 400. */
export function readEventBody(request: Request): EventFields {
  const parsed = parse(bodyOf(request));
  if (typeof parsed !== "object" || parsed === null || Array.isArray(parsed))
    throw new GoogleApiError(400, "parseError", "Parse Error");
  return parsed as EventFields;
}

/** What of a body may be written. Conference data counts only for those who know of its version. */
export function writableFields(body: EventFields, query: URLSearchParams): EventFields {
  const knowsConferences = query.get("conferenceDataVersion") === "1";
  const kept = Object.entries(body).filter(
    ([name]) => WRITABLE.has(name) && (name !== "conferenceData" || knowsConferences),
  );
  return Object.fromEntries(kept);
}

/** A patch: objects are merged, arrays replaced whole, and null takes away. */
export function merged(fields: EventFields, change: EventFields): EventFields {
  const result = { ...fields };
  for (const [name, value] of Object.entries(change)) {
    const before = result[name];
    result[name] = isObject(before) && isObject(value) ? merged(before, value) : value;
  }
  return Object.fromEntries(Object.entries(result).filter(([, value]) => value !== null));
}

/** What is kept of an event's fields, once they make sense. Throws 400. */
export function checkedFields(fields: EventFields): Pick<StoredEvent, "fields" | "start" | "end" | "recurrence"> {
  const parsed = schema.safeParse(fields);
  if (!parsed.success) {
    const name = String(parsed.error.issues[0]?.path[0] ?? "body");
    throw new GoogleApiError(400, "invalid", `Invalid value for: ${name}`);
  }
  const { attendees = [], recurrence = [] } = parsed.data;
  if (attendees.some(({ email }) => email === undefined || !email.includes("@")))
    throw new GoogleApiError(400, "required", "Missing attendee email.");
  const recurs = recurrence.length > 0;
  const start = readMoment(fields["start"], "start", recurs);
  const end = readMoment(fields["end"], "end", recurs);
  if ("date" in start !== "date" in end) throw new GoogleApiError(400, "invalid", "Invalid start time.");
  // The end of whole days is exclusive: one that equals the start leaves none.
  const empty = "date" in start ? instant(end) <= instant(start) : instant(end) < instant(start);
  if (empty) throw new GoogleApiError(400, "timeRangeEmpty", "The specified time range is empty.", CALENDAR);
  checkRecurrence(recurrence, start);
  return { fields, start, end, recurrence: recurs ? recurrence : null };
}

const CALENDAR = { domain: "calendar" };

/** The id that a client chose for its event. Throws 400 for anything but base32hex. */
export function chosenId(body: EventFields): string | undefined {
  const id = body["id"];
  if (id === undefined || id === null || id === "") return undefined;
  if (typeof id === "string" && /^[a-v0-9]{5,1024}$/.test(id)) return id;
  throw new GoogleApiError(400, "invalid", "Invalid resource id value.");
}

/** Throws 403 when somebody changes of another's meeting what belongs to all. */
export function checkOrganizer(event: StoredEvent, change: EventFields, email: string): void {
  if (event.organizer === email || event.fields["guestsCanModify"] === true) return;
  const shared = Object.keys(change).some((name) => !OWN.has(name) && isOther(change[name], event.fields[name]));
  if (!shared) return;
  const text = "Shared properties can only be changed by the organizer of the event.";
  throw new GoogleApiError(403, "forbiddenForNonOrganizer", text, CALENDAR);
}

function isOther(value: unknown, before: unknown): boolean {
  return JSON.stringify(value) !== JSON.stringify(before);
}

function isObject(value: unknown): value is EventFields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
