import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { World } from "../world.ts";
import { findAccount, findOrAddAccount, type GoogleAccount } from "./accounts.ts";
import { readGoogleRequest, type GoogleRequest } from "./authorize-request.ts";
import { issueGoogleCode } from "./codes.ts";
import { GOOGLE_ISSUER } from "./defaults.ts";
import { extendGrant, findGrant } from "./grants.ts";
import { googleErrorPage, GooglePageError } from "./oauth-errors.ts";
import { callbackScope, isSignIn, names, union } from "./scopes.ts";
import { googleSignInPage } from "./sign-in-page.ts";

const SESSION = "sandbox_google_session";
/** Browsers inside other applications, which Google does not let anybody sign in with. */
const EMBEDDED = /; wv\)|\bFBA[NV]\b|\bInstagram\b/;

/** `GET /o/oauth2/v2/auth`: the sign-in page, or with `auto=<name>` the answer at once. */
export function authorizeGoogle(world: World, c: Context): Response {
  try {
    const query = new URL(c.req.url).searchParams;
    const request = readGoogleRequest(world, query);
    if (EMBEDDED.test(c.req.header("User-Agent") ?? ""))
      throw new GooglePageError("disallowed_useragent", "This browser or app may not be secure.", 403);
    return decide(world, c, request, query);
  } catch (error) {
    if (error instanceof GooglePageError) return googleErrorPage(error);
    throw error;
  }
}

function decide(world: World, c: Context, request: GoogleRequest, query: URLSearchParams): Response {
  const silent = request.prompts.has("none");
  const auto = query.get("auto");
  if (auto === "cancel") return answer(world, request, { error: "access_denied" });
  const name = auto ?? (silent ? getCookie(c, SESSION) : undefined);
  if (name === undefined && !silent) return googleSignInPage(world, query, request);
  const account = name === undefined || silent ? findAccount(world, name ?? "") : findOrAddAccount(world, name);
  if (account === undefined) return answer(world, request, INTERACTION_REQUIRED);
  checkPolicies(world, account, request);
  const signedIn = consent(world, account, request, query);
  const secure = c.req.url.startsWith("https:") ? "; Secure" : "";
  const cookie = `${SESSION}=${encodeURIComponent(account.name)}; Path=/; HttpOnly; SameSite=Lax${secure}`;
  signedIn.headers.append("Set-Cookie", cookie);
  return signedIn;
}

const INTERACTION_REQUIRED = { error: "interaction_required", error_subtype: "access_denied" };

function checkPolicies(world: World, account: GoogleAccount, { client }: GoogleRequest): void {
  if (client.internal_to !== null && client.internal_to !== account.hd) {
    const text = `${client.name} can only be used within its organization.`;
    throw new GooglePageError("org_internal", text, 403);
  }
  if (account.blockedByAdmin || world.settings().google_refusal === "admin_policy_enforced")
    throw new GooglePageError("admin_policy_enforced", "Your administrator does not allow this application.");
}

function consent(world: World, account: GoogleAccount, request: GoogleRequest, query: URLSearchParams): Response {
  const pair = { clientId: request.client.client_id, person: account.name };
  const earlier = findGrant(world, pair.clientId, pair.person);
  const known = earlier?.scopes ?? [];
  const forced = request.prompts.has("consent");
  const asked = forced || earlier === undefined || request.scopes.some((scope) => !known.includes(scope));
  if (asked && request.prompts.has("none")) return answer(world, request, INTERACTION_REQUIRED);
  if (asked && account.refusesConsent) return answer(world, request, { error: "access_denied" });
  const agreed = asked ? tickedScopes(world, account, request, query) : request.scopes;
  if (agreed.length === 0) return answer(world, request, { error: "access_denied" });
  const scopes = request.includeGranted ? union(agreed, known) : agreed;
  const grant = extendGrant(world, pair, agreed, asked);
  const code = issueGoogleCode(world, {
    ...pair,
    grantId: grant.id,
    redirectUri: request.redirectUri,
    scopes,
    // A refresh token comes with the first consent, and with one that was asked for by `prompt`.
    offline: request.offline && (forced || earlier === undefined),
    nonce: request.nonce,
    challenge: request.challenge,
  });
  return answer(world, request, {
    code,
    scope: callbackScope(scopes),
    authuser: "0",
    ...(account.hd !== null && { hd: account.hd }),
    prompt: asked ? "consent" : "none",
  });
}

// Signing in cannot be unticked. A browser leaves out boxes that are not ticked: `picked` tells none from no choice.
function tickedScopes(world: World, account: GoogleAccount, { scopes }: GoogleRequest, query: URLSearchParams) {
  const unticked = query.has("picked") ? scopes.filter((scope) => !query.getAll("ticked").includes(scope)) : [];
  const denied = [
    ...(query.get("deny_scopes") ?? "").split(/[ ,]/).filter(Boolean),
    ...account.deniedScopes,
    ...world.settings().google_denied_scopes,
    ...unticked,
  ];
  return scopes.filter((scope) => isSignIn(scope) || !names(denied, scope));
}

function answer(world: World, { redirectUri, state }: GoogleRequest, parameters: Record<string, string>): Response {
  const target = new URL(redirectUri);
  const issuer = world.settings().google_callback_iss ? { iss: GOOGLE_ISSUER } : {};
  const fields = { ...(state !== null && { state }), ...issuer, ...parameters };
  for (const [name, value] of Object.entries(fields)) target.searchParams.set(name, value);
  return new Response(null, { status: 302, headers: { Location: target.href, "Cache-Control": "no-store" } });
}
