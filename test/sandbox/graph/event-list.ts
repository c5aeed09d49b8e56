import type { User } from "../entra/users.ts";
import { eventEntity } from "./event-shape.ts";
import type { Instance } from "./event-record.ts";
import { badQuery } from "./errors.ts";
import { pageOf } from "./pages.ts";
import type { Preferences } from "./preferences.ts";
import { extendedProperties, readExpand, readFilter, readOrder } from "./query.ts";
import { selected } from "./select.ts";

/** What an answer with events needs to know of its request. */
export interface EventQuery {
  owner: User;
  url: URL;
  preferences: Preferences;
}

/** A collection of events by the OData options of the request: filtered, ordered, cut into pages. */
export function eventCollection(instances: readonly Instance[], query: EventQuery): Record<string, unknown> {
  const { url, preferences, owner } = query;
  const options = url.searchParams;
  if (options.has("$search")) throw badQuery("The query parameter '$search' is not supported.");
  const found = instances.filter(readFilter(options.get("$filter"))).toSorted(readOrder(options.get("$orderby")));
  const { items, nextLink } = pageOf(found, url, preferences.pageSize);
  return {
    "@odata.context": `${contextOf(url, owner)}/${url.pathname.endsWith("iew") ? "calendarView" : "events"}`,
    value: items.map((instance) => queriedEntity(instance, query)),
    ...(nextLink !== undefined && { "@odata.nextLink": nextLink }),
  };
}

/** One event with its context. */
export function singleEvent(instance: Instance, query: EventQuery): Record<string, unknown> {
  return { "@odata.context": `${contextOf(query.url, query.owner)}/events/$entity`, ...queriedEntity(instance, query) };
}

function queriedEntity(instance: Instance, { owner, url, preferences }: EventQuery): Record<string, unknown> {
  const entity = eventEntity(owner, instance, preferences);
  const ids = readExpand(url.searchParams.get("$expand"));
  const select = url.searchParams
    .get("$select")
    ?.split(",")
    .map((name) => name.trim());
  const cancelled = select?.includes("cancelledOccurrences") === true && {
    cancelledOccurrences: instance.event.cancelled,
  };
  const shown = select === undefined ? entity : selected({ ...entity, ...cancelled }, select);
  const properties = ids === undefined ? [] : extendedProperties(instance.event, ids);
  return properties.length === 0 ? shown : { ...shown, singleValueExtendedProperties: properties };
}

function contextOf({ origin }: URL, { oid }: User): string {
  return `${origin}/v1.0/$metadata#users('${oid}')`;
}
