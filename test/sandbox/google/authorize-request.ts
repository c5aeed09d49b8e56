import type { World } from "../world.ts";
import { findGoogleClient, type GoogleClient } from "./clients.ts";
import type { Challenge } from "./codes.ts";
import { GooglePageError } from "./oauth-errors.ts";
import { readScopes } from "./scopes.ts";

/** What an application asks of the authorization endpoint, once it is known to be well formed. */
export interface GoogleRequest {
  client: GoogleClient;
  redirectUri: string;
  state: string | null;
  scopes: string[];
  offline: boolean;
  includeGranted: boolean;
  prompts: ReadonlySet<string>;
  nonce: string | null;
  loginHint: string | null;
  hd: string | null;
  challenge: Challenge | null;
}

const PROMPTS = new Set(["none", "consent", "select_account"]);
const SINGLE = [
  "client_id",
  "redirect_uri",
  "response_type",
  "scope",
  "state",
  "nonce",
  "access_type",
  "prompt",
  "code_challenge",
  "code_challenge_method",
];

/** Reads an authorization request. Throws a page: Google tells the application of none of these mistakes. */
export function readGoogleRequest(world: World, query: URLSearchParams): GoogleRequest {
  const twice = SINGLE.find((name) => query.getAll(name).length > 1);
  if (twice !== undefined) throw badRequest(`OAuth 2 parameters can only have a single value: ${twice}`);
  const client = readClient(world, query);
  const redirectUri = required(query, "redirect_uri");
  if (!client.redirect_uris.includes(redirectUri)) {
    const text = `You can't sign in to this app because it doesn't comply with Google's OAuth 2.0 policy. Register the redirect URI in the Google Cloud Console: redirect_uri=${redirectUri}`;
    throw new GooglePageError("redirect_uri_mismatch", text);
  }
  const type = required(query, "response_type");
  if (type !== "code") throw new GooglePageError("unsupported_response_type", `Invalid response_type: ${type}`);
  return {
    client,
    redirectUri,
    state: query.get("state"),
    scopes: readRequiredScopes(query),
    offline: readChoice(query, "access_type", ["online", "offline"], "online") === "offline",
    includeGranted: readChoice(query, "include_granted_scopes", ["true", "false"], "false") === "true",
    prompts: readPrompts(query.get("prompt")),
    nonce: query.get("nonce"),
    loginHint: query.get("login_hint"),
    hd: query.get("hd"),
    challenge: readChallenge(query),
  };
}

function readClient(world: World, query: URLSearchParams): GoogleClient {
  const client = findGoogleClient(world, required(query, "client_id"));
  if (client === undefined) throw new GooglePageError("invalid_client", "The OAuth client was not found.", 401);
  if (client.deleted) throw new GooglePageError("deleted_client", "The OAuth client was deleted.", 401);
  return client;
}

function readRequiredScopes(query: URLSearchParams): string[] {
  const { scopes, unknown } = readScopes(required(query, "scope"));
  if (unknown.length === 0) return scopes;
  const text = `Some requested scopes were invalid. {valid=[${scopes.join(", ")}], invalid=[${unknown.join(", ")}]}`;
  throw new GooglePageError("invalid_scope", text);
}

function readPrompts(prompt: string | null): ReadonlySet<string> {
  const prompts = new Set((prompt ?? "").split(" ").filter(Boolean));
  const unknown = [...prompts].some((name) => !PROMPTS.has(name));
  if (unknown || (prompts.has("none") && prompts.size > 1)) throw badRequest(`Invalid parameter value for prompt`);
  return prompts;
}

// A challenge without a method is `plain` (RFC 7636 section 4.3).
function readChallenge(query: URLSearchParams): Challenge | null {
  const value = query.get("code_challenge");
  const method = query.get("code_challenge_method");
  if (value === null && method !== null) throw badRequest("Missing required parameter: code_challenge");
  if (value === null) return null;
  if (method !== null && method !== "S256" && method !== "plain")
    throw badRequest("Invalid parameter value for code_challenge_method: only S256 and plain are supported");
  if (!/^[\w.~-]{43,128}$/.test(value)) throw badRequest("Invalid parameter value for code_challenge");
  return { value, method: method ?? "plain" };
}

function readChoice<T extends string>(query: URLSearchParams, name: string, choices: readonly T[], otherwise: T): T {
  const value = query.get(name);
  const found = value === null ? otherwise : choices.find((choice) => choice === value);
  if (found === undefined) throw badRequest(`Invalid parameter value for ${name}: ${value}`);
  return found;
}

function required(query: URLSearchParams, name: string): string {
  const value = query.get(name) ?? "";
  if (value.trim() === "") throw badRequest(`Missing required parameter: ${name}`);
  return value;
}

function badRequest(message: string): GooglePageError {
  return new GooglePageError("invalid_request", message);
}
