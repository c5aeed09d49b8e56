/** A world whose events are put there by the test, and whose endpoints answer as it says. */
import { announce } from "../../../src/connections/events/deliver.ts";
import { freshDeliveries } from "../../../src/connections/events/events-of.ts";
import type { EventRecord } from "../../../src/db/companions.ts";
import { newEventId } from "../../../src/lib/ids.ts";
import { connectionRow } from "../../db/rows.ts";
import { Lane } from "../../faults/lane.ts";
import { endpointOf, type Sent } from "../../faults/receiver.ts";
import { World } from "../../faults/world.ts";

/** What a receiver answers; "never": nothing, while the test lasts. */
export type Reply = number | Response | "never" | Error;

/** See the head of this file. */
export interface EventWorld {
  readonly world: World;
  /** Everything that was sent, in its order, with the time after the beginning, ms. */
  readonly sent: (Sent & { readonly afterMs: number })[];
  /** What was sent about a connection to an endpoint, as the numbers that `happen` gave. */
  sentOf(connection: string, endpoint?: string): number[];
  /** Stores a row with events, one per version, without telling anybody. */
  happen(versions: readonly number[], connection?: string): Promise<string>;
  stored(connection: string): Promise<EventRecord[]>;
}

/** A world of its own. `reply` decides what each request is answered. */
export async function eventWorld(
  person: string,
  reply: (sent: Sent) => Reply,
  endpoints: readonly string[] = ["app"],
): Promise<EventWorld> {
  const world = await World.open(new Lane(person), person, { rotation: "keep", random: () => 0.5 });
  const begun = world.clock.now();
  const sent: (Sent & { afterMs: number })[] = [];
  world.receiver.endpoints.splice(0, 1, ...endpoints.map(endpointOf));
  world.receiver.reply = async (one) => {
    sent.push({ ...one, afterMs: world.clock.now() - begun });
    const answer = reply(one);
    if (answer instanceof Error) throw answer;
    if (answer === "never") return new Promise<Response>(() => {});
    return answer instanceof Response ? answer : new Response(null, { status: answer });
  };
  const { owner } = world.vault;
  const rows = new Map<string, ReturnType<typeof connectionRow>>();
  const numbers = new Map<string, number>();
  return {
    world,
    sent,
    sentOf: (connection, endpoint = endpoints[0] ?? "") =>
      sent
        .filter((one) => one.connection === connection && one.endpoint === endpoint)
        .map(({ id }) => numbers.get(id) ?? -1),
    async happen(versions, connection) {
      const row = rows.get(connection ?? "") ?? { ...connectionRow(owner, newEventId()), version: 0 };
      const now = world.clock.now();
      const events = versions.map((version): EventRecord => {
        const id = newEventId();
        numbers.set(id, version);
        const body = JSON.stringify({ type: "connection.updated", data: { connection: { id: row.id } } });
        const deliveries = freshDeliveries(world.receiver.endpoints, "connection.updated", now);
        const of = { owner, connection: row.id, version, type: "connection.updated" };
        return { id, at: now, ...of, body, state: "pending", dueAt: now, deliveries };
      });
      const next = { ...row, version: row.version + 1 };
      const { rows: table } = world.vault;
      const written = row.version === 0 ? table.insert(next, { events }) : table.replace(next, row.version, { events });
      if (!(await written)) throw new Error("the row was not written");
      rows.set(row.id, next);
      return row.id;
    },
    stored: (connection) => world.vault.events.page({ owner, connection, limit: 200 }),
  };
}

/** Asks for a delivery, as the commit of a row does, and lets time pass. */
export async function deliverFor(world: World, ms: number): Promise<void> {
  announce(world.vault);
  await world.advance(ms);
}
