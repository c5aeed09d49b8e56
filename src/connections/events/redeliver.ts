/** Delivers an event once more, whatever became of it before. */
import type { EventRecord } from "../../db/companions.ts";
import { failure } from "../../lib/errors.ts";
import type { System } from "../../system.ts";
import { freshDeliveries } from "./events-of.ts";

/** Makes an event pending at every endpoint that wants its type now. Fails as `conflict` where there is none. `now`: ms. */
export async function redeliver(
  { events, config }: Pick<System, "events" | "config">,
  event: EventRecord,
  now: number,
): Promise<EventRecord> {
  const fresh = Object.entries(freshDeliveries(config.webhooks, event.type, now));
  if (fresh.length === 0) throw failure("conflict", "No endpoint is configured for events of this type.");
  // However old the event is, it gets its three days.
  const deliveries = Object.fromEntries(fresh.map(([endpoint, delivery]) => [endpoint, { ...delivery, since: now }]));
  await events.restart(event.id, deliveries, now);
  return { ...event, state: "pending", dueAt: now, deliveries };
}
