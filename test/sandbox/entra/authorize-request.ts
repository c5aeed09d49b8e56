import type { World } from "../world.ts";
import { knownClient } from "./client-authentication.ts";
import type { Client } from "./clients.ts";
import { EntraError, invalidRequest, missingParameter } from "./errors.ts";
import { parseScopes, type Scopes } from "./scopes.ts";
import type { Audience } from "./tenants.ts";

/** How an answer reaches the redirect URI. */
export type ResponseMode = "query" | "fragment" | "form_post";

/** Where the browser may be sent back to. */
export interface Destination {
  client: Client;
  redirectUri: string;
  state: string | undefined;
  mode: ResponseMode;
}

/** What an application asks of the authorize endpoint, once it is known to be well formed. */
export interface AuthorizeRequest {
  scopes: Scopes;
  nonce: string | undefined;
  claims: string | undefined;
  prompt: string | undefined;
  loginHint: string | undefined;
  domainHint: string | undefined;
  challenge: { value: string; method: "S256" | "plain" } | undefined;
}

/** Who asks and where the answer goes. Throws a page error: an unregistered redirect URI never gets one. */
export function readDestination(world: World, query: URLSearchParams, audience: Audience): Destination {
  const clientId = query.get("client_id");
  if (clientId === null) throw missingParameter("client_id");
  const client = knownClient(world, clientId, audience);
  const mode = query.get("response_mode") ?? "query";
  return {
    client,
    redirectUri: registeredRedirect(client, query.get("redirect_uri")),
    state: query.get("state") ?? undefined,
    mode: isResponseMode(mode) ? mode : "query",
  };
}

/** The rest of the request. Throws what goes back to the redirect URI. */
export function readAuthorizeRequest(query: URLSearchParams): AuthorizeRequest {
  checkResponse(query);
  const scope = query.get("scope") ?? "";
  if (scope.trim() === "") throw missingParameter("scope");
  const prompt = query.get("prompt") ?? undefined;
  if (prompt !== undefined && !PROMPTS.has(prompt)) throw invalidRequest(90023, `Unsupported 'prompt' value.`);
  return {
    scopes: parseScopes(fewResources(scope)),
    nonce: query.get("nonce") ?? undefined,
    claims: jsonClaims(query.get("claims")),
    prompt,
    loginHint: query.get("login_hint") ?? undefined,
    domainHint: query.get("domain_hint") ?? undefined,
    challenge: readChallenge(query),
  };
}

const MOST_RESOURCES = 6;

// How many the provider takes is documented nowhere: this is what was seen.
function fewResources(scope: string): string {
  const prefixes = scope.split(/\s+/).flatMap((one) => (one.includes("/") ? [one.slice(0, one.lastIndexOf("/"))] : []));
  if (new Set(prefixes).size <= MOST_RESOURCES) return scope;
  const text = `Provided value for the input parameter scope '${scope}' is not valid because it contains too many resources.`;
  throw invalidRequest(28004, text);
}

const PROMPTS = new Set(["login", "none", "consent", "select_account"]);

function registeredRedirect(client: Client, asked: string | null): string {
  // The provider documents that without a redirect_uri it picks any of the registered ones.
  const picked = asked ?? client.redirect_uris[Math.floor(Math.random() * client.redirect_uris.length)];
  if (picked === undefined) throw invalidRequest(900971, "No reply address provided.");
  if (client.redirect_uris.includes(picked)) return picked;
  const text = `The redirect URI '${picked}' specified in the request does not match the redirect URIs configured for the application '${client.client_id}'.`;
  throw invalidRequest(50011, text);
}

function checkResponse(query: URLSearchParams): void {
  const type = query.get("response_type");
  if (type === null) throw missingParameter("response_type");
  if (type.split(" ").includes("id_token")) {
    throw new EntraError(
      "unsupported_response_type",
      700054,
      "response_type 'id_token' is not enabled for the application.",
    );
  }
  if (type !== "code")
    throw new EntraError("unsupported_response_type", 70005, `The response_type '${type}' is not supported.`);
  const mode = query.get("response_mode");
  if (mode !== null && !isResponseMode(mode))
    throw invalidRequest(70007, `'${mode}' is not a supported value of 'response_mode'.`);
}

function isResponseMode(mode: string): mode is ResponseMode {
  return mode === "query" || mode === "fragment" || mode === "form_post";
}

// A challenge without a method is `plain` (RFC 7636 section 4.3), as the provider has it too.
function readChallenge(query: URLSearchParams): AuthorizeRequest["challenge"] {
  const value = query.get("code_challenge");
  const method = query.get("code_challenge_method") ?? "plain";
  if (value === null) return undefined;
  if (method !== "S256" && method !== "plain")
    throw invalidRequest(50148, "The code_challenge_method is not supported.");
  if (!/^[\w.~-]{43,128}$/.test(value))
    throw invalidRequest(50147, "The size of the code_challenge parameter is not valid.");
  return { value, method };
}

function jsonClaims(claims: string | null): string | undefined {
  if (claims === null) return undefined;
  try {
    JSON.parse(claims);
    return claims;
  } catch {
    throw invalidRequest(50146, "The 'claims' parameter is not valid JSON.");
  }
}
