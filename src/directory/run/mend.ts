/** Who can mend what a task met. No I/O. */
import { FAILURES, type FailureCode, type Mender } from "../../lib/errors.ts";

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

function isFailure(code: string): code is FailureCode {
  return Object.hasOwn(FAILURES, code);
}
