import * as z from "zod";

/** The knobs that change how Google behaves. */
export const googleSettings = {
  /** url: `iss` of id_tokens is https://accounts.google.com. bare: it lacks the scheme. */
  google_issuer: z.enum(["url", "bare"]).default("url"),
  /** Whether id_tokens carry `at_hash`. */
  google_at_hash: z.boolean().default(true),
  /** Whether authorization answers carry `iss` (RFC 9207), and discovery says so. */
  google_callback_iss: z.boolean().default(false),
  /** Seconds an access token lives. */
  google_expires_in: z.number().int().positive().default(3599),
  /** Seconds of time-limited access, told in `refresh_token_expires_in`; null is access without a limit. */
  google_refresh_token_expires_in: z.number().int().positive().nullable().default(null),
  /** The consent screen is in testing: grants and their refresh tokens die after seven days. */
  google_testing: z.boolean().default(false),
  /** Scopes that everybody unticks on the consent screen, in full or without the prefix. */
  google_denied_scopes: z.array(z.string()).default([]),
  /** What refreshes, and for admin_policy_enforced sign-ins too, are refused with. */
  google_refusal: z.enum(["none", "invalid_rapt", "admin_policy_enforced"]).default("none"),
  /** APIs that the project did not enable: 403 accessNotConfigured. */
  google_disabled_apis: z.array(z.enum(["calendar", "youtube"])).default([]),
  /** The most events of a page, whatever maxResults says; null is no cap. */
  google_page_size: z.number().int().positive().nullable().default(null),
  /** Whether a listing of events begins with an empty page. */
  google_empty_first_page: z.boolean().default(false),
  /** Whether conferences that were asked for are not made yet. */
  google_conference_pending: z.boolean().default(false),
  /** Units of YouTube's quota that a project has for a day. */
  google_youtube_quota: z.number().int().nonnegative().default(10_000),
};
