/** What a grant must hold, and what a caller may be handed of it. */
import type { Connection } from "../db/connections.ts";
import { type Failure, failure } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Feature } from "../lib/features.ts";
import { scopesFor, unlocks } from "../providers/features.ts";
import { scopesBeyond } from "../providers/policy.ts";
import type { Provider } from "../providers/provider.ts";
import { record } from "./audit.ts";
import type { AccessGrant } from "./grant.ts";
import { authorizePathFor } from "./reauth.ts";
import { scopesOf } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** Fails as `scope_insufficient` where the grant holds nothing of that API, and as `validation_failed` where the provider has no such API. */
export function requireResource(vault: Vault, row: Connection, resource: string): void {
  const provider = vault.provider(row.provider);
  const known = provider.resources[resource];
  if (!known) throw unknownResource(provider);
  if (known.scopePrefix === "" || row.accessTokens[resource]) return;
  if (scopesOf(provider, resource, row.scopes).length > 0) return;
  throw insufficient(vault, row, {
    detail: `The grant holds no scope of ${resource}.`,
    missing: scopesOf(provider, resource, provider.scopes),
  });
}

function unknownResource(provider: Provider): Failure {
  const names = Object.keys(provider.resources).join(", ");
  const message = `expected one of ${names}`;
  return failure("validation_failed", `resource: ${message}`, { extra: { errors: [{ path: "resource", message }] } });
}

/** Fails as `scope_insufficient` where the grant does not unlock one of the features. */
export function requireFeatures(vault: Vault, row: Connection, features: readonly Feature[]): void {
  const provider = vault.provider(row.provider);
  const locked = features.filter((feature) => !unlocks(provider, feature, row.scopes));
  if (locked.length === 0) return;
  throw insufficient(vault, row, {
    detail: `The grant does not cover ${locked.join(", ")}.`,
    missing: locked.flatMap((feature) => scopesFor(provider, feature) ?? []),
  });
}

interface Insufficiency {
  readonly detail: string;
  readonly missing: readonly string[];
}

function insufficient(vault: Vault, row: Connection, { detail, missing }: Insufficiency): Failure {
  const authorize_path = authorizePathFor(vault, row.provider, { scopes: missing, connection: row.id });
  return failure("scope_insufficient", detail, { extra: { missing_scopes: missing, authorize_path } });
}

/** Who gets the token itself. */
interface Receiver {
  readonly roles: readonly string[];
  readonly actor?: string;
  readonly requestId?: string;
}

/**
 * Fails as `forbidden` where the token holds more than the receiver's roles may have. A provider may have granted more
 * than was asked for; nobody can take power out of a token, so it is kept and not handed out.
 */
export async function requireAllowed(
  vault: Vault,
  grant: AccessGrant,
  { roles, actor = vault.owner, requestId }: Receiver,
): Promise<void> {
  const provider = vault.provider(grant.provider);
  const scopes = scopesBeyond({ policy: vault.scopePolicy, provider, roles }, grant.scopes);
  if (scopes.length === 0) return;
  throw await denied(vault, { provider, scopes, roles, actor, requestId, connection: grant.connection });
}

/** What the policy said no to. */
interface Denial {
  readonly provider: Provider;
  readonly scopes: readonly string[];
  readonly roles: readonly string[];
  readonly actor: string;
  readonly requestId: string | undefined;
  readonly connection?: ConnectionId;
}

/** Records that the policy said no, and gives the failure that says so. */
export async function denied(vault: Vault, denial: Denial): Promise<Failure> {
  const { provider, scopes, roles, actor, requestId, connection } = denial;
  const detail = `The scope policy does not allow this caller: ${scopes.join(" ")}.`;
  const failed = failure("forbidden", detail, {
    extra: { reason: "scope_beyond_policy", scopes, mend: "operator" },
    reason: `scope policy: ${scopes.join(" ")}`,
  });
  await record(vault, {
    action: "policy_denial",
    outcome: "failed",
    provider: provider.id,
    ...(connection === undefined ? {} : { connection }),
    failure: failed,
    actor,
    requestId,
    detail: { scopes, roles },
  });
  return failed;
}
