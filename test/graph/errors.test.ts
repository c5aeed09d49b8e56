import { expect, test } from "vitest";
import { REFUSALS, ruleFor } from "../../src/graph/errors.ts";
import { failureOf, play, refusal } from "./scripted.ts";

/** Status and code as Graph sends them, the failure that callers see, and the field to blame or the reason. */
const CASES = [
  [429, "TooManyRequests", "provider_throttled"],
  [503, "ErrorServerBusy", "provider_throttled"],
  [403, "activityLimitReached", "provider_throttled"],
  [429, "ApplicationThrottled", "provider_throttled"],
  [429, "SomethingNew", "provider_throttled"],
  [509, "activityLimit", "provider_throttled"],
  [401, "InvalidAuthenticationToken", "reauth_required", "token_rejected"],
  [403, "ErrorSendAsDenied", "provider_error"],
  [403, "Authorization_RequestDenied", "scope_insufficient"],
  [403, "ErrorAccessDenied", "provider_error"],
  [403, "accessDenied", "provider_error"],
  [404, "MailboxNotEnabledForRESTAPI", "provider_error"],
  [404, "ResourceNotFound", "provider_error"],
  [400, "ErrorMissingEmailAddress", "provider_error"],
  [400, "ErrorDuplicateTransactionId", "conflict"],
  [409, "ErrorDuplicateTransactionId", "conflict"],
  [404, "ErrorItemNotFound", "not_found"],
  [400, "ErrorInvalidIdMalformed", "not_found"],
  [400, "errorinvalididmalformed", "not_found"],
  [404, "Request_ResourceNotFound", "not_found"],
  [410, "Gone", "not_found"],
  [507, "ErrorQuotaExceeded", "provider_error"],
  [413, "RequestEntityTooLarge", "payload_too_large"],
  [400, "ErrorMessageSizeExceeded", "payload_too_large"],
  [400, "TimeZoneNotSupportedException", "validation_failed", "time_zone"],
  [400, "ErrorCalendarInvalidRecurrence", "validation_failed", "recurrence"],
  [400, "ErrorCalendarEndDateIsEarlierThanStartDate", "validation_failed", "end"],
  [400, "ErrorOccurrenceCrossingBoundary", "validation_failed", "start"],
  [400, "ErrorInvalidRecipients", "validation_failed", "attendees"],
  [400, "ErrorInvalidRequest", "validation_failed", ""],
  [400, "ErrorInvalidParameter", "validation_failed", ""],
  [400, "ErrorPropertyValidationFailure", "validation_failed", ""],
  [400, "RequestBodyRead", "validation_failed", ""],
  [400, "Directory_ExpiredPageToken", "validation_failed", "cursor"],
  [410, "SyncStateNotFound", "validation_failed", "cursor"],
  [400, "BadRequest", "provider_error"],
  [409, "ErrorFolderExists", "conflict"],
  [412, "ErrorIrresolvableConflict", "precondition_failed"],
  [500, "InternalServerError", "provider_unavailable"],
  [502, "UnknownError", "provider_unavailable"],
  [503, "serviceNotAvailable", "provider_unavailable"],
  [504, "UnknownError", "provider_unavailable"],
  [501, "NotImplemented", "provider_error"],
  [402, "PaymentRequired", "provider_error"],
] as const;

test.each(CASES)("%i %s becomes %s", async (status, code, failure, blamed?: string) => {
  const { graph } = play({ steps: [1, 2, 3].map(() => refusal(status, code)) });
  const write = { method: "PATCH", path: "/me/events/1", body: {}, label: "test" } as const;
  const { code: found, detail, extra, retryAfterS } = await failureOf(graph.request(write));
  expect(found).toBe(failure);
  expect(detail).not.toBe("");
  expect(extra?.provider_code).toBe(code);
  expect(extra?.errors).toEqual(failure === "validation_failed" ? [{ path: blamed, message: detail }] : undefined);
  expect(extra?.reason).toBe(failure === "reauth_required" ? blamed : undefined);
  const passes = failure === "provider_throttled" || failure === "provider_unavailable";
  expect(retryAfterS !== undefined).toBe(passes);
});

test("every row of the table is met by a case above, or by the test of invalid audiences", () => {
  const met = CASES.map(([status, code]) => ruleFor({ status, code, message: "", requestId: undefined, error: {} }));
  expect(REFUSALS.filter((rule) => !met.includes(rule) && !("says" in rule))).toEqual([]);
});
