/** Begins a run of the resources that can be read. Runs go on beside each other, but no resource is in two of them. */
import type { Directory } from "../directory.ts";
import { type ResourceName, RESOURCES, SYNC_TYPES, type SyncType } from "../resources.ts";
import { knownCapabilities } from "../connect/capabilities.ts";
import { changeResource, resourceState, writeState } from "../store/state.ts";
import { clearMarks } from "../write/removal.ts";
import {
  heldRuns,
  insertRun,
  openTasks,
  type Run,
  runningRuns,
  saveRun,
  saveTask,
  type Task,
  tasksOf,
} from "./records.ts";
import { newTask } from "./new-task.ts";
import { REMOVES } from "./round.ts";
import { firstWindow, MOST_BYTES } from "./window.ts";

const DAY_MS = 86_400_000;
/** A list is read whole at least so often: what was removed from it cannot be asked for. */
const WHOLE_LIST_EVERY_MS = DAY_MS;
/** What was refused is asked for again after this time, and ever more rarely: a fresh consent takes minutes to be known everywhere. */
const ASK_AGAIN_MS = 15 * 60_000;
const ASK_AGAIN_FACTOR = 4;

/** When a full run was begun last, ms: its name in the object's state. */
export const FULL_RUN_AT = "full_run_at";

/** What to begin. */
export interface RunRequest {
  readonly type: SyncType;
  readonly cause: Run["cause"];
  /** Of the type's resources, these alone. */
  readonly resources?: readonly ResourceName[];
}

/** The run that was begun, or the one that stands in its way. */
export type Begun = { readonly begun: Run } | { readonly running: Run };

/** Begins a run, in one transaction, and asks for the object's alarm. */
export function beginRun(directory: Directory, request: RunRequest): Begun {
  const { sql, clock } = directory;
  const wanted = request.resources ?? SYNC_TYPES[request.type];
  const busy = busyResources(sql);
  const other = wanted.map((resource) => busy.get(resource)).find((run) => run !== undefined);
  // What somebody asks for is begun whole or not at all; the schedule takes what is free.
  if (other && (request.cause === "request" || request.type === "full")) return { running: other };
  const resources = wanted.filter((resource) => !busy.has(resource));
  if (other && resources.length === 0) return { running: other };
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
    const tasks = resources.map((resource) => saveTask(sql, taskFor(directory, run, { resource, held })));
    for (const resource of resources) changeResource(sql, resource, { triedAt: run.startedAt });
    if (type === "full" || isFirstCopy(tasks)) writeState(sql, FULL_RUN_AT, run.startedAt);
    return run;
  });
  directory.log.info("directory run begun", { run: begun.id, type: begun.type, cause: begun.cause });
  directory.wakeBy(clock.now());
  return { begun };
}

/** What has to be read whole because nothing of it was read before is as good as a full run. */
function isFirstCopy(tasks: readonly Task[]): boolean {
  const read = tasks.filter(({ state, resource }) => state === "open" && RESOURCES[resource].mode === "delta");
  return tasks.length === SYNC_TYPES.full.length && read.length > 0 && read.every(({ round }) => round === "full");
}

/** The resources that are being read, or wait to be, each with its run. */
export function busyResources(sql: Directory["sql"]): Map<ResourceName, Run> {
  const runs = new Map(runningRuns(sql).map((run) => [run.r, run]));
  return new Map(
    openTasks(sql).flatMap(({ resource, r }): [ResourceName, Run][] => {
      const run = runs.get(r);
      return run ? [[resource, run]] : [];
    }),
  );
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
  // A full run asks again, and any after a while: licences are bought, permissions are given.
  if (run.type === "full" || !known || known.status === "available" || known.status === "unknown") return undefined;
  const { refusedAt, refusals } = resourceState(sql, resource);
  const pause = Math.min(DAY_MS, ASK_AGAIN_MS * ASK_AGAIN_FACTOR ** Math.max(0, refusals - 1));
  if (refusedAt !== null && clock.now() - refusedAt > pause) return undefined;
  if (refusedAt === null) changeResource(sql, resource, { refusedAt: clock.now() });
  return { code: known.status, detail: "The tenant did not let this be read when it was last asked." };
}

function roundOf({ sql, clock }: Directory, type: SyncType, resource: ResourceName): Task["round"] {
  const { link, fullAt, damagedAt, ownersUntoldAt } = resourceState(sql, resource);
  if (type === "full") return "full";
  const wholeIsOld = fullAt === null || clock.now() - fullAt > WHOLE_LIST_EVERY_MS;
  switch (RESOURCES[resource].mode) {
    case "delta":
      // What could not be read may be readable by now: once a day everything is looked at again.
      return link === null ||
        (wholeIsOld && [damagedAt, ownersUntoldAt].some((at) => at !== null && clock.now() - at > DAY_MS))
        ? "full"
        : "follow";
    case "sweep":
      return wholeIsOld || resource === "licences" || type === "devices_only" ? "full" : "follow";
    case "window":
      return "follow";
  }
}
