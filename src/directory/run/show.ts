/** Runs as people see them. No I/O. */
import { rfc3339 } from "../../lib/clock.ts";
import { RESOURCE_NAMES, SYNC_TYPES } from "../resources.ts";
import type { Sql } from "../store/sql.ts";
import { mendOf } from "./mend.ts";
import { type Run, type Task, tasksOf } from "./records.ts";
import { listSetAside } from "./set-aside.ts";

const MOST_SET_ASIDE = 100;

/** A run with its tasks, as its page and its events carry it. Times RFC 3339. */
export type ShownRun = ReturnType<typeof showRun>;

/** Runs, newest first; `next`: where the following page begins. */
export interface RunPage {
  readonly runs: readonly ShownRun[];
  readonly next: number | undefined;
}

/** A run as it is shown. `now`: ms since the epoch, for the estimate. */
export function showRun(sql: Sql, run: Run, now: number) {
  const order = new Map(RESOURCE_NAMES.map((name, index) => [name, index]));
  const tasks = tasksOf(sql, run.r).toSorted((a, b) => (order.get(a.resource) ?? 0) - (order.get(b.resource) ?? 0));
  const setAside = tasks.some((task) => task.setAside > 0) ? listSetAside(sql, run.r, MOST_SET_ASIDE) : [];
  return {
    id: run.id,
    sync_type: run.type,
    partial_of_type: tasks.length < SYNC_TYPES[run.type].length,
    cause: run.cause,
    status: run.status,
    started_at: rfc3339(run.startedAt),
    ended_at: time(run.endedAt),
    approved_at: time(run.approvedAt),
    resources: tasks.map((task) => showTask(task, now)),
    set_aside: setAside,
    ...(run.status === "held" ? { approve_path: `/v1/microsoft/runs/${run.id}/approve` } : {}),
  };
}

/** What a run has come to, as a number that only grows: the id of its events. */
export function versionOf(sql: Sql, run: Run): number {
  return tasksOf(sql, run.r).reduce((sum, { version }) => sum + version, 0) * 2 + (run.endedAt === null ? 0 : 1);
}

function showTask(task: Task, now: number) {
  const waiting = task.state === "open" && task.dueAt > now;
  return {
    resource: task.resource,
    status: waiting ? "waiting" : SHOWN[task.state],
    reading: task.round === "follow" ? "changes" : "everything",
    fell_back_to_full: task.fellBack === true,
    seen: task.seen,
    written: task.written,
    removed: task.removed,
    set_aside: task.setAside,
    pages: task.pages,
    waits: task.waits,
    waited_s: Math.round(task.waitedMs / 1000),
    waits_until: waiting ? rfc3339(task.dueAt) : null,
    total: totalOf(task) ?? null,
    remaining_s: remaining(task, now),
    started_at: time(task.startedAt),
    ended_at: time(task.endedAt),
    reason: task.trouble
      ? {
          code: task.trouble.code,
          detail: task.trouble.detail,
          mend: mendOf(task.trouble.code),
          provider_code: task.trouble.providerCode ?? null,
          provider_request_id: task.trouble.requestId ?? null,
        }
      : null,
  };
}

const SHOWN = {
  open: "running",
  removing: "removing",
  done: "succeeded",
  skipped: "skipped",
  refused: "refused",
  incomplete: "incomplete",
  failed: "failed",
  held: "held",
} as const satisfies Record<Task["state"], string>;

/** Seconds that a task will still take at the pace so far; null where that cannot be told. */
function remaining(task: Task, now: number): number | null {
  const { state, round, seen, startedAt } = task;
  const total = totalOf(task);
  if (state !== "open") return state === "removing" ? null : 0;
  if (round !== "full" || total === undefined || startedAt === undefined || seen === 0) return null;
  const perObject = (now - startedAt) / seen;
  return Math.max(0, Math.round(((total - seen) * perObject) / 1000));
}

/** A group comes several times where its members fill several pages: then how many there are says nothing of how far it is. */
function totalOf({ total, seen }: Task): number | undefined {
  return total !== undefined && total >= seen ? total : undefined;
}

function time(ms: number | null | undefined): string | null {
  return ms === null || ms === undefined ? null : rfc3339(ms);
}
