import { DAY_MS } from "../../graph/wall-clock.ts";
import { guidFrom } from "../../ids.ts";
import type { World } from "../../world.ts";
import { GoogleApiError } from "../api-errors.ts";
import { pageOf, pageSize, pageStart } from "../pages.ts";
import { CALENDAR_ZONE, DEFAULT_REMINDERS } from "./calendars.ts";
import type { Place } from "./event-lookup.ts";
import { latestRevision, listEvents, type StoredEvent } from "./event-record.ts";
import { eventResource, tombstone } from "./event-shape.ts";
import { filterEvents } from "./list-filter.ts";
import { readListQuery, syncParameters, type ListQuery } from "./list-query.ts";
import { instant } from "./moments.ts";
import { occurrences, type Window } from "./occurrences.ts";
import { readSyncToken, syncToken } from "./sync.ts";

/** How far a series without an end is expanded when the listing names none. */
const HORIZON_MS = 2 * 365 * DAY_MS;
const UPDATED_MIN_AGE_MS = 28 * DAY_MS;

/** `GET calendars/{id}/events`: everything, or what changed since a sync token. */
export function eventListing(world: World, place: Place, query: URLSearchParams) {
  const asked = readListQuery(query);
  checkUpdatedMin(world, asked);
  const size = pageSize(query, 250, 2500);
  const parameters = syncParameters(query);
  const of = place.calendar.id;
  const sync = readSyncToken(world, query, of, parameters);
  const from = sync?.from ?? bound(asked.timeMin);
  const to = sync?.to ?? bound(asked.timeMax);
  const first = pageStart(query);
  const start = first ?? { at: 0, until: latestRevision(world, place.account) };
  const window = { from: from ?? -Infinity, to: to ?? Infinity };
  const events = listed(world, place, asked, window, sync?.since);
  const { google_page_size: cap, google_empty_first_page: emptyFirst } = world.settings();
  const most = emptyFirst && first === undefined ? 0 : Math.min(size, cap ?? size);
  const { items, next } = pageOf(events, start, most, query);
  const state = { of, since: start.until, from, to, parameters };
  return {
    ...head(world, place, asked),
    ...(next !== undefined && { nextPageToken: next }),
    ...(next === undefined && asked.syncable && { nextSyncToken: syncToken(world, state) }),
    items: items.map((event) =>
      event.cancelled
        ? tombstone(event, { zone: asked.zone })
        : eventResource(world, place, event, { zone: asked.zone, maxAttendees: asked.maxAttendees }),
    ),
  };
}

/** `GET …/events/{id}/instances`: the instances of one series. */
export function instanceListing(world: World, place: Place, series: StoredEvent, query: URLSearchParams) {
  const asked = readListQuery(query);
  const window = { from: asked.timeMin, to: asked.timeMax };
  const all = expanded(series, overridesOf(listEvents(world, place.account, place.calendar)), bounded(world, window));
  const shown = all.filter(({ cancelled }) => !cancelled || asked.showDeleted);
  const start = pageStart(query) ?? { at: 0, until: 0 };
  const { items, next } = pageOf(shown, start, pageSize(query, 250, 2500), query);
  return {
    ...head(world, place, asked),
    ...(next !== undefined && { nextPageToken: next }),
    items: items.map((event) =>
      event.cancelled ? tombstone(event) : eventResource(world, place, event, { zone: asked.zone }),
    ),
  };
}

function listed(
  world: World,
  { account, calendar }: Place,
  asked: ListQuery,
  window: Window,
  since: number | undefined,
): StoredEvent[] {
  const all = listEvents(world, account, calendar);
  const changed = all.filter(({ revision }) => revision > (since ?? 0));
  const found = asked.singleEvents
    ? singles(changed, all, bounded(world, window), since !== undefined)
    : wholes(changed, all, window, since !== undefined);
  return filterEvents(found, asked, since !== undefined);
}

// Series as they are, and beside them their changed instances. A sync tells of changes wherever they lie.
function wholes(changed: StoredEvent[], all: StoredEvent[], window: Window, sync: boolean): StoredEvent[] {
  const dead = new Set(all.flatMap(({ id, cancelled }) => (cancelled ? [id] : [])));
  return changed
    .filter(({ instanceOf }) => instanceOf === null || !dead.has(instanceOf.id))
    .filter((event) => sync || touches(event, window));
}

function singles(changed: StoredEvent[], all: StoredEvent[], window: Window, sync: boolean): StoredEvent[] {
  const overrides = overridesOf(all);
  const series = changed.filter(({ recurrence }) => recurrence !== null);
  const told = new Set(series.map(({ id }) => id));
  const instances = series.flatMap((event) => expanded(event, overrides, window));
  const others = changed
    .filter(({ recurrence, instanceOf }) => recurrence === null && !told.has(instanceOf?.id ?? ""))
    .filter((event) => sync || touches(event, window));
  return [...instances, ...others];
}

// A deleted series is told of instance by instance; a changed instance counts by its own time.
function expanded(series: StoredEvent, overrides: ReadonlyMap<string, StoredEvent>, window: Window): StoredEvent[] {
  const untouched = occurrences(series, window).filter(({ id }) => !overrides.has(id));
  const own = [...overrides.values()].filter(({ instanceOf }) => instanceOf?.id === series.id);
  const all = [...untouched, ...own.filter((event) => touches(event, window))];
  const dead = series.cancelled ? all.map((event) => ({ ...event, cancelled: true })) : all;
  return dead.toSorted((a, b) => instant(a.start) - instant(b.start));
}

function overridesOf(events: readonly StoredEvent[]): Map<string, StoredEvent> {
  return new Map(events.flatMap((event) => (event.instanceOf === null ? [] : [[event.id, event] as const])));
}

// `timeMin` bounds the end of an event, `timeMax` its start; both exclude.
function touches(event: StoredEvent, window: Window): boolean {
  if (event.recurrence === null) return instant(event.end) > window.from && instant(event.start) < window.to;
  const to = Math.min(window.to, Math.max(window.from, instant(event.start)) + HORIZON_MS);
  return occurrences(event, { from: window.from, to }).length > 0;
}

function bounded(world: World, { from, to }: Window): Window {
  return { from, to: to === Infinity ? Math.max(world.now(), from) + HORIZON_MS : to };
}

function bound(at: number): number | null {
  return Number.isFinite(at) ? at : null;
}

function checkUpdatedMin(world: World, { updatedMin }: ListQuery): void {
  if (updatedMin === null || updatedMin >= world.now() - UPDATED_MIN_AGE_MS) return;
  throw new GoogleApiError(
    410,
    "updatedMinTooLongAgo",
    "The requested minimum modification time lies too far in the past.",
    {
      domain: "calendar",
      location: { type: "parameter", name: "updatedMin" },
    },
  );
}

function head(world: World, { account, calendar }: Place, { zone }: ListQuery) {
  return {
    kind: "calendar#events",
    etag: `"p3${guidFrom(`${calendar.id}:${latestRevision(world, account)}`).slice(0, 12)}"`,
    summary: calendar.summary,
    description: "",
    updated: new Date(world.now()).toISOString(),
    timeZone: zone ?? CALENDAR_ZONE,
    accessRole: calendar.accessRole,
    defaultReminders: calendar.primary ? DEFAULT_REMINDERS : [],
  };
}
