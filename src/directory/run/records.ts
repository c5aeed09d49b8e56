/** Runs and their tasks as they stand in the object's own storage. A task is one resource of one run. */
import type { ResourceName, SyncType } from "../resources.ts";
import type { Sql } from "../store/sql.ts";

/** Where a run is. Only `succeeded` says that everything which the tenant lets be read was read and written. */
export const RUN_STATUSES = ["running", "held", "succeeded", "partial", "failed", "superseded"] as const;

/** One of {@link RUN_STATUSES}. */
export type RunStatus = (typeof RUN_STATUSES)[number];

/** A run. Times in ms since the epoch. */
export interface Run {
  readonly r: number;
  readonly id: string;
  readonly type: SyncType;
  readonly cause: "request" | "schedule";
  readonly status: RunStatus;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly approvedAt?: number;
}

/**
 * Where a task is. done: all read and written. skipped: known not to be possible, or held. refused: Graph says no.
 * incomplete: a page was set aside. failed: given up. held: read, and its removals wait for an approval.
 */
export type TaskState = "open" | "removing" | "done" | "skipped" | "refused" | "incomplete" | "failed" | "held";

/** What a task is doing: reading everything, following changes, or following once more what changed meanwhile. */
export type Round = "full" | "follow" | "catch_up";

/** Why a task did not end well, or not at all. */
export interface TaskTrouble {
  readonly code: string;
  readonly detail: string;
  readonly providerCode?: string;
  readonly requestId?: string;
}

/** How far a task has come. */
export interface Progress {
  readonly version: number;
  readonly pages: number;
  readonly seen: number;
  readonly written: number;
  readonly removed: number;
  readonly setAside: number;
  readonly waits: number;
  readonly waitedMs: number;
  /** How many there will be, as Graph counts; undefined where it does not tell. */
  readonly total?: number;
  readonly startedAt?: number;
  readonly endedAt?: number;
}

/** What part of a log is read. Times in ms since the epoch. */
export interface Window {
  readonly from: number;
  readonly to: number;
  /** Until when the task reads. */
  readonly until: number;
  readonly spanMs: number;
  /** How many pages the task had read when this window began. */
  readonly firstPage: number;
}

/** One resource of one run. */
export interface Task extends Progress {
  readonly r: number;
  readonly resource: ResourceName;
  readonly state: TaskState;
  /** Not to be gone on with before, ms. */
  readonly dueAt: number;
  readonly round: Round;
  /** The page to read next; undefined before the first. */
  readonly url?: string;
  /** Tries of that page that failed for a reason of its own. */
  readonly tries: number;
  /** Since when nothing could be had of the workload, ms. */
  readonly silentSince?: number;
  /** Full readings begun over again because a link was gone. */
  readonly restarts: number;
  /** True where changes were to be followed and everything was read instead. */
  readonly fellBack?: boolean;
  /** Options that Graph has refused in this task, and that it goes on without. */
  readonly without?: readonly string[];
  /** With a window: what is being read now, and until when the task reads, ms. */
  readonly window?: Window;
  /** Links of the round: to notice one that leads in a circle (Brent). */
  readonly circle?: { readonly link: string; readonly power: number; readonly steps: number };
  readonly trouble?: TaskTrouble;
}

interface RunRow extends Record<string, string | number | null> {
  r: number;
  id: string;
  type: string;
  cause: string;
  status: string;
  started_at: number;
  ended_at: number | null;
  value: string;
}

const RUN = "SELECT r, id, type, cause, status, started_at, ended_at, value FROM runs";

/** Adds a run and gives its number. */
export function insertRun(sql: Sql, run: Omit<Run, "r">): Run {
  const { id, type, cause, status, startedAt } = run;
  sql.run(
    "INSERT INTO runs (id, type, cause, status, started_at, value) VALUES (?, ?, ?, ?, ?, '{}')",
    id,
    type,
    cause,
    status,
    startedAt,
  );
  return { ...run, r: sql.first<{ r: number }>("SELECT last_insert_rowid() AS r")?.r ?? 0 };
}

