/** Begins a run: one at a time, of the resources that can be read. */
import type { Directory } from "../directory.ts";
import { type ResourceName, RESOURCES, SYNC_TYPES, type SyncType } from "../resources.ts";
import { knownCapabilities } from "../connect/capabilities.ts";
import { changeResource, resourceState, writeState } from "../store/state.ts";
import { clearMarks } from "../write/removal.ts";
import {
  heldRuns,
  insertRun,
  newTask,
  type Run,
  runningRun,
  saveRun,
  saveTask,
  type Task,
  tasksOf,
} from "./records.ts";
import { REMOVES } from "./round.ts";
import { firstWindow } from "./window.ts";

const DAY_MS = 86_400_000;
/** A list is read whole at least so often: what was removed from it cannot be asked for. */
const WHOLE_LIST_EVERY_MS = DAY_MS;
const ASK_AGAIN_MS = DAY_MS;
/** SQLite in an object ends at 10 GB; the logs stop before it does. */
const MOST_BYTES = 9_000_000_000;

/** When a full run was begun last, ms: its name in the object's state. */
export const FULL_RUN_AT = "full_run_at";

/** What to begin. */
export interface RunRequest {
  readonly type: SyncType;
  readonly cause: Run["cause"];
  /** Of the type's resources, these alone. */
  readonly resources?: readonly ResourceName[];
}

/** The run that was begun, or the one that is under way. */
export type Begun = { readonly begun: Run } | { readonly running: Run };

/** Begins a run, in one transaction, and asks for the object's alarm. */
export function beginRun(directory: Directory, request: RunRequest): Begun {
  const { sql, clock } = directory;
  const running = runningRun(sql);
  if (running) return { running };
  const resources = request.resources ?? SYNC_TYPES[request.type];
  const begun = sql.transaction(() => {
    const held = request.cause === "request" ? supersede(directory, resources) : heldResources(directory);
    const { type, cause } = request;
    const run = insertRun(sql, {
      id: crypto.randomUUID(),
      type,
      cause,
      status: "running",
      startedAt: clock.now(),
      endedAt: null,
    });
    for (const resource of resources) {
      saveTask(sql, taskFor(directory, run, { resource, held }));
      changeResource(sql, resource, { triedAt: run.startedAt });
    }
    if (type === "full") writeState(sql, FULL_RUN_AT, run.startedAt);
    return run;
  });
  directory.log.info("directory run begun", { run: begun.id, type: begun.type, cause: begun.cause });
  directory.wakeBy(clock.now());
  return { begun };
}

/** What waits for an approval, by resource. */
function heldResources({ sql }: Directory): Map<ResourceName, Run> {
  return new Map(heldRuns(sql).flatMap((run) => heldTasks(sql, run).map((task) => [task.resource, run])));
}

/** A run that somebody asks for looks anew at what waits for an approval: the older question is withdrawn. */
function supersede({ sql }: Directory, resources: readonly ResourceName[]): Map<ResourceName, Run> {
  const left = new Map<ResourceName, Run>();
  for (const run of heldRuns(sql)) {
    const held = heldTasks(sql, run);
    if (held.every(({ resource }) => resources.includes(resource))) saveRun(sql, { ...run, status: "superseded" });
    else for (const { resource } of held) left.set(resource, run);
  }
  return left;
}

function heldTasks(sql: Directory["sql"], run: Run): Task[] {
  return tasksOf(sql, run.r).filter(({ state }) => state === "held");
}

function taskFor(
  directory: Directory,
  run: Run,
  { resource, held }: { readonly resource: ResourceName; readonly held: ReadonlyMap<ResourceName, Run> },
): Task {
  const { sql, clock } = directory;
  const task = newTask(run.r, resource);
  const skipped = reasonToSkip(directory, run, { resource, held: held.get(resource) });
  if (skipped) return { ...task, state: "skipped", trouble: skipped, endedAt: clock.now() };
  const state = resourceState(sql, resource);
  const round = roundOf(directory, run.type, resource);
  if (round === "full") for (const kind of REMOVES[resource]) clearMarks(sql, kind);
  const begun: Task = { ...task, round };
  return RESOURCES[resource].mode === "window" ? firstWindow(begun, state, clock.now()) : begun;
}

function reasonToSkip(
  { sql, clock }: Directory,
  run: Run,
  { resource, held }: { readonly resource: ResourceName; readonly held: Run | undefined },
): Task["trouble"] {
  if (held) return { code: "held", detail: `Run ${held.id} waits for an approval.` };
  const isLog = RESOURCES[resource].mode === "window";
  if (isLog && sql.size() > MOST_BYTES)
    return { code: "storage_full", detail: "The copy has no room for more of the logs." };
  const known = knownCapabilities(sql)[resource];
  // A full run asks again, and so does any a day later: licences are bought and permissions are given.
  if (run.type === "full" || !known || known.status === "available" || known.status === "unknown") return undefined;
  const { refusedAt } = resourceState(sql, resource);
  if (refusedAt !== null && clock.now() - refusedAt > ASK_AGAIN_MS) return undefined;
  if (refusedAt === null) changeResource(sql, resource, { refusedAt: clock.now() });
  return { code: known.status, detail: "The tenant did not let this be read when it was last asked." };
}

function roundOf({ sql, clock }: Directory, type: SyncType, resource: ResourceName): Task["round"] {
  const { link, fullAt } = resourceState(sql, resource);
  if (type === "full") return "full";
  switch (RESOURCES[resource].mode) {
    case "delta":
      return link === null ? "full" : "follow";
    case "sweep":
      return fullAt === null ||
        resource === "licences" ||
        clock.now() - fullAt > WHOLE_LIST_EVERY_MS ||
        type === "devices_only"
        ? "full"
        : "follow";
    case "window":
      return "follow";
  }
}
