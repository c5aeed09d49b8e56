/**
 * When a tenant is read by itself: each part by its own interval, everything once a week. A part's turn comes at a time
 * of the tenant's own, told by a hash of its id, so that ten thousand tenants do not come at once.
 */
import * as z from "zod";
import { nextDue } from "../connect/schedule.ts";
import type { Directory } from "../directory.ts";
import type { ResourceName } from "../resources.ts";
import type { Sql } from "../store/sql.ts";
import { readState, resourceState, writeState } from "../store/state.ts";
import { beginRun, busyResources, FULL_RUN_AT } from "./begin.ts";
import { wakeForOpen } from "./work.ts";

const MINUTE_MS = 60_000;
const WEEK_MS = 7 * 24 * 60 * MINUTE_MS;
/** A week, minutes. */
const LONGEST = 7 * 24 * 60;
const minutes = z.int().min(5).max(LONGEST);
/** The cron comes so often; sooner nobody asks. */
const AGAIN_MS = 5 * MINUTE_MS;

/** The parts of a tenant that are read together. */
export const PARTS = {
  directory: ["users", "sign_in_activity", "licences", "groups"],
  devices: ["devices", "managed_devices"],
  audit: ["sign_ins", "directory_audits", "alerts"],
} as const satisfies Record<string, readonly ResourceName[]>;

/** A key of {@link PARTS}. */
export type Part = keyof typeof PARTS;

/** Minutes between two readings of each part. */
export const Intervals = z.strictObject({
  directory_minutes: minutes,
  devices_minutes: minutes,
  audit_minutes: minutes,
});

/** A tenant's intervals. */
export type Schedule = z.infer<typeof Intervals>;

const USUAL: Schedule = {
  directory_minutes: 60,
  devices_minutes: 4 * 60,
  audit_minutes: 15,
};
const NAME = "intervals";
const PART_NAMES = ["directory", "devices", "audit"] as const satisfies readonly Part[];

/** The tenant's own intervals. */
export function intervalsOf(sql: Sql): Schedule {
  return Intervals.safeParse(readState(sql, NAME)).data ?? USUAL;
}

/** Changes them. */
export function changeIntervals(sql: Sql, change: Readonly<Record<string, number | undefined>>): Schedule {
  const next = Intervals.parse({ ...intervalsOf(sql), ...change });
  writeState(sql, NAME, next);
  return next;
}

/** Begins what is due, and gives when to ask again, ms. Asked twice it begins nothing twice. */
export function startDue(
  directory: Directory,
  tenant: string,
): { readonly nextDueAt: number; readonly started: boolean } {
  const { sql, clock } = directory;
  const now = clock.now();
  const busy = busyResources(sql);
  // An alarm may have been lost: six that fail in a row are dropped.
  if (busy.size > 0) wakeForOpen(directory);
  const due = dueAt(sql, tenant, now);
  if (due.full <= now && busy.size === 0) {
    beginRun(directory, { type: "full", cause: "schedule" });
    return { nextDueAt: now + AGAIN_MS, started: true };
  }
  const parts = PART_NAMES.filter((part) => due[part] <= now);
  const resources = parts.flatMap((part) => PARTS[part]).filter((resource) => !busy.has(resource));
  if (resources.length > 0) beginRun(directory, { type: "incremental", cause: "schedule", resources });
  return { nextDueAt: soonest(dueAt(sql, tenant, now), now), started: resources.length > 0 };
}

/** When each part is due, ms. */
export function dueAt(sql: Sql, tenant: string, now: number): Readonly<Record<Part | "full", number>> {
  const intervals = intervalsOf(sql);
  const tried = (names: readonly ResourceName[]) =>
    Math.min(...names.map((name) => resourceState(sql, name).triedAt ?? 0));
  const next = (name: string, last: number, intervalMs: number) =>
    last === 0 ? now : nextDue(name, { last, intervalMs });
  const fullAt = readState(sql, FULL_RUN_AT);
  return {
    full: next(`${tenant}/full`, typeof fullAt === "number" ? fullAt : 0, WEEK_MS),
    directory: next(tenant, tried(PARTS.directory), intervals.directory_minutes * MINUTE_MS),
    devices: next(tenant, tried(PARTS.devices), intervals.devices_minutes * MINUTE_MS),
    audit: next(tenant, tried(PARTS.audit), intervals.audit_minutes * MINUTE_MS),
  };
}

function soonest(due: Readonly<Record<Part | "full", number>>, now: number): number {
  return Math.max(now + AGAIN_MS, Math.min(...Object.values(due)));
}
