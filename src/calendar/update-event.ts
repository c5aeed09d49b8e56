/** Changes an event. */
import type { Graph } from "../graph/client.ts";
import { Failure, failure } from "../lib/errors.ts";
import { withJoinUrl } from "./create-event.ts";
import type { CalendarEvent } from "./event.ts";
import { eventFromGraph } from "./from-graph.ts";
import type { EventPatch } from "./input.ts";
import { keepJoinBlock } from "./join-block.ts";
import { readEvent } from "./read-event.ts";
import { DEFAULT_ZONE, eventPath, ifMatchHeader, prefer, WRITE } from "./requests.ts";
import { fieldsToGraph, type GraphFields, onlineMeetingToGraph } from "./to-graph.ts";

/** A change of one event. */
export interface Change {
  readonly id: string;
  readonly patch: EventPatch;
  /** The caller's `If-Match`, an etag that was read from here. */
  readonly ifMatch?: string | undefined;
}

/**
 * The changed event, in the zone of its new start. Failures: those of Graph, `not_found`, `precondition_failed` where
 * the event is not as `ifMatch` says, and `validation_failed` for what an online meeting cannot become.
 */
export async function updateEvent(graph: Graph, change: Change): Promise<CalendarEvent> {
  try {
    return await changeOnce(graph, change);
  } catch (error) {
    // Exchange answers 412 without any If-Match when it is writing itself, and so do we when the event changes between
    // our own reading and writing. Nothing was done; a caller who set no condition gets a second try, not a riddle.
    const ours = error instanceof Failure && error.code === "precondition_failed" && change.ifMatch === undefined;
    if (!ours) throw error;
    return changeOnce(graph, change);
  }
}

async function changeOnce(graph: Graph, { id, patch, ifMatch }: Change): Promise<CalendarEvent> {
  const zone = patch.start?.time_zone ?? patch.end?.time_zone ?? DEFAULT_ZONE;
  const mustRead = patch.body !== undefined || patch.online_meeting !== undefined;
  const current = mustRead ? await readEvent(graph, id, { zone }) : undefined;
  const fields = changedFields(patch, current);
  if (Object.keys(fields).length === 0 && current !== undefined) return unchanged(current, ifMatch);
  const { body } = await graph.request({
    method: "PATCH",
    path: eventPath(id),
    headers: { ...prefer(zone), ...ifMatchHeader(ifMatch ?? etagOfMerged(current)) },
    body: fields,
    label: "events.update",
    needs: WRITE,
  });
  return withJoinUrl(graph, eventFromGraph(body));
}

/** A body into which a join block was merged counts only for the event that was read. */
function etagOfMerged(current: CalendarEvent | undefined): string | undefined {
  return current?.online_meeting ? (current.etag ?? undefined) : undefined;
}

function changedFields(patch: EventPatch, current: CalendarEvent | undefined): GraphFields {
  const fields = fieldsToGraph(patch);
  if (current === undefined) return fields;
  return { ...fields, ...bodyField(patch, current), ...meetingFields(patch, current) };
}

function bodyField({ body }: EventPatch, { body: old, online_meeting }: CalendarEvent): GraphFields {
  if (body === undefined || online_meeting === null) return {};
  const next = { contentType: body.content_type, content: body.content };
  const oldBody = { contentType: old.content_type, content: old.content };
  const kept = keepJoinBlock(next, { body: oldBody, joinUrl: online_meeting.join_url });
  if (kept !== undefined) return { body: kept };
  throw refused(
    "body",
    "expected the part with the link to join kept: read the event's body and change it around that part",
  );
}

/** An online meeting stays one: Graph would take `false` without a word and without an effect. */
function meetingFields(patch: EventPatch, { online_meeting }: CalendarEvent): GraphFields {
  if (patch.online_meeting === false && online_meeting !== null) {
    throw refused("online_meeting", "expected true or nothing: an online meeting cannot be turned off");
  }
  return patch.online_meeting === true && online_meeting === null ? onlineMeetingToGraph(patch) : {};
}

/** Nothing is left to write, but a condition still has to hold. */
function unchanged(current: CalendarEvent, ifMatch: string | undefined): CalendarEvent {
  if (ifMatch === undefined || ifMatch === "*" || ifMatch === current.etag) return current;
  throw failure("precondition_failed", "The event has changed since it was read.");
}

function refused(path: string, message: string): Failure {
  return failure("validation_failed", "The change is not valid.", { extra: { errors: [{ path, message }] } });
}
