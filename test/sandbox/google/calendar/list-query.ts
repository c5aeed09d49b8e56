import { badParameter, GoogleApiError } from "../api-errors.ts";
import { EVENT_TYPES } from "./event-input.ts";
import { isZone, readInstant } from "./moments.ts";

/** What a listing of events asks for. Times are in milliseconds. */
export interface ListQuery {
  singleEvents: boolean;
  showDeleted: boolean;
  orderBy: "startTime" | "updated" | null;
  timeMin: number;
  timeMax: number;
  updatedMin: number | null;
  q: string | null;
  iCalUID: string | null;
  eventTypes: readonly string[];
  properties: { kind: "private" | "shared"; name: string; value: string }[];
  zone: string | undefined;
  maxAttendees: number | undefined;
  /** Whether what is listed can be followed by a sync token. */
  syncable: boolean;
}

/** What a sync token cannot be combined with. */
const UNSYNCABLE = ["iCalUID", "orderBy", "privateExtendedProperty", "q", "sharedExtendedProperty", "updatedMin"];
const WITH_TOKEN = [...UNSYNCABLE, "timeMin", "timeMax"];

/** Reads the parameters of a listing. Throws 400. */
export function readListQuery(query: URLSearchParams): ListQuery {
  if (query.has("syncToken")) checkSync(query);
  const singleEvents = flag(query, "singleEvents");
  const timeMin = time(query, "timeMin") ?? -Infinity;
  const timeMax = time(query, "timeMax") ?? Infinity;
  if (timeMin >= timeMax)
    throw new GoogleApiError(400, "timeRangeEmpty", "The specified time range is empty.", { domain: "calendar" });
  return {
    singleEvents,
    showDeleted: flag(query, "showDeleted"),
    orderBy: order(query, singleEvents),
    timeMin,
    timeMax,
    updatedMin: time(query, "updatedMin") ?? null,
    q: query.get("q"),
    iCalUID: query.get("iCalUID"),
    eventTypes: eventTypes(query),
    properties: [...properties(query, "private"), ...properties(query, "shared")],
    zone: zone(query),
    maxAttendees: attendees(query),
    syncable: !UNSYNCABLE.some((name) => query.has(name)),
  };
}

/** The parameters that have to be the same for a sync token as they were when it was given. */
export function syncParameters(query: URLSearchParams): string {
  const kept = ["eventTypes", "maxAttendees", "showHiddenInvitations", "singleEvents", "timeZone"];
  const pairs = kept.flatMap((name) =>
    query
      .getAll(name)
      .toSorted()
      .map((value): [string, string] => [name, value]),
  );
  return new URLSearchParams(pairs).toString();
}

function checkSync(query: URLSearchParams): void {
  const wrong = WITH_TOKEN.find((name) => query.has(name));
  if (wrong !== undefined)
    throw badParameter(wrong, `Sync token cannot be used with other query restrictions: ${wrong}.`, "badRequest");
  if (query.get("showDeleted") === "false")
    throw badParameter("showDeleted", "Sync token cannot be used with showDeleted=false.", "badRequest");
}

function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name) ?? "false";
  if (value === "true" || value === "false") return value === "true";
  throw badParameter(name, `Invalid boolean value: '${value}'.`);
}

// Without an offset nobody knows which instant is meant.
function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name);
  if (text === null) return undefined;
  const at = readInstant(text);
  if (at === undefined) throw badParameter(name, "Bad Request", "badRequest");
  return at;
}

function order(query: URLSearchParams, singleEvents: boolean): ListQuery["orderBy"] {
  const value = query.get("orderBy");
  if (value === null || value === "updated") return value;
  if (value !== "startTime") throw badParameter("orderBy", `Invalid value '${value}' for orderBy.`);
  if (singleEvents) return value;
  const text = "The requested ordering is not available for the particular query.";
  throw badParameter("orderBy", text, "badRequest");
}

function eventTypes(query: URLSearchParams): string[] {
  const asked = query.getAll("eventTypes");
  const known = new Set<string>(EVENT_TYPES);
  if (asked.every((type) => known.has(type))) return asked;
  throw badParameter("eventTypes", "Invalid event type.");
}

function properties(query: URLSearchParams, kind: "private" | "shared"): ListQuery["properties"] {
  const name = `${kind}ExtendedProperty`;
  return query.getAll(name).map((text) => {
    const equals = text.indexOf("=");
    if (equals < 1) throw badParameter(name, "Invalid extended property: expected name=value.");
    return { kind, name: text.slice(0, equals), value: text.slice(equals + 1) };
  });
}

function zone(query: URLSearchParams): string | undefined {
  const name = query.get("timeZone") ?? undefined;
  if (name === undefined || isZone(name)) return name;
  throw badParameter("timeZone", "Invalid time zone.");
}

function attendees(query: URLSearchParams): number | undefined {
  const text = query.get("maxAttendees");
  if (text === null) return undefined;
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw badParameter("maxAttendees", `Invalid integer value: '${text}'.`);
}
