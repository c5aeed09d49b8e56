import type { World } from "../../world.ts";
import type { GoogleAccount } from "../accounts.ts";
import { GoogleApiError } from "../api-errors.ts";
import type { Calendar } from "./calendars.ts";
import { etagOf, storedEvent, type StoredEvent } from "./event-record.ts";
import { occurrenceWithId } from "./occurrences.ts";

/** A calendar of somebody's. */
export interface Place {
  account: GoogleAccount;
  calendar: Calendar;
}

/** The event of this id, deleted or not; an instance of a series need not be kept to be found. Throws 404. */
export function findEvent(world: World, { account, calendar }: Place, id: string): StoredEvent {
  const stored = storedEvent(world, account, calendar, id);
  const seriesId = id.slice(0, id.lastIndexOf("_"));
  const series = id.includes("_") ? storedEvent(world, account, calendar, seriesId) : undefined;
  if (stored !== undefined) return series?.cancelled === true ? { ...stored, cancelled: true } : stored;
  const instance = series?.recurrence ? occurrenceWithId(series, id) : undefined;
  if (instance === undefined) throw new GoogleApiError(404, "notFound", "Not Found");
  return instance;
}

/** Throws 412 when the request wants another version than this. */
export function checkMatch(event: StoredEvent, wanted: string | undefined): void {
  if (wanted === undefined || wanted === "*") return;
  if (wanted.split(",").some((etag) => etag.trim() === etagOf(event))) return;
  const location = { type: "header", name: "If-Match" } as const;
  throw new GoogleApiError(412, "conditionNotMet", "Precondition Failed", { location });
}
