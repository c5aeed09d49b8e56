/**
 * What each refusal of Entra has to become, written from Microsoft's own tables and not from our code: the OAuth
 * `error` that it comes with, its AADSTS numbers, and the class that says who can mend it.
 */
import type { FailureCode, Mender } from "../../src/lib/errors.ts";

/** What a class of refusals becomes, at the callback and at a refresh. */
export interface Outcome {
  readonly connect: FailureCode;
  readonly refresh: FailureCode;
  readonly mend: Mender;
}

const outcome = (connect: FailureCode, refresh: FailureCode, mend: Mender): Outcome => ({ connect, refresh, mend });

export const CLASSES = {
  /** Passes by itself. */
  T: outcome("provider_unavailable", "provider_unavailable", "nobody"),
  /** The user signs in again. */
  U: outcome("consent_denied", "reauth_required", "user"),
  /** The user consents. */
  C: outcome("consent_denied", "reauth_required", "user"),
  /** The tenant's administrator acts. */
  A: outcome("consent_denied", "reauth_required", "admin"),
  /** User or tenant blocked: the administrator again. */
  B: outcome("consent_denied", "reauth_required", "admin"),
  /** The app registration or our request is wrong. */
  M: outcome("provider_misconfigured", "provider_misconfigured", "operator"),
  /** This sign-in is over; a new one works. */
  restart: outcome("state_invalid", "reauth_required", "user"),
  adminConsent: outcome("admin_consent_required", "admin_consent_required", "admin"),
  /** Asking again makes it worse. */
  loop: outcome("provider_throttled", "provider_throttled", "operator"),
  throttled: outcome("provider_throttled", "provider_throttled", "nobody"),
  /** Neither we nor the user: a case for Microsoft's support. */
  support: outcome("provider_error", "provider_error", "operator"),
} as const satisfies Record<string, Outcome>;

export type Class = keyof typeof CLASSES;

/** `error`, AADSTS numbers, class, and the `suberror` where one comes along. */
type Row = readonly [error: string, codes: readonly number[], wanted: Class, suberror?: string];

