import type { World } from "../world.ts";
import { findOrAddAccount, type GoogleAccount } from "./accounts.ts";
import { GoogleApiError } from "./api-errors.ts";
import { SCOPE_PREFIX } from "./scopes.ts";
import { liveToken } from "./tokens.ts";

/** Who calls an API of Google's. */
export interface ApiCaller {
  account: GoogleAccount;
  clientId: string;
  scopes: readonly string[];
}

/** The variables of a request to an API. */
export interface ApiEnv {
  Variables: { caller: ApiCaller };
}

const SERVICES = { calendar: "calendar-json.googleapis.com", youtube: "youtube.googleapis.com" } as const;

/** Whose bearer token this is. Throws 401, then 403 when the project did not enable the API. */
export function authenticateApi(world: World, request: Request, api: keyof typeof SERVICES): ApiCaller {
  const header = request.headers.get("Authorization");
  if (header === null) {
    const location = { type: "header", name: "Authorization" } as const;
    throw new GoogleApiError(401, "required", "Login Required.", { location, challenge: "" });
  }
  const bearer = /^Bearer\s+(\S+)$/i.exec(header)?.[1];
  const held = bearer === undefined ? undefined : liveToken(world, bearer, "access");
  if (held === undefined) throw invalidCredentials();
  if (world.settings().google_disabled_apis.includes(api)) throw disabled(SERVICES[api]);
  const { person, clientId, scopes } = held.token;
  return { account: findOrAddAccount(world, person), clientId, scopes };
}

/** Throws 403 unless the token has one of these scopes, named without the prefix. */
export function requireScope({ scopes }: ApiCaller, method: string, oneOf: readonly string[]): void {
  if (oneOf.some((name) => scopes.includes(SCOPE_PREFIX + name))) return;
  const wanted = oneOf.map((name) => SCOPE_PREFIX + name).join(" ");
  const service = method.startsWith("youtube") ? SERVICES.youtube : SERVICES.calendar;
  throw new GoogleApiError(403, "insufficientPermissions", "Request had insufficient authentication scopes.", {
    details: [errorInfo("ACCESS_TOKEN_SCOPE_INSUFFICIENT", { method, service })],
    challenge: `, error="insufficient_scope", scope="${wanted}"`,
  });
}

function invalidCredentials(): GoogleApiError {
  const text =
    "Request had invalid authentication credentials. Expected OAuth 2 access token, login cookie or other valid authentication credential.";
  const location = { type: "header", name: "Authorization" } as const;
  return new GoogleApiError(401, "authError", text, { location, challenge: ', error="invalid_token"' });
}

function disabled(service: string): GoogleApiError {
  const text = `${service} has not been used in this project before or it is disabled.`;
  const details = [errorInfo("SERVICE_DISABLED", { service })];
  return new GoogleApiError(403, "accessNotConfigured", text, { domain: "usageLimits", details });
}

function errorInfo(reason: string, metadata: Record<string, string>) {
  return { "@type": "type.googleapis.com/google.rpc.ErrorInfo", reason, domain: "googleapis.com", metadata };
}
