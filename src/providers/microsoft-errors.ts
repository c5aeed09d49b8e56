/**
 * What Entra's refusals mean. Microsoft asks clients to branch on `error`; practice needs more, in this order:
 * `suberror`, then `error`, then the AADSTS numbers as hints. An unknown number changes nothing: the `error` decides.
 * (Microsoft identity platform: "Microsoft Entra authentication and authorization error codes".)
 */
import { OAUTH_ERRORS, statusVerdict, tableRow, type VerdictRow } from "./oauth-errors.ts";
import type { OAuthRefusal, Verdict, VerdictKind } from "./verdict.ts";

const transient = (reason: string): VerdictRow => ({ kind: "transient", reason, mend: "nobody" });
const user = (reason: string): VerdictRow => ({ kind: "refused", reason, mend: "user" });
const gone = (reason: string): VerdictRow => ({ kind: "refused", reason, mend: "user", dead: true });
const admin = (reason: string): VerdictRow => ({ kind: "refused", reason, mend: "admin" });
const restart = (reason: string): VerdictRow => ({ kind: "restart", reason, mend: "user" });
const misconfigured = (reason: string): VerdictRow => ({ kind: "misconfigured", reason, mend: "operator" });
/** A secret, or an assertion: another credential may still be good. */
const secret = (reason: string): VerdictRow => ({ kind: "secret_refused", reason, mend: "operator" });
const adminConsent: VerdictRow = { kind: "admin_consent", reason: "admin_consent_required", mend: "admin" };

/** `suberror` → meaning. It outranks everything else that an answer says. */
export const SUBERRORS: Readonly<Record<string, VerdictRow>> = {
  basic_action: user("interaction_required"),
  additional_action: user("additional_action_required"),
  message_only: admin("blocked_by_policy"),
  consent_required: user("consent_required"),
  user_password_expired: user("password_expired"),
  bad_token: gone("grant_invalid"),
  ui_not_allowed: user("interaction_required"),
  interrupted_user: user("interaction_required"),
  token_expired: gone("grant_expired"),
  client_mismatch: misconfigured("client_refused"),
  device_authentication_failed: admin("device_not_accepted"),
  protection_policy_required: admin("blocked_by_policy"),
};

