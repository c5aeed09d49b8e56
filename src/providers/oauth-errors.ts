/** The errors that RFC 6749, OpenID Connect Core section 3.1.2.6 and RFC 6750 define, and what each means to a grant. */
import type { Verdict } from "./provider.ts";

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
};
