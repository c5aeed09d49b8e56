/** What a keeper answers, as it crosses RPC. */
import type { Finished } from "../connections/finish.ts";
import { type ConnectionSummary, summarise } from "../connections/summary.ts";
import type { FailureData, Result } from "../lib/errors.ts";
import type { LimitVerdict } from "../lib/rate-limit.ts";

/** An answer of a limited call. Without `result` the limit refused it. */
export interface Limited<T> {
  readonly limit?: LimitVerdict;
  readonly result?: Result<T>;
}

/** How a sign-in ended. */
export interface FinishAnswer {
  readonly returnTo?: string;
  readonly connection?: ConnectionSummary;
  /** The address of the mailbox that uses it from now on. */
  readonly mailbox?: string;
  readonly failure?: FailureData;
}

/** A sign-in's end as data. */
export function finishAnswer(finished: Finished): FinishAnswer {
  const returnTo = finished.returnTo === undefined ? {} : { returnTo: finished.returnTo };
  if ("failure" in finished) return { ...returnTo, failure: finished.failure.toData() };
  const mailbox = finished.mailbox === undefined ? {} : { mailbox: finished.mailbox };
  return { ...returnTo, ...mailbox, connection: summarise(finished.connection) };
}
