/** Makes the failure of a refusal: the table's row, and what that code adds by contract. No I/O. */
import { type Failure, type FailureExtra, failure } from "../lib/errors.ts";
import type { Answer } from "../lib/http.ts";
import { claimsChallenge } from "./challenge.ts";
import { ruleFor, type RefusalRule } from "./errors.ts";
import type { GraphRefusal } from "./refusal.ts";

/** Where the user reconnects: `claims` is JSON to satisfy, `scopes` are those to add. */
export type AuthorizePath = (claims?: string, scopes?: readonly string[]) => string;

/** What else a failure is made of. */
export interface RefusalContext {
  readonly answer: Answer;
  /** Needed scopes that the grant does not name. */
  readonly missing: readonly string[];
  readonly authorizePath: AuthorizePath;
  readonly label: string;
}

/** The failure that a refused request ends in. */
export function failureOf(refusal: GraphRefusal, context: RefusalContext): Failure {
  const { answer, missing, authorizePath } = context;
  const provider = {
    provider_code: refusal.code,
    ...(refusal.requestId === undefined ? {} : { provider_request_id: refusal.requestId }),
  };
  const reason = `${context.label}: ${refusal.status} ${refusal.code} ${refusal.message}`;
  const challenge = challengeIn(refusal, answer.headers);
  if (challenge !== undefined) {
    const extra = { ...provider, reason: "claims_challenge", authorize_path: authorizePath(challenge.claims) };
    return failure("reauth_required", "Microsoft asks the user to sign in again with more.", { extra, reason });
  }
  if (refusal.status === 403 && missing.length > 0) {
    const extra = { ...provider, missing_scopes: missing, authorize_path: authorizePath(undefined, missing) };
    return failure("scope_insufficient", "The grant does not cover this.", { extra, reason });
  }
  const rule = ruleFor(refusal);
  const retryAfterS = rule.retryAfterS === undefined ? undefined : (answer.retryAfterS ?? rule.retryAfterS);
  const more = retryAfterS === undefined ? { reason } : { reason, retryAfterS };
  return failure(rule.failure, rule.detail, { ...more, extra: { ...provider, ...extraOf(rule, authorizePath) } });
}

/** Policies answer with 403 too, and not always with the header. */
function challengeIn(refusal: GraphRefusal, headers: Headers): { claims: string | undefined } | undefined {
  if (refusal.status !== 401 && refusal.status !== 403) return undefined;
  const bare = refusal.code.toLowerCase() === "insufficient_claims" ? { claims: undefined } : undefined;
  return claimsChallenge(headers) ?? bare;
}

function extraOf(rule: RefusalRule, authorizePath: AuthorizePath): FailureExtra {
  if (rule.failure === "validation_failed") return { errors: [{ path: rule.path ?? "", message: rule.detail }] };
  const reconnect = rule.failure === "reauth_required" || rule.failure === "scope_insufficient";
  return {
    ...(rule.reason === undefined ? {} : { reason: rule.reason }),
    ...(reconnect ? { authorize_path: authorizePath() } : {}),
  };
}
