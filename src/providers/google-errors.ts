/** What Google's refusals mean ("Using OAuth 2.0 for Web Server Applications", sections on errors). */
import { OAUTH_ERRORS, statusVerdict, tableRow, type VerdictRow } from "./oauth-errors.ts";
import type { OAuthRefusal, Verdict } from "./verdict.ts";

const GOOGLE: Readonly<Record<string, VerdictRow>> = {
  admin_policy_enforced: { kind: "refused", reason: "blocked_by_policy", mend: "admin" },
  org_internal: { kind: "refused", reason: "account_not_in_organisation", mend: "admin" },
  deleted_client: { kind: "misconfigured", reason: "client_refused", mend: "operator" },
  disabled_client: { kind: "misconfigured", reason: "client_refused", mend: "operator" },
  redirect_uri_mismatch: { kind: "misconfigured", reason: "redirect_uri_not_registered", mend: "operator" },
  invalid_client: { kind: "secret_refused", reason: "client_refused", mend: "operator" },
  // Google's grant is one and its refresh token never changes: a refused one is refused for good.
  invalid_grant: { kind: "refused", reason: "grant_revoked", mend: "user", dead: true },
};

const SUBTYPES: Readonly<Record<string, VerdictRow>> = {
  // A Workspace asks for the password again every so often; the grant itself stands.
  invalid_rapt: { kind: "refused", reason: "session_expired", mend: "user" },
  rapt_required: { kind: "refused", reason: "session_expired", mend: "user" },
};

/** Reads a refusal of Google. */
export function classifyGoogle(refusal: OAuthRefusal): Verdict {
  const row =
    statusVerdict(refusal) ??
    tableRow(SUBTYPES, refusal.suberror ?? "") ??
    ofTheCode(refusal) ??
    tableRow(GOOGLE, refusal.error) ??
    tableRow(OAUTH_ERRORS, refusal.error) ??
    UNKNOWN;
  return refusal.error === "" ? row : { ...row, providerCode: refusal.suberror ?? refusal.error };
}

const UNKNOWN: VerdictRow = { kind: "unknown", reason: "provider_error", mend: "operator" };

/** A spent or foreign code is refused with the same error as a dead grant, in other words. */
function ofTheCode({ error, description }: OAuthRefusal): VerdictRow | undefined {
  const restart =
    error === "invalid_grant" && /malformed auth code|bad request|code verifier|redirect_uri/i.test(description);
  return restart ? { kind: "restart", reason: "grant_invalid", mend: "user" } : undefined;
}
