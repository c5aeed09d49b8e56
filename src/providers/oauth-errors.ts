/** The errors that RFC 6749, OpenID Connect Core section 3.1.2.6 and RFC 6750 define, and what each means to a grant. */
import type { OAuthRefusal, Verdict } from "./verdict.ts";

/** What an error means where nothing more is known. */
export type VerdictRow = Pick<Verdict, "kind" | "reason" | "mend" | "dead" | "retryAfterS">;

/** `error` → meaning. */
export const OAUTH_ERRORS: Readonly<Record<string, VerdictRow>> = {
  // The safe default for a grant that is refused: the user signs in again.
  invalid_grant: { kind: "refused", reason: "grant_invalid", mend: "user" },
  interaction_required: { kind: "refused", reason: "interaction_required", mend: "user" },
  login_required: { kind: "refused", reason: "login_required", mend: "user" },
  account_selection_required: { kind: "refused", reason: "interaction_required", mend: "user" },
  consent_required: { kind: "refused", reason: "consent_required", mend: "user" },
  access_denied: { kind: "refused", reason: "access_denied", mend: "user" },
  permission_denied: { kind: "refused", reason: "access_denied", mend: "admin" },
  invalid_client: { kind: "misconfigured", reason: "client_refused", mend: "operator" },
  unauthorized_client: { kind: "misconfigured", reason: "client_not_allowed", mend: "operator" },
  invalid_scope: { kind: "misconfigured", reason: "scope_not_valid", mend: "operator" },
  invalid_resource: { kind: "misconfigured", reason: "resource_not_valid", mend: "operator" },
  invalid_target: { kind: "misconfigured", reason: "resource_not_valid", mend: "operator" },
  invalid_request: { kind: "misconfigured", reason: "request_not_valid", mend: "operator" },
  unsupported_response_type: { kind: "misconfigured", reason: "response_type_not_enabled", mend: "operator" },
  unsupported_grant_type: { kind: "misconfigured", reason: "grant_type_not_enabled", mend: "operator" },
  temporarily_unavailable: { kind: "transient", reason: "provider_unavailable", mend: "nobody" },
  server_error: { kind: "transient", reason: "provider_unavailable", mend: "nobody" },
  // GitHub's own words ("Troubleshooting OAuth app access token request errors").
  bad_verification_code: { kind: "restart", reason: "code_not_valid", mend: "user" },
  bad_refresh_token: { kind: "refused", reason: "grant_invalid", mend: "user" },
  incorrect_client_credentials: { kind: "secret_refused", reason: "client_refused", mend: "operator" },
  redirect_uri_mismatch: { kind: "misconfigured", reason: "redirect_uri_not_registered", mend: "operator" },
};

/** What an HTTP status says whatever the body says. */
export function statusVerdict({ status }: OAuthRefusal): VerdictRow | undefined {
  // 529: Notion's "service overload".
  if (status === 429 || status === 529) return { kind: "throttled", reason: "provider_throttled", mend: "nobody" };
  if (status !== undefined && status >= 500)
    return { kind: "transient", reason: "provider_unavailable", mend: "nobody" };
  return undefined;
}

/** Reads a refusal of a provider that is known by its standards alone. */
export function classifyOAuth(refusal: OAuthRefusal): Verdict {
  const row = statusVerdict(refusal) ?? secretRefused(refusal) ?? tableRow(OAUTH_ERRORS, refusal.error) ?? UNKNOWN;
  return refusal.error === "" ? row : { ...row, providerCode: refusal.error };
}

const UNKNOWN: VerdictRow = { kind: "unknown", reason: "provider_error", mend: "operator" };

/** Another credential may still be good. */
function secretRefused({ error }: OAuthRefusal): VerdictRow | undefined {
  return error === "invalid_client"
    ? { kind: "secret_refused", reason: "client_refused", mend: "operator" }
    : undefined;
}

/** A row by its own name: what a callback calls its error anybody can write, and `constructor` is no row. */
export function tableRow(table: Readonly<Record<string, VerdictRow>>, name: string): VerdictRow | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}
