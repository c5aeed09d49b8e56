/** A connection as the manager shows it: how it stands, who can mend it, what it may, and how long it will live. */
import type { Connection } from "../db/connections.ts";
import { rfc3339 } from "../lib/clock.ts";
import { Failure } from "../lib/errors.ts";
import type { Feature } from "../lib/features.ts";
import { unlocks } from "../providers/features.ts";
import type { Provider } from "../providers/provider.ts";
import { missingScopes } from "../providers/scopes.ts";
import { forecastOf } from "./forecast.ts";
import { failuresOf, lastFailureOf } from "./pauses.ts";
import { authorizePathFor, reauthFailure } from "./reauth.ts";
import { summarise } from "./summary.ts";
import type { Vault } from "./vault.ts";

/** The public shape of a connection in the manager. Times are RFC 3339 UTC. */
export function integrationOf(vault: Vault, row: Connection) {
  const provider = providerOrNothing(vault, row);
  const asked = row.askedScopes ?? row.scopes;
  const missing = provider ? missingScopes(provider, asked, row.scopes) : [];
  return {
    ...summarise(row),
    provider_name: provider?.name ?? row.provider,
    trouble: troubleOf(vault, row, provider),
    asked_scopes: asked,
    missing_scopes: missing,
    ...(missing.length === 0
      ? {}
      : { authorize_path: authorizePathFor(vault, row.provider, { scopes: missing, connection: row.id }) }),
    features: provider
      ? (Object.keys(provider.features) as Feature[]).filter((one) => unlocks(provider, one, row.scopes))
      : [],
    resources: Object.fromEntries(
      Object.entries(row.accessTokens).map(([name, { expiresAt, scopes }]) => [
        name,
        { expires_at: time(expiresAt), scopes },
      ]),
    ),
    refreshable: row.refreshToken !== null,
    last_used_at: time(vault.memory.used.get(row.id) ?? row.lastUsedAt),
    last_refreshed_at: time(row.lastRefreshedAt),
    // Failures are noted beside the row: the one in memory lags behind.
    refresh_failures: failuresOf(vault, row),
    last_failure: lastFailureOf(vault, row),
    updated_at: rfc3339(row.updatedAt),
    forecast: forecastOf(row, provider),
  };
}

/** See {@link integrationOf}. */
export type Integration = ReturnType<typeof integrationOf>;

/** A provider whose variables have gone is no reason to hide what is held. */
function providerOrNothing(vault: Vault, row: Connection): Provider | undefined {
  try {
    return vault.provider(row.provider);
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}

/** Why it does not work, and who can mend it where; null while it does. */
function troubleOf(vault: Vault, row: Connection, provider: Provider | undefined) {
  if (!provider)
    return { code: "provider_misconfigured", detail: "This provider is not set up here.", mend: "operator" };
  if (row.status !== "reauth_required") return null;
  const { code, message: detail, extra } = reauthFailure(vault, row);
  return { code, detail, ...extra, mend: extra.mend ?? "user" };
}

function time(at: number | null): string | null {
  return at === null ? null : rfc3339(at);
}
