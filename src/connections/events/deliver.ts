/**
 * Delivers the owner's events: at least once, and in order within a lane, which is one connection at one endpoint. Lanes
 * never wait for each other, but for a share of the connections that a slow endpoint may hold open at once.
 *
 * D1 says what is left to do. How a try ended is written there before the next one, so a crash repeats one try at most.
 */
import type { EventRecord } from "../../db/companions.ts";
import type { Lane } from "../../db/events.ts";
import type { EventDelivery } from "../../db/schema-records.ts";
import { MOST_ENDPOINTS, UNREADABLE, type WebhookEndpoint } from "../../lib/config-webhooks.ts";
import { Failure } from "../../lib/errors.ts";
import type { Vault } from "../vault.ts";
import { freshDeliveries } from "./events-of.ts";
import { createSlots } from "./memory.ts";
import { after, holdMs, type Tried } from "./retry.ts";
import { signatureHeaders } from "./signature.ts";

const TIMEOUT_MS = 15_000;
/** An alarm that comes later than any answer: should the object die meanwhile, it wakes another life. */
const MISSED_AFTER_MS = TIMEOUT_MS + 5_000;
/** How long deliveries wait while WEBHOOKS cannot be read; a new value comes with a new life of the object. */
const UNREADABLE_HOLD_MS = 5 * 60_000;
/** When D1 fails. */
const TRY_AGAIN_MS = 30_000;
const USER_AGENT = "Latchkey-Webhooks/1";

/** Sets every lane going that has something due. Comes back when none is left running; nobody needs to wait for that. Never throws. */
export async function deliver(vault: Vault): Promise<void> {
  try {
    const lanes = await vault.events.lanes(vault.owner);
    await Promise.all(lanes.map((lane) => runLane(vault, lane)));
  } catch (cause) {
    vault.log.warn("events could not be read", { cause });
    ring(vault, TRY_AGAIN_MS * (0.5 + vault.random()));
  }
}

/** Asks for a delivery at once. It follows on a row that is already stored, and must not fail it. */
export function announce(vault: Vault): void {
  ring(vault, 0);
}

function ring(vault: Vault, inMs: number): void {
  try {
    vault.wakeBy(vault.clock.now() + inMs);
  } catch (cause) {
    vault.log.warn("no alarm for events: the schedule will find them", { cause });
  }
}

/** One lane, event by event. A lane that runs already looks once more before it ends. */
async function runLane(vault: Vault, lane: Lane): Promise<void> {
  const { lanes } = vault.memory.delivery;
  const name = `${lane.endpoint}|${lane.connection}`;
  const running = lanes.get(name);
  if (running) {
    running.again = true;
    return;
  }
  const mine = { again: true };
  lanes.set(name, mine);
  try {
    while (mine.again) {
      mine.again = false;
      while (await step(vault, lane));
    }
  } catch (cause) {
    vault.log.warn("events could not be delivered", { connection: lane.connection, endpoint: lane.endpoint, cause });
    ring(vault, TRY_AGAIN_MS * (0.5 + vault.random()));
  } finally {
    lanes.delete(name);
  }
}

/** The lane's next try, where one is due. True where another may follow at once. */
async function step(vault: Vault, lane: Lane): Promise<boolean> {
  const event = await vault.events.first(vault.owner, lane);
  const delivery = event?.deliveries[lane.endpoint];
  if (!event || !delivery) return false;
  const held = vault.memory.delivery.holds.get(lane.endpoint) ?? 0;
  const dueAt = Math.max(delivery.nextAt ?? 0, held);
  if (dueAt > vault.clock.now()) {
    vault.wakeBy(dueAt);
    return false;
  }
  const next = await resultOf(vault, { event, delivery, lane });
  if (!next) return true;
  await vault.events.settle(event.id, lane.endpoint, { before: delivery, next });
  vault.memory.delivery.unsettled.delete(`${event.id}|${lane.endpoint}`);
  return true;
}

interface Parcel {
  readonly event: EventRecord;
  readonly delivery: EventDelivery;
  readonly lane: Lane;
}

