/** What a user is told when a connection needs them. */
import type { Connection } from "../db/connections.ts";
import { type Failure, failure } from "../lib/errors.ts";
import type { ProviderId } from "../lib/ids.ts";
import type { Provider } from "../providers/provider.ts";
import type { Vault } from "./vault.ts";
import { adminConsentUrl } from "./verdicts.ts";

/** The path that starts a sign-in; `claims`: what the provider wants answered there (OpenID Connect Core section 5.5). */
export function authorizePathFor(vault: Pick<Vault, "basePath">, provider: ProviderId, claims?: string | null): string {
  const path = `${vault.basePath}/auth/${provider}/`;
  return claims ? `${path}?${new URLSearchParams({ claims }).toString()}` : path;
}

/** The failure of a row that waits for its user, or for an administrator. */
export function reauthFailure(vault: Vault, row: Connection): Failure {
  const who = {
    reason: row.statusReason ?? "unknown",
    ...(row.statusCode === null ? {} : { provider_code: row.statusCode }),
    ...(row.statusMend === null ? {} : { mend: row.statusMend }),
  };
  if (row.statusReason === ADMIN_CONSENT) {
    const url = adminConsentUrl(vault.provider(row.provider), redirectUriFor(vault, vault.provider(row.provider)));
    const extra = { ...who, ...(url === undefined ? {} : { admin_consent_url: url }) };
    return failure("admin_consent_required", "An administrator of the organisation must consent first.", { extra });
  }
  const extra = { ...who, authorize_path: authorizePathFor(vault, row.provider, row.statusClaims) };
  return failure("reauth_required", "The account must be connected again.", { extra });
}

const ADMIN_CONSENT = "admin_consent_required";

/** Where the provider sends the browser back. What is configured is main's; where it ends in main's path, beta's differs from it as the paths do. */
export function redirectUriFor(
  { basePath, mainBasePath, publicUrl }: Pick<Vault, "basePath" | "mainBasePath" | "publicUrl">,
  { id, redirectUri: given }: Pick<Provider, "id" | "redirectUri">,
): string {
  const path = `${basePath}/auth/${id}/callback`;
  if (given === undefined || basePath === mainBasePath) return given ?? publicUrl + path;
  const mainPath = `${mainBasePath}/auth/${id}/callback`;
  return given.endsWith(mainPath) ? given.slice(0, -mainPath.length) + path : publicUrl + path;
}

/** The row, where it can be used. Fails as `not_connected` or `reauth_required` where it cannot. */
export function requireActive(vault: Vault, row: Connection | undefined): Connection {
  if (row?.status === "reauth_required") throw reauthFailure(vault, row);
  if (row?.status === "active") return row;
  const extra = row ? { authorize_path: authorizePathFor(vault, row.provider) } : {};
  throw failure("not_connected", "The account is no longer connected.", { extra });
}
