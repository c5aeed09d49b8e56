/** Lists events, a page at a time. */
import type { Graph, GraphRequest } from "../graph/client.ts";
import { readPage } from "../graph/pages.ts";
import { rfc3339 } from "../lib/clock.ts";
import { cursorRefused } from "../lib/cursor.ts";
import { Failure, failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import { type CursorSeal, type ListedQuery, readCursor, writeCursor } from "./cursor.ts";
import type { CalendarEvent } from "./event.ts";
import { eventFromGraph } from "./from-graph.ts";
import { DEFAULT_LIMIT, type ListQuery } from "./list-query.ts";
import { DEFAULT_ZONE, eventsPath, prefer, READ } from "./requests.ts";
import { EVENT_FIELDS } from "./wire.ts";

/** One page. It may be empty and still have a next one: the list ends where `next_cursor` is null. */
export interface EventPage {
  readonly events: readonly CalendarEvent[];
  readonly next_cursor: string | null;
}

/** One mailbox. */
export interface Mailbox {
  readonly graph: Graph;
  /** Whose it is. Known once `graph` has answered. */
  readonly connection: () => ConnectionId | undefined;
}

/** Opens the mailbox of a connection; without one, that of the account which the caller means. */
export type OpenMailbox = (connection: ConnectionId | undefined) => Mailbox;

/** A page of events. Failures: those of Graph, and `validation_failed` for a cursor that cannot be used. */
export async function listEvents(open: OpenMailbox, seal: CursorSeal, given: ListQuery): Promise<EventPage> {
  const { cursor, ...first } = given;
  const {
    link,
    query,
    connection: owner,
  } = cursor === undefined
    ? { link: undefined, query: first, connection: undefined }
    : await readCursor(seal, { ...given, cursor });
  const { graph, connection } = open(owner);
  const request = {
    headers: prefer(query.time_zone ?? DEFAULT_ZONE),
    label: "events.list",
    needs: READ,
  };
  const answer =
    link === undefined
      ? await graph.request({ ...request, ...firstPage(query) })
      : await next(graph, { ...request, url: link });
  const { items, nextLink } = readPage(answer.body);
  return {
    events: items.map((item) => eventFromGraph(item, query.calendar_id)),
    next_cursor:
      nextLink === undefined
        ? null
        : await writeCursor(seal, { link: nextLink, query, connection: known(connection()) }),
  };
}

function known(connection: ConnectionId | undefined): ConnectionId {
  if (connection !== undefined) return connection;
  throw failure("internal", "The account of this list is not known.", { reason: "an answer without a grant" });
}

function firstPage({ from, to, limit = DEFAULT_LIMIT, q, calendar_id }: ListedQuery) {
  const query: Record<string, string> = {
    $top: String(limit),
    $select: EVENT_FIELDS,
    // In OData a quote inside a text is written twice.
    ...(q === undefined
      ? { $orderby: "start/dateTime" }
      : { $filter: `contains(subject,'${q.replaceAll("'", "''")}')` }),
  };
  const path = eventsPath(calendar_id);
  if (from === undefined || to === undefined) return { path, query };
  return {
    path: path.replace(/events$/, "calendarView"),
    query: { startDateTime: rfc3339(from), endDateTime: rfc3339(to), ...query },
  };
}

/** Links decay: a list that was left alone for long has to be started again, and Graph says so in many ways. */
async function next(graph: Graph, request: GraphRequest) {
  try {
    return await graph.request(request);
  } catch (error) {
    const decayed = error instanceof Failure && (error.code === "validation_failed" || error.code === "not_found");
    throw decayed ? cursorRefused("expected a cursor that has not expired: start the list again", error) : error;
  }
}
