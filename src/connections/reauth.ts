/** What a user is told when a connection needs them. */
import type { Connection } from "../db/connections.ts";
import { type Failure, failure } from "../lib/errors.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import type { Provider } from "../providers/provider.ts";
import { unlockedBy, unlocks } from "../providers/features.ts";
import { missingScopes } from "../providers/scopes.ts";
import type { Vault } from "./vault.ts";
import { adminConsentUrl } from "./verdicts.ts";

/** What the next sign-in must bring. */
export interface AuthorizeNeeds {
  /** What the provider wants answered there (OpenID Connect Core section 5.5). */
  readonly claims?: string | null | undefined;
  /** What is to be granted beyond what is held. */
  readonly scopes?: readonly string[];
  readonly connection?: ConnectionId;
}

/** The path that starts a sign-in. Microsoft's own, which names no connection, is fetched by GET; the manager's and mail's take a POST, their parameters in the query or the body. */
export function authorizePathFor(
  { basePath, mainBasePath }: Pick<Vault, "basePath" | "mainBasePath">,
  provider: ProviderId,
  { claims, scopes = [], connection }: AuthorizeNeeds = {},
): string {
  if (provider === MICROSOFT && scopes.length === 0 && connection === undefined) {
    const path = `${basePath}/auth/microsoft/`;
    return claims ? `${path}?${new URLSearchParams({ claims }).toString()}` : path;
  }
  const isMail = hasOwnDoor({ basePath, mainBasePath }, provider);
  const query = new URLSearchParams(isMail ? {} : { provider });
  if (scopes.length > 0) query.set("scopes", scopes.join(" "));
  if (connection !== undefined) query.set("connection", connection);
  if (claims) query.set("claims", claims);
  if (!isMail) return `${basePath}/oauth/authorize?${query.toString()}`;
  return `${MAIL_PATH}/microsoft/authorize${query.size > 0 ? `?${query.toString()}` : ""}`;
}

/** The path that starts the sign-in which a connection needs. `missing`: what it is to hold besides. */
export function authorizePathOf(
  vault: Vault,
  row: Connection,
  { claims, missing = [] }: { readonly claims?: string | null | undefined; readonly missing?: readonly string[] },
): string {
  const provider = vault.provider(row.provider);
  const asksMore = missingScopes(provider, missing, provider.scopes).length > 0;
  if (row.provider === MICROSOFT && !asksMore && !mustBeNamed(vault, row))
    return authorizePathFor(vault, row.provider, { claims });
  // Mail's door asks for the usual scopes by itself; the manager, for what is held where nothing else is named.
  const scopes = asksMore || !hasOwnDoor(vault, row.provider) ? missing : [];
  return authorizePathFor(vault, row.provider, { claims, scopes, connection: row.id });
}

/** True where Microsoft's own sign-in, which asks for the usual scopes and knows no connection, would not bring this one back. Every use of a token asks. */
export function mustBeNamed(vault: Vault, row: Connection): boolean {
  if (row.provider !== MICROSOFT) return false;
  if (holdsUnusual(vault, row)) return true;
  for (const other of vault.memory.rows?.values() ?? [])
    if (other.id !== row.id && other.provider === MICROSOFT && other.status !== "revoked") return true;
  return false;
}

/** By row: another version of it is another object, and what is usual never changes. */
const unusual = new WeakMap<Connection, boolean>();

function holdsUnusual(vault: Vault, row: Connection): boolean {
  const known = unusual.get(row);
  if (known !== undefined) return known;
  const provider = vault.provider(row.provider);
  const beyond = missingScopes(provider, row.scopes, provider.scopes).some((scope) => isBeyondUsual(provider, scope));
  unusual.set(row, beyond);
  return beyond;
}

/** True for a scope that does not merely do less of what the usual ones do. */
function isBeyondUsual(provider: Provider, scope: string): boolean {
  const features = unlockedBy(provider, scope);
  return features.length === 0 || features.some((feature) => !unlocks(provider, feature, provider.scopes));
}

/** True where sign-ins for mail alone have a path of their own. */
function hasOwnDoor({ basePath, mainBasePath }: Pick<Vault, "basePath" | "mainBasePath">, id: ProviderId): boolean {
  return id === MAIL_ONLY && basePath === mainBasePath;
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
  const extra = { ...who, authorize_path: authorizePathOf(vault, row, { claims: row.statusClaims }) };
  return failure("reauth_required", "The account must be connected again.", { extra });
}

const ADMIN_CONSENT = "admin_consent_required";

/** Where the provider sends the browser back after a sign-in through the manager: one address per provider, because most name no issuer (RFC 9700 section 4.4). */
export function managerRedirectUri(
  { basePath, publicUrl }: Pick<Vault, "basePath" | "publicUrl">,
  id: ProviderId,
): string {
  return `${publicUrl}${basePath}/oauth/callback/${id}`;
}

/** Where the mail surface is mounted. It has one population, main's. */
export const MAIL_PATH = "/api/oauth";
/** The provider that is for mail alone. */
const MAIL_ONLY = "outlook";
/** The provider whose sign-in has a path of its own. */
const MICROSOFT = "microsoft";

/** Where the provider sends the browser back after a sign-in for mail. `given`: the address that the operator registered instead. */
export function mailRedirectUri(publicUrl: string, door: "microsoft" | "google", given: string | undefined): string {
  return given ?? `${publicUrl}${MAIL_PATH}/${door}/callback`;
}

/** Where Microsoft's own sign-in comes back. What is configured is main's; where it ends in main's path, beta's differs from it as the paths do. */
export function redirectUriFor(
  { basePath, mainBasePath, publicUrl }: Pick<Vault, "basePath" | "mainBasePath" | "publicUrl">,
  { id, redirectUri: given }: Pick<Provider, "id" | "redirectUri">,
): string {
  if (hasOwnDoor({ basePath, mainBasePath }, id)) return mailRedirectUri(publicUrl, "microsoft", given);
  if (id !== MICROSOFT) return managerRedirectUri({ basePath, publicUrl }, id);
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
