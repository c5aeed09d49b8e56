/** What a user is told when a connection needs them. */
import type { Connection } from "../db/connections.ts";
import { type Failure, failure } from "../lib/errors.ts";
import type { ConnectionId, ProviderId } from "../lib/ids.ts";
import type { Provider } from "../providers/provider.ts";
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

/** The path that starts a sign-in. Microsoft's own is fetched by GET; the manager's and mail's take a POST, their parameters in the query or the body. */
export function authorizePathFor(
  { basePath, mainBasePath }: Pick<Vault, "basePath" | "mainBasePath">,
  provider: ProviderId,
  { claims, scopes = [], connection }: AuthorizeNeeds = {},
): string {
  if (provider === "microsoft" && scopes.length === 0) {
    const path = `${basePath}/auth/microsoft/`;
    return claims ? `${path}?${new URLSearchParams({ claims }).toString()}` : path;
  }
  const isMail = provider === MAIL_ONLY && basePath === mainBasePath;
  const query = new URLSearchParams(isMail ? {} : { provider });
  if (scopes.length > 0) query.set("scopes", scopes.join(" "));
  if (connection !== undefined) query.set("connection", connection);
  if (claims) query.set("claims", claims);
  if (!isMail) return `${basePath}/oauth/authorize?${query.toString()}`;
  return `${MAIL_PATH}/microsoft/authorize${query.size > 0 ? `?${query.toString()}` : ""}`;
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
  const needs = { claims: row.statusClaims, connection: row.id };
  const extra = { ...who, authorize_path: authorizePathFor(vault, row.provider, needs) };
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

/** Where the provider sends the browser back after a sign-in for mail. `given`: the address that the operator registered instead. */
export function mailRedirectUri(publicUrl: string, door: "microsoft" | "google", given: string | undefined): string {
  return given ?? `${publicUrl}${MAIL_PATH}/${door}/callback`;
}

/** Where Microsoft's own sign-in comes back. What is configured is main's; where it ends in main's path, beta's differs from it as the paths do. */
export function redirectUriFor(
  { basePath, mainBasePath, publicUrl }: Pick<Vault, "basePath" | "mainBasePath" | "publicUrl">,
  { id, redirectUri: given }: Pick<Provider, "id" | "redirectUri">,
): string {
  if (id === MAIL_ONLY && basePath === mainBasePath) return mailRedirectUri(publicUrl, "microsoft", given);
  if (id !== "microsoft") return managerRedirectUri({ basePath, publicUrl }, id);
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
