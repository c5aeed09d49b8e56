/** What a provider refuses with, and what that means. No I/O. */
import type { Mender } from "../lib/errors.ts";

/** A refusal as the provider wrote it (RFC 6749 sections 4.1.2.1 and 5.2), with what some add. */
export interface OAuthRefusal {
  readonly error: string;
  readonly description: string;
  readonly suberror?: string;
  readonly codes?: readonly number[];
  readonly claims?: string;
  /** The provider's own id of the request, for its support. */
  readonly requestId?: string;
  /** HTTP status of the token endpoint; absent for a refusal that came in a redirect. */
  readonly status?: number;
}

/** What a refusal means. The stage (connecting or refreshing) decides which failure it becomes. */
export interface Verdict {
  readonly kind: VerdictKind;
  /** A word for machines and logs, ours: `grant_revoked`. */
  readonly reason: string;
  readonly mend: Mender;
  /** The provider's own code, when it gave one: `AADSTS50173`. */
  readonly providerCode?: string;
  /** True where the refresh token will never work again and need not be kept. */
  readonly dead?: boolean;
  /** Seconds to leave the provider alone. */
  readonly retryAfterS?: number;
}

/** The kinds of {@link Verdict}. */
export type VerdictKind =
  /** Passes by itself. */
  | "transient"
  | "throttled"
  /** The user, the tenant or its policy said no. */
  | "refused"
  /** This sign-in cannot go on; a new one can. */
  | "restart"
  | "admin_consent"
  /** The app registration or our request is wrong: the operator's to mend. */
  | "misconfigured"
  /** The client secret was refused: another may still work. */
  | "secret_refused"
  /** Nothing here knows it. */
  | "unknown";
