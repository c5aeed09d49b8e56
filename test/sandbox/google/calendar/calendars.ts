import { guidFrom } from "../../ids.ts";
import type { GoogleAccount } from "../accounts.ts";
import { GoogleApiError } from "../api-errors.ts";

/** A calendar on somebody's list. */
export interface Calendar {
  id: string;
  summary: string;
  accessRole: "owner" | "reader";
  primary: boolean;
}

/** The zone of every calendar. */
export const CALENDAR_ZONE = "Europe/Rome";

/** The calendars of an account: its own, a second one that it owns, and one of holidays that it may only read. */
export function calendarsOf({ name, email }: GoogleAccount): Calendar[] {
  const team = `c_${guidFrom(`google-calendar:${name}`).replaceAll("-", "")}@group.calendar.google.com`;
  return [
    { id: email, summary: email, accessRole: "owner", primary: true },
    { id: team, summary: "Team", accessRole: "owner", primary: false },
    {
      id: "en.italian#holiday@group.v.calendar.google.com",
      summary: "Holidays in Italy",
      accessRole: "reader",
      primary: false,
    },
  ];
}

/** The calendar of this id, or `primary`. Throws 404, also for what exists and may not be seen. */
export function findCalendar(account: GoogleAccount, id: string): Calendar {
  const wanted = id.toLowerCase();
  const found = calendarsOf(account).find((calendar) =>
    wanted === "primary" ? calendar.primary : calendar.id.toLowerCase() === wanted,
  );
  if (found === undefined) throw new GoogleApiError(404, "notFound", "Not Found");
  return found;
}

/** Throws 403 for a calendar that may only be read. */
export function requireWriter({ accessRole }: Calendar): void {
  if (accessRole === "owner") return;
  throw new GoogleApiError(403, "requiredAccessLevel", "You need to have writer access to this calendar.", {
    domain: "calendar",
  });
}

/** An entry of `calendarList`. */
export function calendarEntry({ id, summary, accessRole, primary }: Calendar) {
  return {
    kind: "calendar#calendarListEntry",
    etag: `"${guidFrom(id)}"`,
    id,
    summary,
    timeZone: CALENDAR_ZONE,
    colorId: "14",
    backgroundColor: "#9fe1e7",
    foregroundColor: "#000000",
    selected: true,
    accessRole,
    defaultReminders: primary ? DEFAULT_REMINDERS : [],
    ...(primary && { primary }),
  };
}

/** What reminds of events on a primary calendar. */
export const DEFAULT_REMINDERS = [{ method: "popup", minutes: 10 }];
