import type { World } from "../world.ts";
import { invalidGrant } from "./errors.ts";
import { issueTokens } from "./issue-tokens.ts";
import { checkRefreshToken, findRefreshToken, spendRefreshToken, type RefreshToken } from "./refresh-tokens.ts";
import { grantedNames, onlyResource } from "./resource-scopes.ts";
import { parseScopes } from "./scopes.ts";
import { findAudience, type Audience } from "./tenants.ts";
import { requiredField, type TokenAnswer, type TokenRequest } from "./token-request.ts";
import { activeUser, identityAt, type Identity, type User } from "./users.ts";

/** The refresh_token grant. It works for any resource that the user consented to, one at a time. */
export function refresh(world: World, { origin, audience, client, form }: TokenRequest): Promise<TokenAnswer> {
  const record = findRefreshToken(world, requiredField(form, "refresh_token"), client.client_id);
  const user = activeUser(world, record.user);
  checkRefreshToken(world, record, user);
  const identity = identityFor(world, record, user, audience);
  const who = { ...record.who, tid: identity.tid, oid: identity.oid };
  const scopes = parseScopes(form.get("scope") ?? "");
  const asked = onlyResource(scopes) ?? { resource: record.resource, names: record.names };
  const granted = asked.names.length === 0 ? [] : grantedNames(world, who, asked);
  spendRefreshToken(world, record);
  const claims = form.get("claims") ?? record.claims;
  const { family, oidc, audience: issuedOn } = record;
  return issueTokens(world, {
    origin,
    user,
    identity,
    seed: { family, who, user: user.name, audience: issuedOn, oidc, ...asked, ...(claims !== undefined && { claims }) },
    granted,
    withRefreshToken: world.settings().refresh_token_in_answer,
    withIdToken: oidc.includes("openid") && (scopes.oidc.includes("openid") || !form.has("scope")),
  });
}

// A tenant's own path asks for a token of that tenant; the others mean the tenant of the sign-in.
function identityFor(world: World, record: RefreshToken, user: User, audience: Audience): Identity {
  const signedInTo = findAudience(world, record.who.tid);
  const target = audience.kind === "tenant" ? audience : signedInTo;
  const identity = identityAt(user, audience) === undefined ? undefined : identityAt(user, target);
  if (identity !== undefined) return identity;
  throw invalidGrant(
    50020,
    `User account '${user.upn}' from another identity provider does not exist in the tenant and cannot access the application in that tenant.`,
  );
}
