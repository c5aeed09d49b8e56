/** How the connection stands, and how long its credential lives. */
import type { Tenant } from "../../db/tenants.ts";
import { rfc3339 } from "../../lib/clock.ts";
import { knownCapabilities, shownCapabilities } from "./capabilities.ts";
import type { Overview } from "../run/overview.ts";
import type { Connection } from "./connection.ts";
import { currentRow } from "./current-row.ts";
import { consentUrlOf } from "./endpoints.ts";
import { withExpiry } from "./expiry.ts";

/** How the connection stands. Times RFC 3339. */
type ConnectionStatus =
  | { readonly connected: false }
  | {
      readonly connected: true;
      readonly tenant: { readonly id: string; readonly name: string | null; readonly domains: readonly string[] };
      readonly credential: CredentialHealth;
      readonly connected_by: string;
      readonly connected_at: string;
      readonly capabilities: ReturnType<typeof shownCapabilities>;
      readonly admin_consent_url?: string;
      /** When the schedule looks at this tenant next. */
      readonly next_scheduled_at: string;
    };

/** How the connection and the copy stand. */
export type DirectoryStatus = ConnectionStatus & Partial<Overview>;

/** How a credential stands. */
export interface CredentialHealth {
  readonly kind: Tenant["credentialKind"];
  readonly client_id: string;
  /** Null where Microsoft does not tell. */
  readonly expires_at: string | null;
  /** Whole days; negative when it is over. */
  readonly expires_in_days: number | null;
  /** refused: Microsoft did not take it when a token was last asked for. */
  readonly status: Tenant["status"];
  readonly status_reason?: string;
  readonly status_code?: string;
}

const DAY_MS = 86_400_000;

/** How the connection stands. Where it has no row, what was copied is forgotten. Fails as D1 does. */
export async function statusOf(connection: Connection): Promise<ConnectionStatus> {
  const { sql, config, clock } = connection;
  const stored = await currentRow(connection);
  if (!stored) return { connected: false };
  const disconnects = connection.disconnects();
  const row = await withExpiry(connection, stored);
  if (connection.disconnects() !== disconnects) return { connected: false };
  const consentUrl = consentUrlOf(config, row);
  const capabilities = knownCapabilities(sql);
  const missing = Object.values(capabilities).some((one) => one?.status === "permission_missing");
  return {
    connected: true,
    tenant: { id: row.tenantId, name: row.tenantName, domains: row.domains },
    credential: healthOf(row, clock.now()),
    connected_by: row.connectedBy,
    connected_at: rfc3339(row.createdAt),
    capabilities: shownCapabilities(capabilities, consentUrl),
    ...(missing ? { admin_consent_url: consentUrl } : {}),
    next_scheduled_at: rfc3339(row.dueAt),
  };
}

function healthOf(row: Tenant, now: number): CredentialHealth {
  const { secretExpiresAt: end } = row;
  return {
    kind: row.credentialKind,
    client_id: row.clientId,
    expires_at: end === null ? null : rfc3339(end),
    expires_in_days: end === null ? null : Math.floor((end - now) / DAY_MS),
    status: row.status,
    ...(row.statusReason === null ? {} : { status_reason: row.statusReason }),
    ...(row.statusCode === null ? {} : { status_code: row.statusCode }),
  };
}
