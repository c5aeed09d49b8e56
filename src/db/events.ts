/** Events to the application as they stand in D1. Written with their rows (companions.ts); here they are read and settled. */
import { and, asc, desc, eq, lt, ne, or, inArray, type SQL, sql } from "drizzle-orm";
import type { ConnectionId, Owner } from "../lib/ids.ts";
import type { EventRecord } from "./companions.ts";
import type { Database } from "./database.ts";
import type { EventDelivery } from "./schema-records.ts";
import type { Tables } from "./schema.ts";

/** What is delivered in order: the events of one connection to one endpoint. */
export interface Lane {
  readonly connection: ConnectionId;
  readonly endpoint: string;
}

/** Which events a page shows. `owner` undefined: everybody's. */
export interface EventFilter {
  readonly owner?: Owner | undefined;
  readonly connection?: string | undefined;
  readonly type?: string | undefined;
  readonly state?: EventRecord["state"] | undefined;
  /** The last event of the page before: what is older follows. */
  readonly after?: { readonly at: number; readonly id: string } | undefined;
  readonly limit: number;
}

/** The events of one system. Every method fails as D1 does. Times in ms. */
export interface EventRows {
  /** The lanes of an owner in which something is left to deliver. */
  lanes(owner: Owner): Promise<Lane[]>;
  /** The earliest event that a lane has left to deliver. */
  first(owner: Owner, lane: Lane): Promise<EventRecord | undefined>;
  /** Writes how far an event has come at one endpoint, where nobody has changed that since `before`. False where somebody has. */
  settle(id: string, endpoint: string, change: { before: EventDelivery; next: EventDelivery }): Promise<boolean>;
  find(id: string): Promise<EventRecord | undefined>;
  /** Newest first. */
  page(filter: EventFilter): Promise<EventRecord[]>;
  /** Makes an event pending with these deliveries. */
  restart(id: string, deliveries: Readonly<Record<string, EventDelivery>>, now: number): Promise<void>;
  /** Owners of events that could have been delivered before `before` and were not, `limit` at most. */
  overdue(before: number, limit: number): Promise<Owner[]>;
  /** Removes events that nothing is left to do for and that are older than `before`; gives how many. */
  purge(before: number, limit: number): Promise<number>;
}

/** Binds the statements to one system's table. */
export function eventRows(db: Database, { events: table }: Tables): EventRows {
  return { ...lanesOf(db, table), ...recordsOf(db, table) };
}

type Table = Tables["events"];

function lanesOf(db: Database, table: Table): Pick<EventRows, "lanes" | "first" | "settle" | "overdue"> {
  return {
    lanes: (owner) =>
      db.all<Lane>(sql`
        select distinct event.connection as connection, delivery.key as endpoint
        from ${table} as event, json_each(event.deliveries) as delivery
        where event.owner = ${owner} and event.state = 'pending' and json_extract(delivery.value, '$.state') = 'pending'`),
    async first(owner, { connection, endpoint }) {
      const left = sql`json_extract(${table.deliveries}, ${pathOf(endpoint, "state")}) = 'pending'`;
      const mine = and(eq(table.owner, owner), eq(table.connection, connection), eq(table.state, "pending"), left);
      const [event] = await db
        .select()
        .from(table)
        .where(mine)
        .orderBy(asc(table.version), sql`rowid`)
        .limit(1);
      return event;
    },
    async settle(id, endpoint, { before, next }) {
      const at = (field: string) => sql`json_extract(${table.deliveries}, ${pathOf(endpoint, field)})`;
      const unchanged = and(eq(table.id, id), eq(at("state"), before.state), eq(at("attempts"), before.attempts));
      const deliveries = sql`json_set(${table.deliveries}, ${pathOf(endpoint)}, json(${JSON.stringify(next)}))`;
      const { meta } = await db.update(table).set(standing(deliveries)).where(unchanged);
      return meta.changes === 1;
    },
    async overdue(before, limit) {
      const found = await db.all<{ owner: Owner }>(overdueOwners(table, before, limit));
      return found.map(({ owner }) => owner);
    },
  };
}

function recordsOf(db: Database, table: Table): Pick<EventRows, "find" | "page" | "restart" | "purge"> {
  return {
    async find(id) {
      const [event] = await db.select().from(table).where(eq(table.id, id));
      return event;
    },
    page({ owner, connection, type, state, after, limit }) {
      const wanted = and(
        owner === undefined ? undefined : eq(table.owner, owner),
        connection === undefined ? undefined : eq(table.connection, connection),
        type === undefined ? undefined : eq(table.type, type),
        state === undefined ? undefined : eq(table.state, state),
        after && or(lt(table.at, after.at), and(eq(table.at, after.at), lt(table.id, after.id))),
      );
      return db.select().from(table).where(wanted).orderBy(desc(table.at), desc(table.id)).limit(limit);
    },
    async restart(id, deliveries, now) {
      await db.update(table).set({ deliveries, state: "pending", dueAt: now }).where(eq(table.id, id));
    },
    async purge(before, limit) {
      const old = db
        .select({ id: table.id })
        .from(table)
        .where(and(ne(table.state, "pending"), lt(table.at, before)));
      const { meta } = await db.delete(table).where(inArray(table.id, old.limit(limit)));
      return meta.changes;
    },
  };
}

/** State and due time as they follow from `deliveries`, so that they cannot say anything else. */
function standing(deliveries: SQL) {
  const some = (state: EventDelivery["state"]) =>
    sql`exists (select 1 from json_each(${deliveries}) where json_extract(value, '$.state') = ${state})`;
  return {
    deliveries,
    state: sql`case when ${some("pending")} then 'pending' when ${some("failed")} then 'failed' else 'delivered' end`,
    dueAt: sql`(select min(json_extract(value, '$.nextAt')) from json_each(${deliveries}))`,
  };
}

/** An event that waits behind an earlier one of its lane is not overdue: the earlier one says when it goes on. */
function overdueOwners(table: Table, before: number, limit: number): SQL {
  const left = (deliveries: SQL) => sql`json_extract(${deliveries}, delivery.fullkey || '.state') = 'pending'`;
  return sql`
    select distinct event.owner as owner from ${table} as event, json_each(event.deliveries) as delivery
    where event.state = 'pending' and event.due_at < ${before} and ${left(sql`event.deliveries`)}
      and json_extract(delivery.value, '$.nextAt') < ${before}
      and not exists (
        select 1 from ${table} as earlier
        where earlier.owner = event.owner and earlier.connection = event.connection and earlier.state = 'pending'
          and (earlier.version, earlier.rowid) < (event.version, event.rowid) and ${left(sql`earlier.deliveries`)}
      )
    limit ${limit}`;
}

/** A place in `deliveries`. An endpoint's id holds no quote: it is of word characters, or a host and path as URLs write them. */
function pathOf(endpoint: string, field?: string): string {
  return `$."${endpoint}"${field === undefined ? "" : `.${field}`}`;
}
