/** Who can mend what a task met, and how it is said. */
import { rfc3339 } from "../../lib/clock.ts";
import { FAILURES, type FailureCode, type Mender } from "../../lib/errors.ts";
import type { LogFields } from "../../lib/log.ts";
import type { Directory } from "../directory.ts";
import { runId, type Task } from "./records.ts";

/** By the code of a task's trouble; codes of failures mean what they always do. */
const MENDERS: Readonly<Record<string, Mender>> = {
  throttled: "nobody",
  unavailable: "nobody",
  link_gone: "nobody",
  page_refused: "nobody",
  page_unreadable: "nobody",
  page_circle: "nobody",
  page_not_written: "operator",
  set_aside: "operator",
  storage_full: "operator",
  owners_refused: "admin",
  permission_missing: "admin",
  licence_missing: "admin",
  service_missing: "admin",
  unknown: "admin",
  token_rejected: "admin",
  held: "admin",
  cancelled: "caller",
};

/** Who can mend it. */
export function mendOf(code: string): Mender {
  return MENDERS[code] ?? (isFailure(code) ? FAILURES[code].mend : "operator");
}

/** What the log says of a task: enough to find its run and whoever can mend it. */
export function lineOf({ sql }: Directory, { r, resource, round, dueAt, trouble }: Task): LogFields {
  return {
    run: runId(sql, r),
    resource,
    round,
    reason: trouble?.detail,
    failure: trouble?.code,
    provider_code: trouble?.providerCode,
    mend: trouble && mendOf(trouble.code),
    ...(dueAt === 0 ? {} : { until: rfc3339(dueAt) }),
  };
}

function isFailure(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code);
}
