/** Failures as responses: RFC 9457 problem details, one shape for every route. */
import { HTTPException } from "hono/http-exception";
import type * as z from "zod";
import { Failure, FAILURES, type FailureData, failure, problem } from "../lib/errors.ts";
import { describeError } from "../lib/log.ts";
import { limitHeaders, type LimitVerdict } from "../lib/rate-limit.ts";
import type { HostedContext } from "./context.ts";

/** Turns whatever was thrown into a response. What is not a Failure is a defect: it is logged whole and told to nobody. */
export function respondToError(error: unknown, c: HostedContext): Response {
  const data = toFailure(error).toData();
  const { status } = FAILURES[data.code];
  const fields = {
    failure: data.code,
    reason: data.reason,
    provider_code: data.extra?.provider_code,
    cause: error instanceof Error ? error.cause : undefined,
  };
  if (status >= 500 || !(error instanceof Failure))
    c.get("log").error("failure", { ...fields, ...(error instanceof Failure ? {} : { cause: describeError(error) }) });
  else c.get("log").info("failure", fields);
  return respondWith(data, c);
}

/** The problem response of a failure. */
export function respondWith(data: FailureData, c: HostedContext): Response {
  const verdict = c.get("verdict");
  return new Response(JSON.stringify(problem(data, c.get("requestId"))), {
    status: FAILURES[data.code].status,
    headers: {
      "Content-Type": "application/problem+json",
      "Cache-Control": "no-store",
      ...(data.retryAfterS === undefined ? {} : { "Retry-After": String(data.retryAfterS) }),
      ...(data.code === "unauthenticated" || data.code === "forbidden" ? { "WWW-Authenticate": challenge(data) } : {}),
      ...(verdict ? limitHeaders(verdict) : {}),
    },
  });
}

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof HTTPException && error.status === 413) return tooLarge();
  if (error instanceof HTTPException && error.status === 400)
    return failure("malformed_json", "The body is not valid JSON.");
  return failure("internal", "Something went wrong here. The request id helps to find out what.", { cause: error });
}

/** The failure of a body over the limit. */
export function tooLarge(): Failure {
  return failure("payload_too_large", "The body may have at most 64 KiB.");
}

/** The failure of a request over its limit. */
export function rateLimited(verdict: LimitVerdict): Failure {
  const detail = `At most ${verdict.quota} requests in ${verdict.windowS} s.`;
  return failure("rate_limited", detail, { retryAfterS: verdict.resetS });
}

/** RFC 6750 section 3. No error code where no token was sent at all. */
function challenge({ code, extra }: FailureData): string {
  if (code === "unauthenticated") return 'Bearer realm="latchkey", error="invalid_token"';
  const scope = extra?.missing_permission ? `, scope="${extra.missing_permission}"` : "";
  return `Bearer realm="latchkey", error="insufficient_scope"${scope}`;
}

/** Throws `validation_failed` where a schema refused; each error names its field. */
export function requireValid(result: { readonly success: boolean; readonly error?: z.core.$ZodError }): void {
  if (result.success || !result.error) return;
  throw invalid(result.error.issues.flatMap(fieldErrors));
}

/** The failure of a request that is not valid. */
export function invalid(errors: readonly { readonly path: string; readonly message: string }[]): Failure {
  const first = errors[0];
  return failure("validation_failed", `${first?.path ? `${first.path}: ` : ""}${first?.message ?? "not valid"}`, {
    extra: { errors },
  });
}

/** An unknown field is refused by its own name. */
function fieldErrors(issue: z.core.$ZodIssue): { path: string; message: string }[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key].join("."), message: "unknown field" }));
  return [{ path: path.join("."), message: issue.message }];
}
