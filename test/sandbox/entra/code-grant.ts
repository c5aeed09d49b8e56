import { s256 } from "../ids.ts";
import type { World } from "../world.ts";
import { findCode, spendCode, type AuthorizationCode } from "./codes.ts";
import { EntraError, invalidGrant, invalidRequest } from "./errors.ts";
import { issueTokens, OPENID_RESOURCE } from "./issue-tokens.ts";
import { revokeFamily } from "./refresh-tokens.ts";
import { grantedNames, onlyResource, type ResourceScopes } from "./resource-scopes.ts";
import { parseScopes } from "./scopes.ts";
import { audienceKey } from "./tenants.ts";
import { requiredField, type TokenAnswer, type TokenRequest } from "./token-request.ts";
import { activeUser, identityAt } from "./users.ts";

/** The authorization_code grant. A code that fails a check stays good; one that is redeemed is spent. */
export async function redeemCode(world: World, request: TokenRequest): Promise<TokenAnswer> {
  const verifier = request.form.get("code_verifier");
  const hashed = verifier === null ? undefined : await s256(verifier);
  // From here to the tokens nothing waits, so that two requests cannot redeem one code.
  const code = findCode(world, requiredField(request.form, "code"));
  checkBinding(code, request);
  checkVerifier(code, verifier, hashed);
  refuseReplay(world, code);
  const asked = askedOf(code, request.form);
  const user = activeUser(world, code.user);
  const identity = identityAt(user, request.audience);
  if (identity === undefined) throw invalidGrant(50020, `User account '${user.upn}' does not exist in the tenant.`);
  const granted = asked.names.length === 0 ? [] : grantedNames(world, code.who, asked);
  const family = crypto.randomUUID();
  spendCode(world, code, family);
  const { who, audience, oidc, claims, nonce } = code;
  const carried = { ...(claims !== undefined && { claims }), ...(nonce !== undefined && { nonce }) };
  return issueTokens(world, {
    origin: request.origin,
    user,
    identity,
    seed: { family, who, user: user.name, audience, oidc, ...asked, ...carried },
    granted,
    withRefreshToken: oidc.includes("offline_access"),
    withIdToken: oidc.includes("openid"),
  });
}

function checkBinding(code: AuthorizationCode, { client, audience, form }: TokenRequest): void {
  if (code.who.clientId !== client.client_id)
    throw invalidGrant(70000, "The provided authorization code was issued to another application.");
  if (code.audience !== audienceKey(audience)) {
    throw invalidGrant(700005, "The provided authorization code is intended to be used against another tenant.");
  }
  const redirectUri = requiredField(form, "redirect_uri");
  if (code.redirectUri !== redirectUri) {
    const text = `The reply address '${redirectUri}' does not match the reply address '${code.redirectUri}' provided when requesting Authorization code.`;
    throw new EntraError("invalid_client", 500112, text);
  }
}

// PKCE comes on top of the client's secret, never instead of it.
function checkVerifier({ challenge }: AuthorizationCode, verifier: string | null, hashed: string | undefined): void {
  if (challenge === undefined && verifier === null) return;
  if (verifier !== null && !/^[\w.~-]{43,128}$/.test(verifier))
    throw invalidGrant(501491, "The size of the code_verifier parameter is not valid.");
  const found = challenge?.method === "plain" ? verifier : hashed;
  if (challenge !== undefined && found === challenge.value) return;
  throw invalidGrant(
    501481,
    "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
  );
}

function refuseReplay(world: World, { redeemedAs }: AuthorizationCode): void {
  if (redeemedAs === undefined) return;
  if (world.settings().code_reuse === "revoke") revokeFamily(world, redeemedAs);
  throw invalidGrant(
    54005,
    "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing refresh token.",
  );
}

function askedOf(code: AuthorizationCode, form: URLSearchParams): ResourceScopes {
  const [first, second] = code.resources;
  const scope = form.get("scope") ?? "";
  if (scope.trim() === "" && second !== undefined) {
    throw invalidRequest(
      28003,
      "Provided value for the input parameter scope cannot be empty when requesting an access token using the provided authorization code.",
    );
  }
  const asked = onlyResource(parseScopes(scope));
  if (asked !== undefined) return asked;
  if (first === undefined) return { resource: OPENID_RESOURCE, names: [] };
  if (scope.trim() === "") return { resource: first[0], names: first[1] };
  throw new EntraError(
    "invalid_scope",
    28002,
    `Provided value for the input parameter scope '${scope}' is not valid when requesting an access token.`,
  );
}
