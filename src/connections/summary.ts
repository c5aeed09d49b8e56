/** A connection as the API shows it: nothing sealed, nothing secret. */
import type { Connection } from "../db/connections.ts";
import { rfc3339 } from "../lib/clock.ts";

/** The public shape of a connection. Times are RFC 3339 UTC. */
export interface ConnectionSummary {
  readonly id: string;
  readonly provider: string;
  readonly status: string;
  readonly status_reason: string | null;
  readonly account: { readonly name: string | null; readonly address: string | null; readonly tenant: string | null };
  readonly scopes: readonly string[];
  readonly token_expires_at: string | null;
  readonly connected_at: string;
  readonly created_at: string;
}

/** The public shape of a row. */
export function summarise(row: Connection): ConnectionSummary {
  return {
    id: row.id,
    provider: row.provider,
    status: row.status,
    status_reason: row.statusReason,
    account: row.profile,
    scopes: row.scopes,
    token_expires_at: row.tokenExpiresAt === null ? null : rfc3339(row.tokenExpiresAt),
    connected_at: rfc3339(row.connectedAt),
    created_at: rfc3339(row.createdAt),
  };
}
