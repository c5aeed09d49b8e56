import type { Context } from "hono";
import { CONSUMERS_TENANT, GRAPH_RESOURCE } from "../defaults.ts";
import { findAccessToken, type AccessToken } from "../entra/access-tokens.ts";
import { findUser, type User } from "../entra/users.ts";
import { base64url } from "../ids.ts";
import type { World } from "../world.ts";
import { GraphError } from "./errors.ts";

/** Who calls Graph. `user` is absent for an application's own token. */
export interface Caller {
  token: AccessToken;
  user?: User;
}

/** The variables of a Graph request. */
export interface GraphEnv {
  Variables: { caller: Caller; owner: User };
}

/** A Graph request. */
export type GraphContext = Context<GraphEnv>;

/** Whose bearer token this is. Throws 401 InvalidAuthenticationToken in the words that Graph has for each case. */
export function authenticateCaller(world: World, request: Request): Caller {
  const origin = new URL(request.url).origin;
  const bearer = /^Bearer\s*(.*)$/i.exec(request.headers.get("Authorization") ?? "")?.[1] ?? "";
  const token = findAccessToken(world, bearer);
  if (token === undefined) throw unauthorized(origin, unknownTokenText(bearer));
  if (token.resource !== GRAPH_RESOURCE)
    throw unauthorized(origin, "Access token validation failure. Invalid audience.");
  if (token.expiresAt <= world.now()) throw unauthorized(origin, expiredText(token));
  const user = token.user === undefined ? undefined : findUser(world, token.user);
  if (user?.accessTokensValidFrom !== undefined && token.issuedAt <= user.accessTokensValidFrom) {
    throw unauthorized(
      origin,
      "Continuous access evaluation resulted in challenge with result: InteractionRequired and code: TokenIssuedBeforeRevocationTimestamp",
    );
  }
  if (user !== undefined) challenge(origin, token, user);
  return { token, ...(user !== undefined && { user }) };
}

/** Throws unless the token carries one of the permissions, as a scope or as an application's role. */
export function requirePermission({ token }: Caller, names: readonly string[], code: string, message: string): void {
  if (names.some((name) => token.scopes.includes(name) || token.roles.includes(name))) return;
  throw new GraphError(403, code, message);
}

// Challenges only reach clients that declared cp1, and end with a token that was issued for their claims.
function challenge(origin: string, token: AccessToken, user: User): void {
  const wanted = user.claimsChallenge;
  if (wanted === undefined || wanted === null || token.claims === wanted) return;
  if (user.challengeEveryone !== true && token.claims?.includes("cp1") !== true) return;
  if (isSatisfied(wanted, token.claims)) return;
  const extra = `error="insufficient_claims", claims="${toBase64(wanted)}"`;
  throw unauthorized(origin, "Continuous access evaluation resulted in challenge.", extra);
}

function isSatisfied(wanted: string, given: string | undefined): boolean {
  const inside = (text: string) => (JSON.parse(text) as { access_token?: Record<string, unknown> }).access_token ?? {};
  if (given === undefined) return false;
  const has = inside(given);
  return Object.entries(inside(wanted)).every(([name, value]) => JSON.stringify(has[name]) === JSON.stringify(value));
}

function toBase64(text: string): string {
  const plain = base64url(text).replaceAll("-", "+").replaceAll("_", "/");
  return plain.padEnd(Math.ceil(plain.length / 4) * 4, "=");
}

function unauthorized(origin: string, message: string, extra?: string): GraphError {
  const login = origin.replace("//graph.microsoft.com", "//login.microsoftonline.com");
  const parts = [
    `realm=""`,
    `authorization_uri="${login}/common/oauth2/authorize"`,
    `client_id="00000003-0000-0000-c000-000000000000"`,
  ];
  const header = `Bearer ${[...parts, ...(extra === undefined ? [] : [extra])].join(", ")}`;
  return new GraphError(401, "InvalidAuthenticationToken", message, { headers: { "WWW-Authenticate": header } });
}

function unknownTokenText(bearer: string): string {
  if (bearer === "") return "Access token is empty.";
  const dots = bearer.split(".").length - 1;
  if (dots === 0) return "CompactToken parsing failed with error code: 80049217";
  return dots === 2
    ? "Access token validation failure. Invalid signature."
    : "IDX14100: JWT is not well formed, there are no dots (.).";
}

function expiredText({ tid }: AccessToken): string {
  return tid === CONSUMERS_TENANT
    ? "CompactToken validation failed with reason code: 80049228."
    : "Lifetime validation failed, the token is expired.";
}
