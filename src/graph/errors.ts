/**
 * What each refusal of Graph means, as one table. Graph is branched on by status and code, never by message, with one
 * exception that is said below (https://learn.microsoft.com/graph/errors).
 */
import type { FailureCode } from "../lib/errors.ts";
import type { GraphRefusal } from "./refusal.ts";

/** One row: the refusals that it meets and the failure that they become. Absent means any. */
export interface RefusalRule {
  readonly statuses?: readonly number[];
  /** Compared without case. */
  readonly codes?: readonly string[];
  readonly says?: RegExp;
  readonly failure: FailureCode;
  /** Safe words for the wire. */
  readonly detail: string;
  /** With `validation_failed`: the field that is to blame, empty where Graph does not tell. */
  readonly path?: string;
  readonly reason?: string;
  /** Seconds to wait where Graph names none. */
  readonly retryAfterS?: number;
}

const NO_MAILBOX = "The account has no mailbox, so it has no calendar either.";

/** Read from the top; the first row that meets a refusal counts. */
export const REFUSALS = [
  {
    codes: ["ApplicationThrottled", "activityLimitReached", "TooManyRequests", "ErrorServerBusy"],
    failure: "provider_throttled",
    detail: "Microsoft is throttling this mailbox.",
    retryAfterS: 10,
  },
  {
    // 509: bandwidth.
    statuses: [429, 509],
    failure: "provider_throttled",
    detail: "Microsoft is throttling requests.",
    retryAfterS: 10,
  },
  {
    // A token for another resource: a defect of set-up that no reconnecting mends. It has no code of its own.
    statuses: [401],
    says: /invalid audience/i,
    failure: "provider_error",
    detail: "Microsoft Graph was sent a token for another resource.",
  },
  {
    statuses: [401],
    failure: "reauth_required",
    reason: "token_rejected",
    detail: "Microsoft refuses the account's token, even a fresh one. Connect the account again.",
  },
  {
    statuses: [403],
    codes: ["ErrorSendAsDenied"],
    failure: "provider_error",
    detail: "The account may not send invitations as this mailbox.",
  },
  {
    statuses: [403],
    codes: ["Authorization_RequestDenied"],
    failure: "scope_insufficient",
    detail: "The grant does not cover this.",
  },
  {
    // The scope is there: a policy keeps the app away from the mailbox, or the calendar is not shared.
    statuses: [403],
    failure: "provider_error",
    detail: "Microsoft denies access to this mailbox or calendar.",
  },
  {
    codes: ["MailboxNotEnabledForRESTAPI", "ResourceNotFound", "ErrorMissingEmailAddress", "ErrorNonExistentMailbox"],
    failure: "provider_error",
    detail: NO_MAILBOX,
  },
  {
    // Sent with 400, and with 409 by some.
    codes: ["ErrorDuplicateTransactionId"],
    failure: "conflict",
    detail: "An event was already created with this idempotency key.",
  },
  {
    // An id of another mailbox does not even parse.
    codes: ["ErrorInvalidIdMalformed", "ErrorInvalidId", "ErrorInvalidMailboxItemId", "ErrorItemNotFound"],
    failure: "not_found",
    detail: "There is no such event or calendar.",
  },
  {
    codes: ["ErrorQuotaExceeded"],
    failure: "provider_error",
    detail: "The mailbox is full.",
  },
  {
    statuses: [413],
    failure: "payload_too_large",
    detail: "Microsoft Graph finds the event too large.",
  },
  {
    codes: ["ErrorMessageSizeExceeded"],
    failure: "payload_too_large",
    detail: "Microsoft Graph finds the event too large.",
  },
  {
    statuses: [400],
    codes: ["TimeZoneNotSupportedException", "ErrorCalendarInvalidTimeZone", "ErrorInvalidTimeZone"],
    failure: "validation_failed",
    path: "time_zone",
    detail: "The mailbox does not know this time zone.",
  },
  {
    statuses: [400],
    codes: [
      "ErrorCalendarInvalidRecurrence",
      "ErrorCalendarInvalidDayForWeeklyRecurrence",
      "ErrorCalendarInvalidDayForTimeChangePattern",
      "ErrorRecurrenceHasNoOccurrence",
      "ErrorRecurrenceEndDateTooBig",
    ],
    failure: "validation_failed",
    path: "recurrence",
    detail: "Microsoft Graph does not accept this recurrence.",
  },
  {
    statuses: [400],
    codes: ["ErrorCalendarEndDateIsEarlierThanStartDate", "ErrorCalendarDurationIsTooLong"],
    failure: "validation_failed",
    path: "end",
    detail: "The end must be after the start, and not too far from it.",
  },
  {
    statuses: [400],
    codes: ["ErrorOccurrenceCrossingBoundary"],
    failure: "validation_failed",
    path: "start",
    detail: "An occurrence cannot be moved past its neighbour.",
  },
  {
    statuses: [400],
    codes: ["ErrorInvalidRecipients", "ErrorInvalidSmtpAddress"],
    failure: "validation_failed",
    path: "attendees",
    detail: "Microsoft Graph does not accept an attendee's address.",
  },
  {
    // BadRequest is not among them: Graph says it of requests that only we can have got wrong.
    statuses: [400],
    codes: [
      "ErrorInvalidRequest",
      "ErrorInvalidParameter",
      "ErrorPropertyValidationFailure",
      "ErrorInvalidArgument",
      "RequestBodyRead",
      "UnableToDeserializePostBody",
    ],
    failure: "validation_failed",
    path: "",
    detail: "Microsoft Graph does not accept a value of this request.",
  },
  {
    codes: ["Directory_ExpiredPageToken", "SyncStateNotFound", "syncStateInvalid"],
    failure: "validation_failed",
    path: "cursor",
    detail: "The cursor has expired: start the list again.",
  },
  { statuses: [404, 410], failure: "not_found", detail: "There is no such event or calendar." },
  { statuses: [409], failure: "conflict", detail: "Microsoft Graph finds a conflict with what exists." },
  { statuses: [412], failure: "precondition_failed", detail: "The event has changed since it was read." },
  {
    statuses: [408, 500, 502, 503, 504],
    failure: "provider_unavailable",
    detail: "Microsoft Graph is unavailable.",
    retryAfterS: 5,
  },
] as const satisfies readonly RefusalRule[];

const OTHERWISE = {
  failure: "provider_error",
  detail: "Microsoft Graph refused the request.",
} as const satisfies RefusalRule;

/** The row that tells what a refusal means. */
export function ruleFor(refusal: GraphRefusal): RefusalRule {
  const rules: readonly RefusalRule[] = REFUSALS;
  return rules.find((rule) => meets(rule, refusal)) ?? OTHERWISE;
}

function meets({ statuses, codes, says }: RefusalRule, { status, code, message }: GraphRefusal): boolean {
  return (
    (statuses === undefined || statuses.includes(status)) &&
    (codes === undefined || codes.some((known) => known.toLowerCase() === code.toLowerCase())) &&
    (says === undefined || says.test(message))
  );
}
