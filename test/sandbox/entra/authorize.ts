import type { Context } from "hono";
import { getCookie } from "hono/cookie";
import type { World } from "../world.ts";
import { answerBrowser } from "./authorize-answer.ts";
import { readAuthorizeRequest, readDestination, type AuthorizeRequest, type Destination } from "./authorize-request.ts";
import { issueCode } from "./codes.ts";
import { isConsented, needsAdministrator, recordConsent } from "./consents.ts";
import { EntraError, errorPage, errorParameters } from "./errors.ts";
import { signInPage } from "./sign-in-page.ts";
import { audienceKey, findAudience, type Audience } from "./tenants.ts";
import { findOrAddUser, findUser, identityAt, type User } from "./users.ts";

const SESSION = "sandbox_session";

/** `GET {tenant}/oauth2/v2.0/authorize`: the sign-in page, or with `auto=<name>` the answer at once. */
export function authorize(world: World, c: Context, segment: string): Response {
  const url = new URL(c.req.url);
  try {
    const audience = findAudience(world, segment);
    const destination = readDestination(world, url.searchParams, audience);
    return answerSafely(world, url.origin, destination, () => decide(world, c, audience, destination));
  } catch (error) {
    if (error instanceof EntraError) return errorPage(world, url.origin, error);
    throw error;
  }
}

/** Runs `answer`; a failure of it goes to the redirect URI, which is known to be registered. */
export function answerSafely(world: World, origin: string, destination: Destination, answer: () => Response): Response {
  try {
    return answer();
  } catch (error) {
    if (!(error instanceof EntraError)) throw error;
    return answerBrowser(destination, errorParameters(world, origin, error));
  }
}

function decide(world: World, c: Context, audience: Audience, destination: Destination): Response {
  const query = new URL(c.req.url).searchParams;
  const request = readAuthorizeRequest(query);
  const auto = query.get("auto");
  if (auto === "cancel")
    throw new EntraError("access_denied", 65004, "The user has cancelled the sign-in.", { subcode: "cancel" });
  const name = auto ?? (request.prompt === "none" ? getCookie(c, SESSION) : undefined);
  if (name === undefined && request.prompt === "none") {
    throw new EntraError("login_required", 50058, "A silent sign-in request was sent but no user is signed in.");
  }
  if (name === undefined) return signInPage(world, query, audience, destination.client, request);
  const user = request.prompt === "none" ? findUser(world, name) : findOrAddUser(world, name, audience);
  if (user === undefined) throw new EntraError("login_required", 50058, "The session belongs to nobody.");
  return signIn(world, { user, audience, destination, request, secure: c.req.url.startsWith("https:") });
}

interface SignIn {
  user: User;
  audience: Audience;
  destination: Destination;
  request: AuthorizeRequest;
  secure: boolean;
}

function signIn(world: World, { user, audience, destination, request, secure }: SignIn): Response {
  const identity = identityAt(user, audience);
  if (identity === undefined) {
    const text = `User account '${user.upn}' does not exist in tenant '${audienceKey(audience)}' and cannot access the application in that tenant.`;
    throw new EntraError("interaction_required", 16000, text);
  }
  if (user.disabled === true) throw new EntraError("access_denied", 50057, "The user account is disabled.");
  const who = { clientId: destination.client.client_id, ...identity };
  checkConsent(world, user, who, request);
  recordConsent(world, who, request.scopes);
  const code = issueCode(world, { who, user: user.name, audience: audienceKey(audience), destination, request });
  const answer = answerBrowser(destination, { code, session_state: crypto.randomUUID() });
  answer.headers.append(
    "Set-Cookie",
    `${SESSION}=${encodeURIComponent(user.name)}; Path=/; HttpOnly; SameSite=Lax${secure ? "; Secure" : ""}`,
  );
  return answer;
}

function checkConsent(
  world: World,
  user: User,
  who: Parameters<typeof isConsented>[1],
  { scopes, prompt }: AuthorizeRequest,
): void {
  const consented = isConsented(world, who, scopes) && prompt !== "consent";
  if (user.kind === "work" && needsAdministrator(world, who, scopes)) {
    const text = `${who.clientId} needs permission to access resources in your organization that only an admin can grant.`;
    throw new EntraError("access_denied", 90094, text);
  }
  if (consented) return;
  if (prompt === "none") {
    const text = `The user or administrator has not consented to use the application with ID '${who.clientId}'. Send an interactive authorization request for this user and resource.`;
    throw new EntraError("consent_required", 65001, text);
  }
  if (user.refusesConsent === true) {
    throw new EntraError("access_denied", 65004, `User declined to consent to access the app '${who.clientId}'.`);
  }
}
