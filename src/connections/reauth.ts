/** What a user is told when a connection needs them. */
import type { Connection } from "../db/connections.ts";
import { type Failure, failure } from "../lib/errors.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Vault } from "./vault.ts";

/** The path that starts a sign-in; `claims`: what the provider wants answered there (OpenID Connect Core section 5.5). */
export function authorizePathFor(vault: Pick<Vault, "basePath">, provider: ProviderId, claims?: string | null): string {
  const path = `${vault.basePath}/auth/${provider}/`;
  return claims ? `${path}?${new URLSearchParams({ claims }).toString()}` : path;
}

/** The failure of a row that waits for its user. */
export function reauthFailure(vault: Vault, row: Connection): Failure {
  return failure("reauth_required", "The account must be connected again.", {
    extra: {
      reason: row.statusReason ?? "unknown",
      ...(row.statusCode === null ? {} : { provider_code: row.statusCode }),
      authorize_path: authorizePathFor(vault, row.provider, row.statusClaims),
    },
  });
}

/** The row, where it can be used. Fails as `not_connected` or `reauth_required` where it cannot. */
export function requireActive(vault: Vault, row: Connection | undefined): Connection {
  if (row?.status === "reauth_required") throw reauthFailure(vault, row);
  if (row?.status === "active") return row;
  const extra = row ? { authorize_path: authorizePathFor(vault, row.provider) } : {};
  throw failure("not_connected", "The account is no longer connected.", { extra });
}
