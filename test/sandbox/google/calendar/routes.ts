import { Hono, type Context } from "hono";
import type { World } from "../../world.ts";
import { authenticateApi, requireScope, type ApiEnv } from "../api-caller.ts";
import { GoogleApiError, googleApiErrorResponse } from "../api-errors.ts";
import { pageOf, pageSize, pageStart } from "../pages.ts";
import { calendarEntry, calendarsOf, findCalendar, requireWriter } from "./calendars.ts";
import { readEventBody } from "./event-input.ts";
import { eventListing, instanceListing } from "./event-list.ts";
import { findEvent, type Place } from "./event-lookup.ts";
import { etagOf, type StoredEvent } from "./event-record.ts";
import { eventResource } from "./event-shape.ts";
import { deleteEvent, insertEvent, patchEvent, updateEvent, type Write } from "./event-writes.ts";
import { readSyncToken, syncToken } from "./sync.ts";

type ApiContext = Context<ApiEnv>;

const READ = ["calendar", "calendar.readonly", "calendar.events", "calendar.events.readonly"];
const READ_OWNED = ["calendar.events.owned", "calendar.events.owned.readonly"];
const WRITE = ["calendar", "calendar.events"];
const WRITE_OWNED = ["calendar.events.owned"];
const LIST = ["calendar", "calendar.readonly", "calendar.calendarlist", "calendar.calendarlist.readonly"];

const EVENTS = "/calendars/:calendar/events";
const EVENT = `${EVENTS}/:event`;

/** Calendar v3, below `/calendar/v3` of www.googleapis.com. */
export function calendarRoutes(world: World): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  app.onError((error) => {
    if (error instanceof GoogleApiError) return googleApiErrorResponse(error);
    throw error;
  });
  app.use(async (c, next) => {
    c.set("caller", authenticateApi(world, c.req.raw, "calendar"));
    await next();
  });
  app.get("/users/me/calendarList", (c) => calendarList(world, c));
  app.get(EVENTS, (c) => c.json(eventListing(world, reading(c, "Events.List"), queryOf(c))));
  app.get(`${EVENT}/instances`, (c) => {
    const place = reading(c, "Events.Instances");
    return c.json(instanceListing(world, place, findEvent(world, place, eventId(c)), queryOf(c)));
  });
  app.get(EVENT, (c) => {
    const place = reading(c, "Events.Get");
    const event = findEvent(world, place, eventId(c));
    const unchanged = c.req.header("If-None-Match") === etagOf(event);
    return unchanged ? c.body(null, 304, { ETag: etagOf(event) }) : answer(world, c, place, event);
  });
  app.post(EVENTS, (c) => written(world, c, "Events.Insert", (place, write) => insertEvent(world, place, write)));
  app.patch(EVENT, (c) =>
    written(world, c, "Events.Patch", (place, write) => patchEvent(world, place, eventId(c), write)),
  );
  app.put(EVENT, (c) =>
    written(world, c, "Events.Update", (place, write) => updateEvent(world, place, eventId(c), write)),
  );
  app.delete(EVENT, (c) => {
    const write = { query: queryOf(c), ifMatch: c.req.header("If-Match") };
    deleteEvent(world, writing(c, "Events.Delete"), eventId(c), write);
    return c.body(null, 204);
  });
  app.all("*", () => googleApiErrorResponse(new GoogleApiError(404, "notFound", "Not Found")));
  return app;
}

// Nothing ever changes on the list of calendars, so that a sync has nothing to tell.
function calendarList(world: World, c: ApiContext): Response {
  requireScope(c.var.caller, "calendar.v3.CalendarList.List", LIST);
  const query = queryOf(c);
  const sync = readSyncToken(world, query, "calendarList", "");
  const all = sync === undefined ? calendarsOf(c.var.caller.account) : [];
  const start = pageStart(query) ?? { at: 0, until: 0 };
  const { items, next } = pageOf(all, start, pageSize(query, 100, 250), query);
  const state = { of: "calendarList", since: 0, from: null, to: null, parameters: "" };
  return c.json({
    kind: "calendar#calendarList",
    etag: `"p3${all.length}"`,
    ...(next === undefined ? { nextSyncToken: syncToken(world, state) } : { nextPageToken: next }),
    items: items.map(calendarEntry),
  });
}

function reading(c: ApiContext, method: string): Place {
  return placeOf(c, method, READ, READ_OWNED);
}

function writing(c: ApiContext, method: string): Place {
  const place = placeOf(c, method, WRITE, WRITE_OWNED);
  requireWriter(place.calendar);
  return place;
}

// The scope comes before the calendar: whoever may see none is not told which exist.
function placeOf(c: ApiContext, method: string, scopes: readonly string[], owned: readonly string[]): Place {
  const { caller } = c.var;
  requireScope(caller, `calendar.v3.${method}`, [...scopes, ...owned]);
  const calendar = findCalendar(caller.account, c.req.param("calendar") ?? "");
  if (calendar.accessRole !== "owner") requireScope(caller, `calendar.v3.${method}`, scopes);
  return { account: caller.account, calendar };
}

function written(
  world: World,
  c: ApiContext,
  method: string,
  work: (place: Place, write: Write) => StoredEvent,
): Response {
  const place = writing(c, method);
  const write = { body: readEventBody(c.req.raw), query: queryOf(c), ifMatch: c.req.header("If-Match") };
  return answer(world, c, place, work(place, write));
}

function answer(world: World, c: ApiContext, place: Place, event: StoredEvent): Response {
  const zone = queryOf(c).get("timeZone") ?? undefined;
  return c.json(eventResource(world, place, event, { zone }), 200, { ETag: etagOf(event) });
}

function eventId(c: ApiContext): string {
  return c.req.param("event") ?? "";
}

function queryOf(c: ApiContext): URLSearchParams {
  return new URL(c.req.url).searchParams;
}
