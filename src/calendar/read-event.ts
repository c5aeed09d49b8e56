/** Reads one event. */
import type { Graph } from "../graph/client.ts";
import type { CalendarEvent } from "./event.ts";
import { eventFromGraph } from "./from-graph.ts";
import { eventPath, prefer, READ } from "./requests.ts";
import { EVENT_FIELDS } from "./wire.ts";

/** How an event is to be read. */
export interface ReadOptions {
  /** IANA. */
  readonly zone: string;
  readonly calendarId?: string | undefined;
}

/** The event. Failures: those of Graph; `not_found`. */
export async function readEvent(graph: Graph, id: string, { zone, calendarId }: ReadOptions): Promise<CalendarEvent> {
  const path = eventPath(id);
  const query = { $select: EVENT_FIELDS };
  const { body } = await graph.request({ path, query, headers: prefer(zone), label: "events.read", needs: READ });
  return eventFromGraph(body, calendarId);
}
