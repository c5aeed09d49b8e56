/** Failures as responses: RFC 9457 problem details, one shape for every route. */
import { HTTPException } from "hono/http-exception";
import type * as z from "zod";
import { Failure, FAILURES, type FailureData, failure, notValid, problem } from "../lib/errors.ts";
import { limitHeaders, type LimitVerdict } from "../lib/rate-limit.ts";
import type { HostedContext } from "./context.ts";

/** Turns whatever was thrown into a response. What is neither a Failure nor a mistake of the caller is a defect: it is logged whole and told to nobody. */
export function respondToError(error: unknown, c: HostedContext): Response {
  const data = toFailure(error).toData();
  const fields = {
    failure: data.code,
    reason: data.reason ?? data.extra?.reason,
    provider_code: data.extra?.provider_code,
  };
  if (FAILURES[data.code].status >= 500) c.get("log").error("failure", fields);
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
      ...(data.code === "unauthenticated" || data.code === "forbidden"
        ? { "WWW-Authenticate": challenge(data, c) }
        : {}),
      ...(verdict ? limitHeaders(verdict) : {}),
    },
  });
}

function toFailure(error: unknown): Failure {
  if (error instanceof Failure) return error;
  if (error instanceof HTTPException && error.status === 400)
    return failure("malformed_json", "The body is not valid JSON.");
  return failure("internal", "Something went wrong here. The request id helps to find out what.", { cause: error });
}

/** The failure of a request over its limit. */
export function rateLimited(verdict: LimitVerdict): Failure {
  const detail = `At most ${verdict.quota} requests in ${verdict.windowS} s.`;
  return failure("rate_limited", detail, { retryAfterS: verdict.resetS });
}

/** RFC 6750 section 3.1: no error code where nothing was sent that could be a token. */
function challenge({ code, extra }: FailureData, c: HostedContext): string {
  const realm = 'Bearer realm="latchkey"';
  if (code === "unauthenticated")
    return /^Bearer\b/i.test(c.req.header("Authorization") ?? "") ? `${realm}, error="invalid_token"` : realm;
  const scope = extra?.missing_permission ? `, scope="${extra.missing_permission}"` : "";
  return `${realm}, error="insufficient_scope"${scope}`;
}

/** Throws `validation_failed` where a schema refused; each error names its field. */
export function requireValid(result: { readonly success: boolean; readonly error?: z.core.$ZodError }): void {
  if (result.success || !result.error) return;
  throw notValid(result.error.issues.flatMap(fieldErrors));
}

/** What a schema makes of `value`. Fails as `validation_failed`, each error by its field. */
export function valid<T extends z.ZodType>(schema: T, value: unknown): z.infer<T> {
  const parsed = schema.safeParse(value);
  requireValid(parsed);
  return parsed.data as z.infer<T>; // requireValid has thrown where there is none
}

/** An unknown field is refused by its own name. */
function fieldErrors(issue: z.core.$ZodIssue): { path: string; message: string }[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys")
    return issue.keys.map((key) => ({ path: [...path, key].join("."), message: "unknown field" }));
  return [{ path: path.join("."), message: issue.message }];
}
