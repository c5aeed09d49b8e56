/**
 * The pace at which each workload is asked ("Microsoft Graph service-specific throttling limits"): as many requests as its
 * limit allows, and then none until the oldest has left the window. Identity counts resource units; three readings at
 * a time, one page after the other, stay far below.
 */
import type { Directory } from "../directory.ts";
import type { Workload } from "../resources.ts";

interface Limit {
  readonly requests: number;
  readonly perMs: number;
}

/** A little less than what is allowed: clocks differ. */
const LIMITS: Readonly<Partial<Record<Workload, Limit>>> = {
  audit: { requests: 5, perMs: 10_500 },
  security: { requests: 150, perMs: 61_000 },
  intune: { requests: 1_000, perMs: 20_500 },
};

const UNASKED = { asked: [], notBefore: 0 };

/** When the workload may be asked next, ms. */
export function paceOf({ memory }: Directory, workload: Workload): number {
  const { asked, notBefore } = memory.pace.get(workload) ?? UNASKED;
  const limit = LIMITS[workload];
  const oldest = limit && asked.length >= limit.requests ? asked.at(-limit.requests) : undefined;
  return Math.max(notBefore, oldest === undefined || !limit ? 0 : oldest + limit.perMs);
}

/** Notes that the workload is asked now. */
export function countRequest({ memory, clock }: Directory, workload: Workload): void {
  const limit = LIMITS[workload];
  if (!limit) return;
  const { asked, notBefore } = memory.pace.get(workload) ?? UNASKED;
  memory.pace.set(workload, { asked: [...asked.slice(1 - limit.requests), clock.now()], notBefore });
}

/** Leaves the workload alone until then, ms. */
export function rest({ memory }: Directory, workload: Workload, until: number): void {
  const known = memory.pace.get(workload) ?? UNASKED;
  memory.pace.set(workload, { ...known, notBefore: Math.max(known.notBefore, until) });
}
