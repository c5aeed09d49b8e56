import type { StoredEvent } from "./event-record.ts";
import type { ListQuery } from "./list-query.ts";
import { instant } from "./moments.ts";

/** What of the events a listing shows, in its order. `sync`: deletions are always told of. */
export function filterEvents(events: readonly StoredEvent[], asked: ListQuery, sync: boolean): StoredEvent[] {
  const met = events.filter((event) => isShown(event, asked, sync) && matches(event, asked));
  if (asked.orderBy === "startTime") return met.toSorted((a, b) => instant(a.start) - instant(b.start));
  if (asked.orderBy === "updated") return met.toSorted((a, b) => a.updatedAt - b.updatedAt);
  return met;
}

// Deleted instances of a living series are part of it where the series is not expanded.
function isShown(event: StoredEvent, { singleEvents, showDeleted, updatedMin }: ListQuery, sync: boolean): boolean {
  if (!event.cancelled || sync || showDeleted || updatedMin !== null) return true;
  return event.instanceOf !== null && !singleEvents;
}

function matches(event: StoredEvent, { q, iCalUID, eventTypes, properties, updatedMin }: ListQuery): boolean {
  if (updatedMin !== null && event.updatedAt < updatedMin) return false;
  if (iCalUID !== null && `${event.instanceOf?.id ?? event.id}@google.com` !== iCalUID) return false;
  if (eventTypes.length > 0 && !eventTypes.includes(String(event.fields["eventType"] ?? "default"))) return false;
  if (q !== null && !textOf(event).includes(q.toLowerCase())) return false;
  return properties.every(({ kind, name, value }) => propertiesOf(event, kind)[name] === value);
}

function textOf({ fields }: StoredEvent): string {
  return ["summary", "description", "location", "attendees"]
    .map((name) => JSON.stringify(fields[name] ?? ""))
    .join(" ")
    .toLowerCase();
}

function propertiesOf({ fields }: StoredEvent, kind: "private" | "shared"): Record<string, unknown> {
  const all = fields["extendedProperties"] as Record<string, Record<string, unknown>> | undefined;
  return all?.[kind] ?? {};
}