/** Every AADSTS number with a meaning of its own. */
export const AADSTS_ROWS: readonly Row[] = [
  ["interaction_required", [16000], "U"],
  ["invalid_request", [28000, 28003, 28004], "M"],
  ["invalid_scope", [28002], "M"],
  ["server_error", [50000], "T"],
  ["invalid_resource", [50001, 500011], "M"],
  ["invalid_request", [50011], "M"],
  ["invalid_client", [50012], "M"],
  ["invalid_grant", [50013, 500133], "M"],
  ["invalid_grant", [50014, 50020, 51004], "B"],
  ["temporarily_unavailable", [50033], "T"],
  ["invalid_grant", [50034], "U"],
  // Locked for a while: the user waits or unlocks it; nobody else has to.
  ["invalid_grant", [50053], "U"],
  ["invalid_grant", [50055], "U", "user_password_expired"],
  ["invalid_grant", [50057], "B"],
  ["login_required", [50058], "U"],
  ["invalid_request", [50059], "M"],
  ["invalid_grant", [50072, 50074, 50076, 50079], "U", "basic_action"],
  ["interaction_required", [50076], "U"],
  ["invalid_grant", [50074, 50078, 50085, 50089], "U"],
  ["invalid_grant", [50087, 50088], "T"],
  ["interaction_required", [50097, 50129, 50155, 50187], "A"],
  ["access_denied", [50105], "A"],
  ["interaction_required", [50125], "U"],
  ["invalid_grant", [50126], "U"],
  ["invalid_grant", [50131], "A"],
  ["invalid_grant", [50132, 50133], "U"],
  ["interaction_required", [50140], "U"],
  ["invalid_grant", [50147, 501481, 501491], "restart"],
  ["invalid_request", [50147, 501481, 501491], "restart"],
  ["interaction_required", [50158], "U"],
  ["invalid_grant", [50173], "U", "bad_token"],
  ["invalid_grant", [50173], "U"],
  ["unauthorized_client", [50194], "M"],
  ["invalid_grant", [50196], "loop"],
  ["interaction_required", [53000, 53001, 53002], "A"],
  ["invalid_grant", [53003], "A", "message_only"],
  ["interaction_required", [53003], "A", "message_only"],
  ["invalid_grant", [53003], "A"],
  ["access_denied", [530032, 530035], "B"],
  ["invalid_grant", [54005], "restart"],
  ["invalid_grant", [65001], "C", "consent_required"],
  ["invalid_grant", [65001], "C"],
  ["access_denied", [65004], "C"],
  ["consent_required", [65004], "C"],
  ["invalid_client", [65005, 650056, 650057], "M"],
  ["invalid_resource", [65005, 650056, 650057], "M"],
  ["invalid_request", [650051], "M"],
  ["invalid_resource", [650052], "A"],
  ["unauthorized_client", [650052], "A"],
  ["invalid_client", [650053], "M"],
  ["invalid_grant", [700003], "U"],
  ["invalid_grant", [70000], "U", "bad_token"],
  ["unauthorized_client", [70001, 7000112], "A"],
  ["invalid_client", [70002], "M"],
  ["unsupported_grant_type", [70003], "M"],
  ["invalid_grant", [700005], "M"],
  ["invalid_request", [70007], "M"],
  ["invalid_grant", [70008], "U"],
  ["invalid_scope", [70011], "M"],
  ["unauthorized_client", [700016], "M"],
  ["interaction_required", [700020], "U"],
  ["invalid_scope", [700022, 700023], "M"],
  ["invalid_client", [700025, 700027], "M"],
  ["invalid_grant", [70043], "U"],
  ["unsupported_response_type", [700054], "M"],
  ["invalid_grant", [700082, 700084], "U"],
  ["invalid_client", [7000215, 7000218, 7000222], "M"],
  ["invalid_scope", [1002012], "M"],
  ["invalid_request", [9001023], "M"],
  ["invalid_request", [90002], "M"],
  ["temporarily_unavailable", [90006, 90012, 90024, 90033, 90090, 90091], "T"],
  ["server_error", [90006, 90012, 90024, 90033, 90090, 90091], "T"],
  ["invalid_request", [90014, 900144], "M"],
  ["server_error", [90036, 90092], "support"],
  ["invalid_request", [90038], "M"],
  ["temporarily_unavailable", [90055], "throttled"],
  ["invalid_grant", [90072], "B"],
  ["access_denied", [90094, 90095], "adminConsent"],
  ["interaction_required", [90094, 90095], "adminConsent"],
  ["invalid_request", [900971, 9002313, 900561], "M"],
  ["invalid_request", [9002325], "M"],
  ["unauthorized_client", [9002332], "M"],
];

/** Every `suberror`. */
export const SUBERROR_ROWS: readonly (readonly [suberror: string, wanted: Class])[] = [
  ["basic_action", "U"],
  ["additional_action", "U"],
  ["message_only", "A"],
  ["consent_required", "C"],
  ["user_password_expired", "U"],
  ["bad_token", "U"],
  ["ui_not_allowed", "U"],
  ["interrupted_user", "U"],
  ["token_expired", "U"],
  ["client_mismatch", "M"],
  ["device_authentication_failed", "A"],
  ["protection_policy_required", "A"],
];

/** Every `error` where nothing more is said. */
export const ERROR_ROWS: readonly (readonly [error: string, wanted: Class])[] = [
  ["invalid_grant", "U"],
  ["interaction_required", "U"],
  ["login_required", "U"],
  ["consent_required", "C"],
  ["access_denied", "U"],
  ["permission_denied", "A"],
  ["invalid_client", "M"],
  ["unauthorized_client", "M"],
  ["invalid_scope", "M"],
  ["invalid_resource", "M"],
  ["invalid_request", "M"],
  ["unsupported_response_type", "M"],
  ["unsupported_grant_type", "M"],
  ["temporarily_unavailable", "T"],
  ["server_error", "T"],
];
