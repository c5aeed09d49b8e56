/**
 * What an event says: `{type, timestamp, data}` of Standard Webhooks, thin. Nothing secret goes in: no token, no sealed
 * value, no word of the provider's. No I/O. No clock.
 */
import type { Connection } from "../../db/connections.ts";
import type { EventType } from "../../lib/config-webhooks.ts";
import { rfc3339 } from "../../lib/clock.ts";
import type { SystemName } from "../../lib/ids.ts";

/** What a type adds to `data`. */
export interface EventDetail {
  /** Of `updated`: what is different. */
  readonly changed?: readonly string[];
  /** Of `refreshed_after_failure`: how many refreshes failed before. */
  readonly failures?: number;
  /** Of `expiring_soon`: when the grant dies if nothing changes, RFC 3339. */
  readonly expires_at?: string;
}

/** Receivers may refuse what is larger than 20 kB; each of these is far below. */
const MOST_TEXT = 256;
const MOST_SCOPE_BYTES = 8_192;

/** The exact text that is signed and sent. `at`: ms. */
export function bodyOf(
  row: Connection,
  event: { readonly type: EventType; readonly system: SystemName; readonly at: number; readonly detail: EventDetail },
): string {
  const { name, address, tenant } = row.profile;
  const scopes = fitting(row.scopes);
  const left = row.scopes.length - scopes.length;
  const connection = {
    id: row.id,
    provider: row.provider,
    status: row.status,
    status_reason: row.statusReason,
    mend: row.statusMend,
    account: { name: short(name), address: short(address), tenant: short(tenant) },
    scopes,
    ...(left === 0 ? {} : { scopes_left_out: left }),
    connected_at: rfc3339(row.connectedAt),
  };
  const data = { system: event.system, owner: row.owner, connection, ...event.detail };
  return JSON.stringify({ type: event.type, timestamp: rfc3339(event.at), data });
}

function short(text: string | null): string | null {
  return text === null ? null : text.slice(0, MOST_TEXT);
}

function fitting(scopes: readonly string[]): string[] {
  let bytes = 0;
  return scopes.filter((scope) => {
    bytes += new TextEncoder().encode(JSON.stringify(scope)).length + 1;
    return bytes <= MOST_SCOPE_BYTES;
  });
}