/** Writes what may change of a run. */
export function saveRun(sql: Sql, { r, status, endedAt, approvedAt }: Run): void {
  const value = JSON.stringify(approvedAt === undefined ? {} : { approvedAt });
  sql.run("UPDATE runs SET status = ?, ended_at = ?, value = ? WHERE r = ?", status, endedAt, value, r);
}

/** The run of that id; `latest` is the one that was begun last. */
export function findRun(sql: Sql, id: string): Run | undefined {
  if (id === "latest") return listRuns(sql, { limit: 1 })[0];
  return one(sql.first<RunRow>(`${RUN} WHERE id = ?`, id));
}

/** The runs that are under way, the oldest first. No two of them have the same resource open. */
export function runningRuns(sql: Sql): Run[] {
  return sql.all<RunRow>(`${RUN} WHERE status = 'running' ORDER BY r`).map(runOf);
}

/** The run that was begun last of those that are under way. */
export function runningRun(sql: Sql): Run | undefined {
  return runningRuns(sql).at(-1);
}

/** Runs, newest first. */
export function listRuns(
  sql: Sql,
  { before, limit }: { readonly before?: number | undefined; readonly limit: number },
): Run[] {
  const rows = sql.all<RunRow>(`${RUN} WHERE r < ? ORDER BY r DESC LIMIT ?`, before ?? Number.MAX_SAFE_INTEGER, limit);
  return rows.map(runOf);
}

/** The runs that wait for an approval. */
export function heldRuns(sql: Sql): Run[] {
  return sql.all<RunRow>(`${RUN} WHERE status = 'held' ORDER BY r DESC`).map(runOf);
}

/** Writes a task; each writing counts its version up. */
export function saveTask(sql: Sql, task: Task): Task {
  const { r, resource, state, dueAt, ...rest } = task;
  const value = { ...rest, version: task.version + 1 };
  sql.run(
    `INSERT INTO tasks (r, resource, state, due_at, value) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (r, resource) DO UPDATE SET state = excluded.state, due_at = excluded.due_at, value = excluded.value`,
    r,
    resource,
    state,
    dueAt,
    JSON.stringify(value),
  );
  return { ...task, version: value.version };
}

interface TaskRow extends Record<string, string | number> {
  r: number;
  resource: string;
  state: string;
  due_at: number;
  value: string;
}

/** The tasks of a run. */
export function tasksOf(sql: Sql, r: number): Task[] {
  return sql.all<TaskRow>("SELECT r, resource, state, due_at, value FROM tasks WHERE r = ?", r).map(taskOf);
}

/** The id of a run, for the log. */
export function runId(sql: Sql, r: number): string | undefined {
  return sql.first<{ id: string }>("SELECT id FROM runs WHERE r = ?", r)?.id;
}

/** Every task that can go on, now or later, of all runs that are under way. */
export function openTasks(sql: Sql): Task[] {
  const rows = sql.all<TaskRow>(
    `SELECT t.r, t.resource, t.state, t.due_at, t.value FROM runs JOIN tasks t USING (r)
     WHERE runs.status = 'running' AND t.state IN ('open', 'removing') ORDER BY t.r`,
  );
  return rows.map(taskOf);
}

/** One task as it stands now. */
export function findTask(sql: Sql, { r, resource }: Pick<Task, "r" | "resource">): Task | undefined {
  const row = sql.first<TaskRow>(
    "SELECT r, resource, state, due_at, value FROM tasks WHERE r = ? AND resource = ?",
    r,
    resource,
  );
  return row && taskOf(row);
}

function one(row: RunRow | undefined): Run | undefined {
  return row && runOf(row);
}

// What stands in these rows was written by this file.
function runOf({ r, id, type, cause, status, started_at: startedAt, ended_at: endedAt, value }: RunRow): Run {
  const more = JSON.parse(value) as Pick<Run, "approvedAt">;
  return {
    r,
    id,
    type: type as SyncType,
    cause: cause as Run["cause"],
    status: status as RunStatus,
    startedAt,
    endedAt,
    ...more,
  };
}

function taskOf({ r, resource, state, due_at: dueAt, value }: TaskRow): Task {
  const rest = JSON.parse(value) as Omit<Task, "r" | "resource" | "state" | "dueAt">;
  return { ...rest, r, resource: resource as ResourceName, state: state as TaskState, dueAt };
}
