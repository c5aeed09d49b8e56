/**
 * Failures. One class with a literal `code`, one table that says what each code means.
 *
 * Contract: the code, the status and the extra members of every problem are fixed (README, "Failures").
 * `detail` is safe for the wire: no token, no secret, no stack. The rich reason goes to `cause` and the log.
 */
import { describeError } from "./log.ts";

/** What each code means: HTTP status, a title for people, who can mend it, and whether the same call may work later. */
export const FAILURES = {
  malformed_json: { status: 400, title: "The body is not valid JSON", mend: "caller", retry: false },
  unsupported_media_type: { status: 415, title: "The body must be JSON", mend: "caller", retry: false },
  payload_too_large: { status: 413, title: "The body is too large", mend: "caller", retry: false },
  validation_failed: { status: 422, title: "The request is not valid", mend: "caller", retry: false },
  unauthenticated: { status: 401, title: "No valid caller token", mend: "caller", retry: false },
  forbidden: { status: 403, title: "The caller may not do this", mend: "caller", retry: false },
  not_found: { status: 404, title: "Not found", mend: "caller", retry: false },
  conflict: { status: 409, title: "The request conflicts with what exists", mend: "caller", retry: false },
  precondition_failed: { status: 412, title: "The object has changed", mend: "caller", retry: false },
  rate_limited: { status: 429, title: "Too many requests", mend: "caller", retry: true },
  state_invalid: { status: 400, title: "The sign-in cannot be completed", mend: "user", retry: false },
  consent_denied: { status: 400, title: "Consent was not given", mend: "user", retry: false },
  not_connected: { status: 404, title: "No account is connected", mend: "user", retry: false },
  reauth_required: { status: 409, title: "The account must be connected again", mend: "user", retry: false },
  admin_consent_required: { status: 409, title: "An administrator must consent", mend: "admin", retry: false },
  scope_insufficient: { status: 403, title: "The grant does not cover this", mend: "user", retry: false },
  provider_misconfigured: {
    status: 500,
    title: "The provider is not set up correctly",
    mend: "operator",
    retry: false,
  },
  provider_throttled: { status: 503, title: "The provider is throttling", mend: "nobody", retry: true },
  provider_unavailable: { status: 503, title: "The provider is unavailable", mend: "nobody", retry: true },
  provider_timeout: { status: 504, title: "The provider did not answer in time", mend: "nobody", retry: true },
  provider_error: { status: 502, title: "The provider refused the request", mend: "operator", retry: false },
  internal: { status: 500, title: "Something went wrong here", mend: "operator", retry: true },
} as const satisfies Record<string, FailureKind>;

interface FailureKind {
  readonly status: number;
  readonly title: string;
  readonly mend: Mender;
  readonly retry: boolean;
}

/** Who can mend a failure. `nobody`: it passes by itself, ask again later. */
export type Mender = "caller" | "user" | "admin" | "operator" | "nobody";

/** The literal code of a failure. */
export type FailureCode = keyof typeof FAILURES;

/** One field that did not validate: where it stands and what was expected. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** Members that a code adds to its problem body; the contract says which code carries which. */
export interface FailureExtra {
  readonly errors?: readonly FieldError[];
  readonly missing_role?: string;
  readonly missing_permission?: string;
  readonly reason?: string;
  readonly provider_code?: string;
  readonly provider_request_id?: string;
  readonly authorize_path?: string;
  readonly admin_consent_url?: string;
  readonly missing_scopes?: readonly string[];
  /** Scopes that the policy keeps from the caller. */
  readonly scopes?: readonly string[];
  readonly variable?: string;
  /** The run that stands in the way, or that is meant. */
  readonly run_id?: string;
  /** Who can mend it, where that differs from what the code usually means. */
  readonly mend?: Mender;
}

/** A failure as plain data: what crosses Durable Object RPC, where custom error fields do not survive. */
export interface FailureData {
  readonly code: FailureCode;
  /** Safe words for the wire. */
  readonly detail: string;
  readonly extra?: FailureExtra;
  /** Seconds until the same call may work; becomes `Retry-After`. */
  readonly retryAfterS?: number;
  /** The rich reason, for the log alone. */
  readonly reason?: string;
}

/** What a validator or an RPC method answers: a value, or the failure that a caller turns into a response. */
export type Result<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: FailureData };

/** The one error class. Thrown inside a Worker; use {@link Failure.toData} to send it across RPC. */
export class Failure extends Error {
  override readonly name = "Failure";
  readonly code: FailureCode;
  readonly extra: FailureExtra;
  readonly retryAfterS: number | undefined;
  readonly reason: string | undefined;

  constructor(data: FailureData, options?: ErrorOptions) {
    super(data.detail, options);
    this.code = data.code;
    this.extra = data.extra ?? {};
    this.retryAfterS = data.retryAfterS;
    this.reason = data.reason;
  }

  /** The plain data of this failure. Its cause does not cross RPC, so it is told in the reason, which is for the log alone. */
  toData(): FailureData {
    const reason = [this.reason, this.cause === undefined ? undefined : describeError(this.cause)]
      .filter((part) => part !== undefined)
      .join(" <- ");
    return {
      code: this.code,
      detail: this.message,
      extra: this.extra,
      ...(this.retryAfterS === undefined ? {} : { retryAfterS: this.retryAfterS }),
      ...(reason === "" ? {} : { reason }),
    };
  }
}

/** Shorthand: a Failure from a code, safe words and what the code adds. */
export function failure(
  code: FailureCode,
  detail: string,
  more: Omit<FailureData, "code" | "detail"> & ErrorOptions = {},
): Failure {
  const { cause, ...data } = more;
  return new Failure({ code, detail, ...data }, cause === undefined ? undefined : { cause });
}

/** The failure of a request that is not valid, each error by its field. */
export function notValid(errors: readonly FieldError[], more: Pick<FailureExtra, "mend"> & ErrorOptions = {}): Failure {
  const { cause, ...extra } = more;
  const [first] = errors;
  const detail = `${first?.path ? `${first.path}: ` : ""}${first?.message ?? "not valid"}`;
  return failure("validation_failed", detail, { extra: { errors, ...extra }, cause });
}

/** Wraps a value as a successful {@link Result}. */
export function ok<T>(value: T): Result<T> {
  return { ok: true, value };
}

/** Runs `act` and tags its outcome. A Failure becomes data; anything else is a defect and is thrown on. */
export async function attempt<T>(act: () => Promise<T>): Promise<Result<T>> {
  try {
    return { ok: true, value: await act() };
  } catch (error) {
    if (error instanceof Failure) return { ok: false, failure: error.toData() };
    throw error;
  }
}

/** The value of a {@link Result}. Throws the {@link Failure} that it carries. */
export function unwrap<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Failure(result.failure);
}

/** The RFC 9457 body of a failure. */
export function problem(data: FailureData, requestId: string): Record<string, unknown> {
  const kind = FAILURES[data.code];
  return {
    type: `urn:latchkey:problem:${data.code}`,
    title: kind.title,
    status: kind.status,
    detail: data.detail,
    code: data.code,
    mend: kind.mend,
    request_id: requestId,
    ...data.extra,
  };
}
