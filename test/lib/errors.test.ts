import { expect, test } from "vitest";
import { attempt, Failure, FAILURES, type FailureCode, failure, ok, problem, unwrap } from "../../src/lib/errors.ts";

// The contract of the public surfaces: a code never changes its status.
const STATUSES = {
  malformed_json: 400,
  unsupported_media_type: 415,
  payload_too_large: 413,
  validation_failed: 422,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  conflict: 409,
  precondition_failed: 412,
  rate_limited: 429,
  state_invalid: 400,
  consent_denied: 400,
  not_connected: 404,
  reauth_required: 409,
  admin_consent_required: 409,
  scope_insufficient: 403,
  provider_misconfigured: 500,
  provider_throttled: 503,
  provider_unavailable: 503,
  provider_timeout: 504,
  provider_error: 502,
  internal: 500,
} as const satisfies Record<FailureCode, number>;

test("every code has exactly the status of the contract, and there is no other code", () => {
  const statuses = Object.fromEntries(Object.entries(FAILURES).map(([code, { status }]) => [code, status]));
  expect(statuses).toEqual(STATUSES);
});

test.each(Object.entries(STATUSES))(
  "the problem of %s says its status, code, title and who can mend it",
  (code, status) => {
    const body = problem(failure(code as FailureCode, "Safe words.").toData(), "req-1");
    expect(body).toEqual({
      type: `urn:latchkey:problem:${code}`,
      title: expect.stringMatching(/^[A-Z].{5,}/) as string,
      status,
      detail: "Safe words.",
      code,
      mend: expect.stringMatching(/^(caller|user|admin|operator|nobody)$/) as string,
      request_id: "req-1",
    });
  },
);

test("what a code adds stands beside the common members and may say better who mends it", () => {
  const data = failure("reauth_required", "Again.", {
    extra: { reason: "grant_revoked", provider_code: "AADSTS50173", authorize_path: "/a/", mend: "admin" },
  }).toData();
  expect(problem(data, "r")).toMatchObject({
    reason: "grant_revoked",
    provider_code: "AADSTS50173",
    authorize_path: "/a/",
    mend: "admin",
  });
});

test("the rich reason, the cause and the stack stay out of the problem", () => {
  const data = failure("internal", "Sorry.", { reason: "seal: altered", cause: new Error("the secret") }).toData();
  const text = JSON.stringify(problem(data, "r"));
  expect(text).not.toMatch(/seal|secret|errors\.test/);
});

test("a failure survives as data and comes back as itself", async () => {
  const thrown = failure("provider_throttled", "Wait.", { retryAfterS: 7, reason: "busy", extra: { reason: "x" } });
  const result = await attempt(() => Promise.reject(thrown));
  const crossed = structuredClone(result);
  expect(crossed).toEqual(result);
  const again = await attempt(async () => unwrap(crossed));
  expect(again).toEqual(result);
  expect(() => unwrap(crossed)).toThrow(Failure);
});

test("a value crosses as itself", async () => {
  expect(unwrap(ok(3))).toBe(3);
  expect(unwrap(await attempt(() => Promise.resolve(3)))).toBe(3);
});

test("a defect is never tagged as a failure", async () => {
  await expect(attempt(() => Promise.reject(new TypeError("bug")))).rejects.toThrow(TypeError);
});
