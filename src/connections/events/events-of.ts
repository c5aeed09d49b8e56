/**
 * Which events a change of a row causes: derived from the row before and after, so that whoever changes a row need not
 * know. No I/O. No clock.
 */
import type { EventRecord } from "../../db/companions.ts";
import type { Connection } from "../../db/connections.ts";
import type { EventDelivery } from "../../db/schema-records.ts";
import type { EventType, WebhookEndpoint } from "../../lib/config-webhooks.ts";
import { rfc3339 } from "../../lib/clock.ts";
import { newEventId, type SystemName } from "../../lib/ids.ts";
import { bodyOf, type EventDetail } from "./body.ts";

/** A change of one row. */
export interface Change {
  readonly before: Connection | undefined;
  readonly next: Connection;
  /** The owner connected or disconnected. */
  readonly decided: boolean;
  /** Refreshes of this generation that have failed since the last one that was stored. */
  readonly failures: number;
}

/** Who tells whom. `now`: ms. */
export interface Telling {
  readonly system: SystemName;
  readonly endpoints: readonly WebhookEndpoint[];
  readonly now: number;
}

/** The events of a change, in their order. None where no endpoint wants to be told. */
export function eventsOf(change: Change, telling: Telling): EventRecord[] {
  if (telling.endpoints.length === 0) return [];
  return [...happened(change)].flatMap(([type, detail]) => recordOf(change.next, { type, detail, telling }));
}

function* happened({ before, next, decided, failures }: Change): Iterable<[EventType, EventDetail]> {
  const lived = before !== undefined && before.status !== "revoked";
  const lives = next.status !== "revoked";
  if (!lived && lives) yield ["connection.created", {}];
  const changed = lived && lives ? changesOf(before, next, decided) : [];
  if (changed.length > 0) yield ["connection.updated", { changed }];
  const refreshed = lived && !decided && next.status === "active" && next.generation > before.generation;
  if (refreshed && failures > 0) yield ["connection.refreshed_after_failure", { failures }];
  if (next.status === "reauth_required" && before?.status !== "reauth_required")
    yield ["connection.reauth_required", {}];
  if (lived && !lives) yield ["connection.revoked", {}];
  const announced = next.expiryAnnouncedAt !== null && next.expiryAnnouncedAt !== before?.expiryAnnouncedAt;
  if (lives && announced)
    yield [
      "connection.expiring_soon",
      next.grantExpiresAt === null ? {} : { expires_at: rfc3339(next.grantExpiresAt) },
    ];
}

/** What the application may have copied, and has to read again. */
function changesOf(before: Connection, next: Connection, decided: boolean): string[] {
  const profile = ({ profile: { name, address, tenant } }: Connection) => JSON.stringify([name, address, tenant]);
  const scopes = (row: Connection) => JSON.stringify([...new Set(row.scopes)].toSorted());
  return [
    ...(decided && next.status === "active" ? ["grant"] : []),
    ...(scopes(before) === scopes(next) ? [] : ["scopes"]),
    ...(profile(before) === profile(next) ? [] : ["profile"]),
  ];
}

interface Happened {
  readonly type: EventType;
  readonly detail: EventDetail;
  readonly telling: Telling;
}

function recordOf(row: Connection, { type, detail, telling: { system, endpoints, now } }: Happened): EventRecord[] {
  const deliveries = freshDeliveries(endpoints, type, now);
  if (Object.keys(deliveries).length === 0) return [];
  return [
    {
      id: newEventId(),
      at: now,
      owner: row.owner,
      connection: row.id,
      version: row.version,
      type,
      body: bodyOf(row, { type, system, at: now, detail }),
      state: "pending",
      dueAt: now,
      deliveries,
    },
  ];
}

/** Deliveries that have not begun, to every endpoint that wants events of that type. `now`: ms. */
export function freshDeliveries(
  endpoints: readonly WebhookEndpoint[],
  type: string,
  now: number,
): Record<string, EventDelivery> {
  const wanting = endpoints.filter(({ events }) => events === undefined || events.some((wanted) => wanted === type));
  const fresh: EventDelivery = { state: "pending", attempts: 0, nextAt: now, lastStatus: null, lastError: null };
  return Object.fromEntries(wanting.map(({ id }) => [id, fresh]));
}