/** How the delivery stands after a try: of a try whose end D1 would not take, or of one made now. Undefined: it has to wait first. */
async function resultOf(vault: Vault, parcel: Parcel): Promise<EventDelivery | undefined> {
  const { event, delivery, lane } = parcel;
  const { unsettled, slots, holds } = vault.memory.delivery;
  const known = unsettled.get(`${event.id}|${lane.endpoint}`);
  // What was asked for again meanwhile is another delivery.
  if (known && known.attempts === delivery.attempts + 1 && known.since === delivery.since) return known;
  if (vault.webhooks.includes(UNREADABLE)) {
    // The operator is about to mend the variable: until then nobody is taken for removed.
    holds.set(lane.endpoint, vault.clock.now() + UNREADABLE_HOLD_MS);
    return undefined;
  }
  const endpoint = vault.webhooks.find(({ id }) => id === lane.endpoint);
  if (!endpoint && lane.endpoint === UNREADABLE.id && (await readdressed(vault, parcel))) return undefined;
  if (!endpoint) return settled(vault, parcel, { error: "endpoint_removed" });
  const slot = slots.get(endpoint.id) ?? createSlots(Math.max(1, Math.floor(MOST_ENDPOINTS / vault.webhooks.length)));
  slots.set(endpoint.id, slot);
  return slot(async () => {
    // While this one waited for its turn, the endpoint may have asked to be left alone.
    if ((holds.get(endpoint.id) ?? 0) > vault.clock.now()) return undefined;
    const tried = await send(vault, endpoint, event);
    const hold = holdMs(tried);
    if (hold !== undefined) holds.set(endpoint.id, vault.clock.now() + hold);
    return settled(vault, parcel, tried);
  });
}

/** Gives an event that came while nobody could be read to those who want it now. False where nobody does. */
async function readdressed(vault: Vault, { event: { id, type }, delivery: { since } }: Parcel): Promise<boolean> {
  const now = vault.clock.now();
  const fresh = Object.entries(freshDeliveries(vault.webhooks, type, now));
  if (fresh.length === 0) return false;
  // Somebody may have asked for an old event once more: then its time does not begin with the event.
  const renewed = fresh.map(([to, delivery]) => [to, since === undefined ? delivery : { ...delivery, since }] as const);
  await vault.events.restart(id, Object.fromEntries(renewed), now);
  announce(vault);
  return true;
}

function settled(vault: Vault, { event, delivery, lane }: Parcel, tried: Tried): EventDelivery {
  const next = after(delivery, tried, { at: event.at, now: vault.clock.now(), random: vault.random() });
  vault.memory.delivery.unsettled.set(`${event.id}|${lane.endpoint}`, next);
  const { state, attempts, lastStatus, lastError } = next;
  // Not `event` and `state`: the first is the line's own name, the second would be taken for a secret.
  const line = { event_id: event.id, type: event.type, connection: event.connection, endpoint: lane.endpoint };
  const outcome = { delivery: state, attempts, status: lastStatus, error: lastError };
  if (state === "delivered") vault.log.info("event sent", { ...line, ...outcome });
  else vault.log.warn(state === "failed" ? "event given up" : "event not taken", { ...line, ...outcome });
  return next;
}

async function send(vault: Vault, endpoint: WebhookEndpoint, { id, body }: EventRecord): Promise<Tried> {
  // Not by ring: an object that has been shut down stops here and leaves the event to its next life.
  vault.wakeBy(vault.clock.now() + MISSED_AFTER_MS);
  const timestamp = Math.floor(vault.clock.now() / 1000);
  const signature = await signatureHeaders(endpoint.secrets, { id, timestamp, body });
  try {
    // Redirects are not followed: what was signed for one host is nobody else's.
    const { status, retryAfterS } = await vault.sender.send({
      url: endpoint.url,
      method: "POST",
      headers: { ...signature, "Content-Type": "application/json", "User-Agent": USER_AGENT },
      body,
      label: "webhook",
      timeoutMs: TIMEOUT_MS,
    });
    return { status, retryAfterS };
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    return { error: error.code === "provider_timeout" ? "timeout" : "unreachable" };
  }
}
