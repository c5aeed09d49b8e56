import { withChanges } from "../entra/id-token.ts";
import { s256 } from "../ids.ts";
import type { World } from "../world.ts";
import { findOrAddAccount } from "./accounts.ts";
import type { GoogleClient } from "./clients.ts";
import { spendGoogleCode, usableGoogleCode, type Challenge } from "./codes.ts";
import { signGoogleIdToken } from "./id-token.ts";
import { GoogleOAuthError } from "./oauth-errors.ts";
import { readScopes, scopeText } from "./scopes.ts";
import { issueAccessToken, issueRefreshToken, liveToken, touchToken, type GoogleToken } from "./tokens.ts";

interface Granted {
  access: GoogleToken;
  refresh: GoogleToken | undefined;
  /** The limit of the access that the person gave, in milliseconds. */
  limit: number | null;
  nonce: string | null;
}

type Grant = (world: World, client: GoogleClient, form: URLSearchParams) => Promise<Granted>;

const GRANTS: Readonly<Record<string, Grant>> = { authorization_code: redeem, refresh_token: refresh };

/** What `POST /token` answers to a client that has proved itself. */
export async function googleToken(world: World, client: GoogleClient, form: URLSearchParams) {
  const type = form.get("grant_type") ?? "";
  const grant = Object.hasOwn(GRANTS, type) ? GRANTS[type] : undefined;
  if (grant === undefined) throw new GoogleOAuthError("unsupported_grant_type", `Invalid grant_type: ${type}`);
  const { access, refresh: fresh, limit, nonce } = await grant(world, client, form);
  const account = findOrAddAccount(world, access.person);
  const openid = access.scopes.includes("openid");
  const answer = {
    access_token: access.token,
    expires_in: world.settings().google_expires_in,
    ...(fresh && { refresh_token: fresh.token }),
    ...(limit !== null && { refresh_token_expires_in: Math.ceil((limit - world.now()) / 1000) }),
    scope: scopeText(access.scopes),
    token_type: "Bearer",
    ...(openid && { id_token: await signGoogleIdToken(world, account, access, nonce) }),
  };
  return withChanges(answer, world.settings().extra_token_fields);
}

// After the challenge nothing waits, so that two requests cannot use one code. One that fails a check stays good.
async function redeem(world: World, client: GoogleClient, form: URLSearchParams): Promise<Granted> {
  const code = required(form, "code");
  const redirectUri = required(form, "redirect_uri");
  if (!client.redirect_uris.includes(redirectUri)) throw new GoogleOAuthError("redirect_uri_mismatch", "Bad Request");
  const verifier = form.get("code_verifier");
  const derived = verifier === null ? null : await s256(verifier);
  const { record, grant } = usableGoogleCode(world, code, client.client_id);
  if (record.redirectUri !== redirectUri) throw invalidGrant("Bad Request");
  checkVerifier(record.challenge, verifier, derived);
  spendGoogleCode(world, record);
  const issue = { grant, scopes: record.scopes, offline: record.offline };
  const fresh = record.offline ? issueRefreshToken(world, issue) : undefined;
  const limit = fresh?.expiresAt ?? null;
  return { access: issueAccessToken(world, issue), refresh: fresh, limit, nonce: record.nonce };
}

// RFC 9700 section 2.1.1: a verifier without a challenge is refused too, or PKCE could be taken away on the way.
function checkVerifier(challenge: Challenge | null, verifier: string | null, derived: string | null): void {
  if (challenge === null && verifier !== null) throw invalidGrant("code_verifier or verifier is not needed.");
  if (challenge === null) return;
  if (verifier === null || verifier === "") throw invalidGrant("Missing code verifier.");
  const shown = challenge.method === "plain" ? verifier : derived;
  if (!/^[\w.~-]{43,128}$/.test(verifier) || shown !== challenge.value) throw invalidGrant("Invalid code verifier.");
}

async function refresh(world: World, client: GoogleClient, form: URLSearchParams): Promise<Granted> {
  const value = required(form, "refresh_token");
  if (!value.startsWith("1//")) throw invalidGrant("Bad Request");
  const held = liveToken(world, value, "refresh");
  if (held === undefined) throw invalidGrant("Token has been expired or revoked.");
  const { token, grant } = held;
  if (token.clientId !== client.client_id) throw new GoogleOAuthError("unauthorized_client", "Unauthorized");
  checkPolicies(world, token, grant.sessionEndedAt);
  const scopes = narrowed(token, form.get("scope"));
  touchToken(world, token);
  const access = issueAccessToken(world, { grant, scopes, offline: true });
  return { access, refresh: undefined, limit: token.expiresAt, nonce: null };
}

function checkPolicies(world: World, { person, issuedAt }: GoogleToken, sessionEndedAt = -Infinity): void {
  const { google_refusal: refusal } = world.settings();
  if (refusal === "admin_policy_enforced" || findOrAddAccount(world, person).blockedByAdmin) {
    const text = "The account's administrator does not allow one or more of the scopes requested.";
    throw new GoogleOAuthError("admin_policy_enforced", text);
  }
  if (refusal === "invalid_rapt" || issuedAt <= sessionEndedAt)
    throw new GoogleOAuthError("invalid_grant", "reauth related error (invalid_rapt)", "invalid_rapt");
}

function narrowed({ scopes }: GoogleToken, asked: string | null): string[] {
  if (asked === null || asked.trim() === "") return scopes;
  const { scopes: wanted, unknown } = readScopes(asked);
  if (unknown.length === 0 && wanted.every((scope) => scopes.includes(scope))) return wanted;
  throw new GoogleOAuthError("invalid_scope", "Bad Request");
}

function required(form: URLSearchParams, name: string): string {
  const value = form.get(name);
  if (value === null || value === "")
    throw new GoogleOAuthError("invalid_request", `Missing required parameter: ${name}`);
  return value;
}

function invalidGrant(description: string): GoogleOAuthError {
  return new GoogleOAuthError("invalid_grant", description);
}
