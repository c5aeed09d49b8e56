/** What must be true of events after any schedule: stored with their change, delivered at least once, in order. */
import { env } from "cloudflare:workers";
import { asc, eq, sql } from "drizzle-orm";
import { announce } from "../../src/connections/events/deliver.ts";
import { openDatabase } from "../../src/db/database.ts";
import { tablesFor } from "../../src/db/schema.ts";
import type { OwnerOf } from "./owner.ts";

const HOUR_MS = 3_600_000;
/** As the schedule does it: the life that wrote an event may have been unable to set an alarm. */
const TICKS = 12;
const STATUS_AFTER: Readonly<Record<string, string>> = {
  "connection.created": "active",
  "connection.updated": "active",
  "connection.reauth_required": "reauth_required",
  "connection.revoked": "revoked",
};

/** Lets every retry come, and judges what was stored against what arrived. */
export async function judgeEvents({ world, broken }: OwnerOf): Promise<void> {
  for (let tick = 0; tick < TICKS; tick += 1) {
    const overdue = await world.vault.events.overdue(world.clock.now() - 60_000, 100_000);
    if (overdue.includes(world.vault.owner)) announce(world.vault);
    await world.advance(8 * HOUR_MS);
  }
  const { arrived } = world.receiver;
  const { events: table } = tablesFor("main");
  const mine = eq(table.owner, world.vault.owner);
  const db = openDatabase(env.DB);
  for (const row of await world.vault.rows.listOf(world.vault.owner)) {
    const stored = await db
      .select()
      .from(table)
      .where(sql`${mine} and ${eq(table.connection, row.id)}`)
      .orderBy(asc(table.version), sql`rowid`);
    const last = stored.findLast(({ type }) => STATUS_AFTER[type] !== undefined);
    if (STATUS_AFTER[last?.type ?? ""] !== row.status)
      broken.push(`the row is ${row.status} and the last event is ${last?.type}`);
    const left = stored.filter(({ state }) => state !== "delivered");
    if (left.length > 0) broken.push(`events not delivered: ${JSON.stringify(left)}`);
    // Repeats are allowed; the first arrivals must come in the order of the changes.
    const first = [...new Set(arrived.filter(({ connection }) => connection === row.id).map(({ id }) => id))];
    if (first.join(" ") !== stored.map(({ id }) => id).join(" "))
      broken.push(`events arrived as\n${first.join(" ")}\nand happened as\n${stored.map(({ id }) => id).join(" ")}`);
  }
}