/** AADSTS number → meaning: a hint that makes an `error` more precise. */
export const AADSTS: Readonly<Record<number, VerdictRow>> = {
  16000: user("other_account_needed"),
  28000: misconfigured("scope_of_several_resources"),
  28002: misconfigured("scope_not_valid"),
  28003: misconfigured("scope_not_valid"),
  28004: misconfigured("scope_not_valid"),
  50000: transient("provider_unavailable"),
  50001: misconfigured("resource_not_valid"),
  500011: misconfigured("resource_not_valid"),
  50011: misconfigured("redirect_uri_not_registered"),
  50012: secret("client_refused"),
  50013: misconfigured("assertion_refused"),
  500133: misconfigured("assertion_refused"),
  50014: admin("account_not_in_tenant"),
  50020: admin("account_not_in_tenant"),
  51004: admin("account_not_in_tenant"),
  50033: transient("provider_unavailable"),
  50034: user("account_unknown"),
  50053: user("account_locked"),
  50055: user("password_expired"),
  50057: admin("account_disabled"),
  50058: user("login_required"),
  50059: misconfigured("tenant_not_given"),
  50072: user("mfa_required"),
  50074: user("mfa_required"),
  50076: user("mfa_required"),
  50078: user("mfa_required"),
  50079: user("mfa_required"),
  50085: user("interaction_required"),
  50089: user("interaction_required"),
  50087: transient("provider_unavailable"),
  50088: transient("provider_unavailable"),
  50097: admin("device_not_accepted"),
  50129: admin("device_not_accepted"),
  50155: admin("device_not_accepted"),
  50187: admin("device_not_accepted"),
  50105: admin("user_not_assigned"),
  50125: user("password_reset"),
  50126: user("credentials_wrong"),
  50131: admin("blocked_by_policy"),
  50132: gone("grant_revoked"),
  50133: gone("grant_revoked"),
  50140: user("interaction_required"),
  50147: restart("pkce_mismatch"),
  501481: restart("pkce_mismatch"),
  501491: restart("pkce_mismatch"),
  50158: user("mfa_required"),
  50173: gone("grant_revoked"),
  50194: misconfigured("app_is_single_tenant"),
  // Not transient: asking again is what caused it. Leave Entra alone for minutes.
  50196: { kind: "throttled", reason: "request_loop", mend: "operator", retryAfterS: 300 },
  53000: admin("device_not_accepted"),
  53001: admin("device_not_accepted"),
  53002: admin("device_not_accepted"),
  53003: admin("blocked_by_policy"),
  530032: admin("blocked_by_policy"),
  530035: admin("blocked_by_policy"),
  54005: restart("code_already_used"),
  65001: user("consent_required"),
  65004: user("consent_declined"),
  65005: misconfigured("permissions_not_registered"),
  650051: misconfigured("scope_too_long"),
  650052: admin("service_not_subscribed"),
  650053: misconfigured("scope_not_valid"),
  650056: misconfigured("permissions_not_registered"),
  650057: misconfigured("permissions_not_registered"),
  700003: user("grant_invalid"),
  // Personal accounts say this, with `bad_token`, of scopes that were never consented: the token itself may live.
  70000: user("grant_invalid"),
  70001: admin("application_disabled"),
  7000112: admin("application_disabled"),
  70002: misconfigured("client_refused"),
  70003: misconfigured("grant_type_not_enabled"),
  700005: misconfigured("code_of_another_tenant"),
  70007: misconfigured("request_not_valid"),
  70008: gone("grant_expired"),
  70011: misconfigured("scope_not_valid"),
  700016: misconfigured("app_not_in_tenant"),
  700020: user("interaction_required"),
  700022: misconfigured("scope_of_several_resources"),
  700023: misconfigured("scope_not_valid"),
  700024: secret("assertion_refused"),
  700025: misconfigured("client_refused"),
  700027: secret("assertion_refused"),
  50048: secret("assertion_refused"),
  70043: user("sign_in_frequency"),
  700054: misconfigured("response_type_not_enabled"),
  700082: gone("grant_unused_too_long"),
  700084: gone("grant_expired"),
  7000215: secret("client_secret_wrong"),
  7000218: misconfigured("client_secret_missing"),
  7000222: secret("client_secret_expired"),
  1002012: misconfigured("scope_not_valid"),
  9001023: misconfigured("tenant_not_allowed"),
  90002: misconfigured("tenant_unknown"),
  90006: transient("provider_unavailable"),
  90012: transient("provider_unavailable"),
  90024: transient("provider_unavailable"),
  90033: transient("provider_unavailable"),
  90090: transient("provider_unavailable"),
  90091: transient("provider_unavailable"),
  90014: misconfigured("request_not_valid"),
  900144: misconfigured("request_not_valid"),
  90036: { kind: "unknown", reason: "provider_fault", mend: "operator" },
  90092: { kind: "unknown", reason: "provider_fault", mend: "operator" },
  90038: misconfigured("tenant_in_another_cloud"),
  90055: { kind: "throttled", reason: "tenant_throttled", mend: "nobody", retryAfterS: 60 },
  90072: admin("account_not_in_tenant"),
  90094: adminConsent,
  90095: adminConsent,
  900971: misconfigured("redirect_uri_not_registered"),
  9002313: misconfigured("request_not_valid"),
  900561: misconfigured("request_not_valid"),
  901002: misconfigured("request_not_valid"),
  9002325: misconfigured("pkce_required"),
  9002332: misconfigured("app_not_for_consumers"),
};

/** Reads a refusal of Entra. Never throws: what nobody knows is `unknown`. */
export function classifyEntra(refusal: OAuthRefusal): Verdict {
  const numbers = refusal.codes?.length ? refusal.codes : numbersIn(refusal.description);
  const known = numbers.find((number) => AADSTS[number] !== undefined);
  const unconsented = known === 70000 && UNCONSENTED.test(refusal.description);
  const hint = unconsented ? AADSTS[65001] : known === undefined ? undefined : AADSTS[known];
  const providerCode = known ?? numbers[0];
  const row = pick(refusal, hint);
  return { ...row, ...(providerCode === undefined ? {} : { providerCode: `AADSTS${providerCode}` }) };
}

/** Personal accounts have no number of their own for it, and mean other things by theirs as well. */
const UNCONSENTED = /\bscopes requested are unauthorized\b/i;

function pick(refusal: OAuthRefusal, hint: VerdictRow | undefined): VerdictRow {
  const byStatus = statusVerdict(refusal);
  if (byStatus) return byStatus;
  const suberror = tableRow(SUBERRORS, refusal.suberror ?? "");
  // The number may name the reason better than the suberror, and whether the token is dead, but not who mends it or how.
  if (suberror) return hint?.kind === suberror.kind && hint.mend === suberror.mend ? hint : suberror;
  const plain = tableRow(OAUTH_ERRORS, refusal.error);
  if (plain && hint) return mayRefine(plain, hint) ? hint : plain;
  return hint ?? plain ?? { kind: "unknown", reason: "provider_error", mend: "operator" };
}

const ENDS_GRANT = new Set<VerdictKind>(["refused", "restart", "admin_consent"]);

/** A number must not end a grant that the `error` says nothing against. */
function mayRefine(plain: VerdictRow, hint: VerdictRow): boolean {
  if (plain.kind === "refused" || !ENDS_GRANT.has(hint.kind)) return true;
  return plain.kind === "misconfigured" && (hint.kind === "restart" || hint.mend === "admin");
}

function numbersIn(description: string): number[] {
  return [...description.matchAll(/AADSTS(\d{4,8})/g)].map((match) => Number(match[1]));
}
