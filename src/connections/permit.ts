/** What a grant must hold, and what a caller may be handed of it. */
import type { Connection } from "../db/connections.ts";
import { type Failure, failure, notValid } from "../lib/errors.ts";
import type { ConnectionId } from "../lib/ids.ts";
import type { Feature } from "../lib/features.ts";
import { scopesFor, unlocks } from "../providers/features.ts";
import { mayUseFeature, scopesBeyond } from "../providers/policy.ts";
import type { Provider } from "../providers/provider.ts";
import { shortScope, unionOf } from "../providers/scopes.ts";
import { record } from "./audit.ts";
import type { AccessGrant } from "./grant.ts";
import { authorizePathOf } from "./reauth.ts";
import { isHeld, scopesOf } from "./tokens.ts";
import type { Vault } from "./vault.ts";

/** Fails as `scope_insufficient` where the grant holds nothing of that API, and as `validation_failed` where the provider has no such API. */
export function requireResource(vault: Vault, row: Connection, resource: string): void {
  const provider = vault.provider(row.provider);
  const known = Object.hasOwn(provider.resources, resource) ? provider.resources[resource] : undefined;
  if (!known) throw unknownResource(provider);
  if (!isHeld(provider, resource, row.scopes)) throw holdsNothing(vault, row, resource);
}

/** The failure of a grant that holds nothing of that API. */
export function holdsNothing(vault: Vault, row: Connection, resource: string): Failure {
  const missing = wantedScopes(vault.provider(row.provider), row, resource);
  return insufficient(vault, row, { detail: `The grant holds no scope of ${resource}.`, missing });
}

/** What would open a resource: what was asked of it before, else what every sign-in asks, else the least that its features need. */
function wantedScopes(provider: Provider, { askedScopes }: Connection, resource: string): string[] {
  const least = unionOf(provider, ...Object.values(provider.features).map((scopes) => scopes.slice(0, 1)));
  const lists = [askedScopes ?? [], provider.scopes, least].map((scopes) => scopesOf(provider, resource, scopes));
  return lists.find((scopes) => scopes.length > 0) ?? [];
}

function unknownResource(provider: Provider): Failure {
  const names = Object.keys(provider.resources).join(", ");
  const message = `expected one of ${names}`;
  return notValid([{ path: "resource", message }]);
}

/** What a caller is about to do with a connection, and who they are. */
export interface FeatureUse {
  readonly features: readonly Feature[];
  readonly callerRoles?: readonly string[];
  readonly actor?: string;
  readonly requestId?: string | undefined;
}

/** Fails as `forbidden` where the policy keeps a feature from the caller, and as `scope_insufficient` where the grant does not unlock one. */
export async function requireFeatures(vault: Vault, row: Connection, use: FeatureUse): Promise<void> {
  const { features, callerRoles: roles, actor = vault.owner, requestId } = use;
  const provider = vault.provider(row.provider);
  const question = roles && { policy: vault.scopePolicy, provider, roles };
  const barred = question ? features.find((feature) => !mayUseFeature(question, feature)) : undefined;
  if (roles && barred !== undefined) {
    const scopes = provider.features[barred] ?? [];
    throw await denied(vault, { provider, scopes, roles, actor, requestId, connection: row.id });
  }
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

/** The failure of a grant that lacks scopes, with the sign-in that would bring them. */
export function insufficient(vault: Vault, row: Connection, { detail, missing }: Insufficiency): Failure {
  const provider = vault.provider(row.provider);
  const extra = {
    missing_scopes: missing.map((scope) => shortScope(provider, scope)),
    authorize_path: authorizePathOf(vault, row, { missing }),
  };
  return failure("scope_insufficient", detail, { extra });
}

/** Who gets the token itself. */
interface Receiver {
  readonly roles: readonly string[];
  readonly actor?: string;
  readonly requestId?: string | undefined;
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
