/**
 * Creates an event, once. Every create carries a transactionId, by which Graph knows a repeat; so a create whose answer
 * was lost is sent again, and the refusal of a duplicate leads to the event that is already there.
 */
import type { Graph } from "../graph/client.ts";
import type { GraphRefusal } from "../graph/refusal.ts";
import { sha256 } from "../lib/digest.ts";
import { Failure, failure } from "../lib/errors.ts";
import { readPage } from "../graph/pages.ts";
import type { CalendarEvent } from "./event.ts";
import { eventFromGraph } from "./from-graph.ts";
import type { EventInput } from "./input.ts";
import { readEvent } from "./read-event.ts";
import { eventsPath, prefer, READ, WRITE } from "./requests.ts";
import { newEventToGraph } from "./to-graph.ts";

/** What a create may be told. */
export interface CreateOptions {
  /** The caller's `Idempotency-Key`: 1 to 255 printable ASCII characters. The same key gives the same event. */
  readonly idempotencyKey?: string | undefined;
}

const DUPLICATE = "ErrorDuplicateTransactionId";

/**
 * The created event, in the zone of its start. Failures: those of Graph, `validation_failed` for a bad key, and
 * `conflict` where the key was used for an event that is not there any more.
 */
export async function createEvent(
  graph: Graph,
  input: EventInput,
  { idempotencyKey }: CreateOptions = {},
): Promise<CalendarEvent> {
  const transactionId = idempotencyKey === undefined ? crypto.randomUUID() : checkedKey(idempotencyKey);
  const mark = await sha256(transactionId);
  const { body, refusal } = await graph.request({
    method: "POST",
    path: eventsPath(input.calendar_id),
    headers: prefer(input.start.time_zone),
    body: { ...newEventToGraph(input), transactionId, singleValueExtendedProperties: [{ id: MARK, value: mark }] },
    label: "events.create",
    needs: WRITE,
    repeat: "idempotent",
    refusals: [DUPLICATE],
  });
  const event =
    refusal === undefined
      ? eventFromGraph(body, input.calendar_id)
      : await existingEvent(graph, input, { refusal, mark });
  return withJoinUrl(graph, event);
}

// A transactionId cannot be searched for, so its hash also goes into a property of our own, which can.
const MARK = "String {5c1f3b2e-8d0a-4f6b-9a57-3e1d7c40b9f2} Name LatchkeyTransaction";

interface Duplicate {
  readonly refusal: GraphRefusal;
  readonly mark: string;
}

async function existingEvent(graph: Graph, input: EventInput, { refusal, mark }: Duplicate): Promise<CalendarEvent> {
  const id = refusal.error["@event.existingEventId"];
  const named = typeof id === "string" ? await readIfThere(graph, id, input) : undefined;
  if (named !== undefined) return named;
  const { body } = await graph.request({
    path: eventsPath(input.calendar_id),
    query: {
      $filter: `singleValueExtendedProperties/Any(ep: ep/id eq '${MARK}' and ep/value eq '${mark}')`,
      $top: "1",
    },
    headers: prefer(input.start.time_zone),
    label: "events.find",
    needs: READ,
  });
  const [found] = readPage(body).items;
  if (found !== undefined) return eventFromGraph(found, input.calendar_id);
  throw failure("conflict", "This idempotency key was used for an event that is not there any more.", {
    extra: { provider_code: refusal.code },
  });
}

async function readIfThere(graph: Graph, id: string, input: EventInput): Promise<CalendarEvent | undefined> {
  try {
    return await readEvent(graph, id, { zone: input.start.time_zone, calendarId: input.calendar_id });
  } catch (error) {
    if (error instanceof Failure && error.code === "not_found") return undefined;
    throw error;
  }
}

/**
 * The join URL is sometimes missing from the answer that made the meeting. It is looked for once, without a wait: a
 * caller who must have it reads the event again. The event is there, so a failure of the second look is not one.
 */
export async function withJoinUrl(graph: Graph, event: CalendarEvent): Promise<CalendarEvent> {
  if (event.online_meeting === null || event.online_meeting.join_url !== null) return event;
  try {
    return await readEvent(graph, event.id, {
      zone: event.start.time_zone,
      calendarId: event.calendar_id ?? undefined,
    });
  } catch (error) {
    if (error instanceof Failure) return event;
    throw error;
  }
}

function checkedKey(key: string): string {
  if (/^[\x20-\x7e]{1,255}$/.test(key)) return key;
  const message = "expected 1 to 255 printable ASCII characters";
  throw failure("validation_failed", "The header Idempotency-Key is not valid.", {
    extra: { errors: [{ path: "Idempotency-Key", message }] },
  });
}
