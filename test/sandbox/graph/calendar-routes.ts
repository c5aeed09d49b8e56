import { Hono } from "hono";
import { bodyOf } from "../bodies.ts";
import type { World } from "../world.ts";
import { calendarEntity } from "./calendars.ts";
import { calendarView, readWindow } from "./calendar-view.ts";
import type { GraphContext, GraphEnv } from "./caller.ts";
import { calendarViewDelta } from "./delta.ts";
import { GraphError } from "./errors.ts";
import { readEventInput } from "./event-input.ts";
import { eventCollection, singleEvent, type EventQuery } from "./event-list.ts";
import { createEvent, deleteEvent, readByClient, readInstance, updateEvent } from "./event-writes.ts";
import { instancesWithin, wholeEvent } from "./instances.ts";
import { calendarsOf, findCalendar, listEvents } from "./mailbox.ts";
import { pageOf } from "./pages.ts";
import { readPreferences } from "./preferences.ts";

/** The calendars of the user that `owner` holds, below `/me` or `/users/{id}`. */
export function calendarRoutes(world: World): Hono<GraphEnv> {
  const app = new Hono<GraphEnv>();
  app.get("/calendar", (c) => c.json(withContext(c, calendarEntity(c.var.owner, findCalendar(c.var.owner)))));
  app.get("/calendars", (c) => c.json(calendarList(c)));
  app.get("/calendars/:calendar", (c) => c.json(withContext(c, calendarEntity(c.var.owner, calendarOf(c)))));
  for (const base of ["", "/calendar", "/calendars/:calendar"]) {
    app.get(`${base}/events`, (c) => c.json(events(world, c)));
    app.post(`${base}/events`, (c) => create(world, c));
    app.get(`${base}/calendarView`, (c) => c.json(view(world, c)));
    app.get(`${base}/calendarView/delta`, (c) => c.json(calendarViewDelta(world, calendarOf(c).tag, queryOf(c))));
  }
  for (const base of ["/events/:event", "/calendar/events/:event", "/calendars/:calendar/events/:event"]) {
    app.get(base, (c) => c.json(singleEvent(readByClient(world, c.var.owner, idOf(c)), queryOf(c))));
    app.patch(base, (c) => update(world, c));
    app.delete(base, (c) => remove(world, c));
    app.get(`${base}/instances`, (c) => c.json(instances(world, c)));
  }
  return app;
}

/** The etag that a write depends on; none when the client sent none. */
function ifMatchOf(c: GraphContext): string | undefined {
  return c.req.header("If-Match");
}

function calendarList(c: GraphContext): Record<string, unknown> {
  const url = new URL(c.req.url);
  const { items, nextLink } = pageOf(calendarsOf(c.var.owner), url);
  const value = items.map((calendar) => calendarEntity(c.var.owner, calendar));
  const context = `${url.origin}/v1.0/$metadata#users('${c.var.owner.oid}')/calendars`;
  return { "@odata.context": context, value, ...(nextLink !== undefined && { "@odata.nextLink": nextLink }) };
}

function events(world: World, c: GraphContext): Record<string, unknown> {
  const whole = listEvents(world, c.var.owner, calendarOf(c).tag).map(wholeEvent);
  return eventCollection(whole, queryOf(c));
}

function view(world: World, c: GraphContext): Record<string, unknown> {
  const query = queryOf(c);
  return eventCollection(calendarView(world, c.var.owner, calendarOf(c).tag, readWindow(query.url)), query);
}

function instances(world: World, c: GraphContext): Record<string, unknown> {
  const query = queryOf(c);
  const { event } = readInstance(world, c.var.owner, idOf(c));
  if (event.fields.recurrence === null)
    throw new GraphError(400, "ErrorInvalidOperation", "Cannot expand a non-recurring event.");
  return eventCollection(instancesWithin(event, readWindow(query.url)), query);
}

function create(world: World, c: GraphContext): Response {
  const input = readEventInput(jsonBody(c));
  const query = queryOf(c);
  const instance = createEvent(world, c.var.owner, calendarOf(c).tag, input);
  const entity = singleEvent(instance, echoing(world, query, input.fields.start?.timeZone));
  const location = `${query.url.origin}/v1.0/users('${c.var.owner.oid}')/events('${String(entity["id"])}')`;
  return c.json(entity, 201, { Location: location, ETag: String(entity["@odata.etag"]) });
}

function update(world: World, c: GraphContext): Response {
  const input = readEventInput(jsonBody(c));
  const instance = updateEvent(world, c.var.owner, idOf(c), { input, ifMatch: ifMatchOf(c) });
  return c.json(singleEvent(instance, queryOf(c)));
}

function remove(world: World, c: GraphContext): Response {
  deleteEvent(world, c.var.owner, idOf(c), ifMatchOf(c));
  return c.body(null, 204);
}

function jsonBody(c: GraphContext): string {
  if (c.req.header("Content-Type")?.startsWith("application/json") === true) return bodyOf(c.req.raw);
  throw new GraphError(
    400,
    "RequestBodyRead",
    "A missing or empty content type header was found when trying to read a message.",
  );
}

// Reports differ on whether a create without a preferred zone answers in UTC or in the zone it was sent in.
function echoing(world: World, query: EventQuery, zone: string | undefined): EventQuery {
  if (query.preferences.zone !== undefined || zone === undefined || world.settings().echo_zone === "utc") return query;
  return { ...query, preferences: { ...query.preferences, ...pickZone(zone) } };
}

function pickZone(zone: string) {
  const { zone: picked } = readPreferences(`outlook.timezone="${zone}"`);
  return picked === undefined ? {} : { zone: picked };
}

function queryOf(c: GraphContext): EventQuery {
  return { owner: c.var.owner, url: new URL(c.req.url), preferences: readPreferences(c.req.header("Prefer")) };
}

function calendarOf(c: GraphContext) {
  return findCalendar(c.var.owner, c.req.param("calendar"));
}

function idOf(c: GraphContext): string {
  return c.req.param("event") ?? "";
}

function withContext(c: GraphContext, entity: Record<string, unknown>): Record<string, unknown> {
  return {
    "@odata.context": `${new URL(c.req.url).origin}/v1.0/$metadata#users('${c.var.owner.oid}')/calendars/$entity`,
    ...entity,
  };
}
