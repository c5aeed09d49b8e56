/** Deletes an event. */
import type { Graph } from "../graph/client.ts";
import { eventPath, ifMatchHeader, prefer, WRITE, DEFAULT_ZONE } from "./requests.ts";

/**
 * Deletes an event; attendees of the organiser's meeting are told. Failures: those of Graph, `not_found`,
 * `precondition_failed`.
 *
 * An event that is gone already gives `not_found`: Graph says the same of an id that never was and of one of another
 * mailbox, and a caller who deletes the wrong thing should learn of it. Who repeats a delete can take it for done.
 */
export async function deleteEvent(
  graph: Graph,
  id: string,
  { ifMatch }: { readonly ifMatch?: string | undefined } = {},
): Promise<void> {
  const path = eventPath(id);
  const headers = { ...prefer(DEFAULT_ZONE), ...ifMatchHeader(ifMatch) };
  await graph.request({ method: "DELETE", path, headers, label: "events.delete", needs: WRITE });
}
