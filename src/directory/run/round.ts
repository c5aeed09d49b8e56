/**
 * The end of a round: what was not seen is staged, and what is staged is removed, unless it is more than somebody
 * should look at first. A log has no rounds: it goes on to its next window.
 */
import { tellWatchers, type Directory } from "../directory.ts";
import { type ResourceName, RESOURCES } from "../resources.ts";
import { EDGE_ROLES } from "../store/schema.ts";
import type { Sql } from "../store/sql.ts";
import { changeResource, resourceState } from "../store/state.ts";
import type { Removable } from "../write/page.ts";
import { applyStaged, clearMarks, exceedsGate, liveCount, stagedCount, stageUnseen } from "../write/removal.ts";
import { lineOf } from "./mend.ts";
import { saveTask, type Task, type TaskTrouble } from "./records.ts";
import { endWindow } from "./window.ts";

/** What the rounds of a resource may remove. */
export const REMOVES: Readonly<Record<ResourceName, readonly Removable[]>> = {
  users: ["users"],
  groups: ["groups", "members"],
  devices: ["devices"],
  managed_devices: ["managed_devices"],
  sign_in_activity: [],
  licences: [],
  sign_ins: [],
  directory_audits: [],
  alerts: [],
};

const REMOVED_AT_ONCE = 2_000;

/** Ends a round after its last page, in the transaction of that page. `link`: where changes are followed from now on. */
export function endRound(directory: Directory, task: Task, link: string | null): Task {
  if (RESOURCES[task.resource].mode === "window") return endWindow(directory, task);
  const { sql, clock } = directory;
  const whole = task.round === "full" && task.setAside === 0;
  if (task.round === "full") {
    // An item that could not be read may be any object: then nothing counts as unseen.
    if (whole) for (const kind of REMOVES[task.resource]) stageUnseen(sql, kind);
    if (isWithoutOwners(task)) keepOwners(sql);
    for (const kind of REMOVES[task.resource]) clearMarks(sql, kind);
  }
  const state = resourceState(sql, task.resource);
  changeResource(sql, task.resource, {
    link,
    readAt: task.startedAt ?? clock.now(),
    poisoned: 0,
    damagedAt: damagedAt(task, state.damagedAt, clock.now()),
    ...(whole ? { fullAt: task.startedAt ?? clock.now() } : {}),
    ...(task.round === "full"
      ? {
          history_from: state.history_from ?? clock.now(),
          // The link asks for what this reading has asked for.
          ownersUntoldAt: isWithoutOwners(task) ? (state.ownersUntoldAt ?? clock.now()) : null,
        }
      : {}),
  });
  const held = heldBecause(directory, task.resource);
  if (held) {
    directory.log.warn("directory run held", lineOf(directory, { ...task, trouble: held }));
    return saveTask(sql, { ...task, state: "held", trouble: held, endedAt: clock.now() });
  }
  return nothingStaged(directory, task) ? afterRemoval(directory, task) : saveTask(sql, { ...task, state: "removing" });
}

/** Removes some of what is staged, in a transaction of its own. */
export function removeSome(directory: Directory, task: Task): Task {
  const { sql, clock } = directory;
  return sql.transaction(() => {
    const history = resourceState(sql, task.resource).history_from !== null;
    for (const kind of REMOVES[task.resource]) {
      if (stagedCount(sql, kind) === 0) continue;
      const { removed } = applyStaged(sql, kind, { now: clock.now(), history, limit: REMOVED_AT_ONCE });
      const further = { ...task, removed: task.removed + removed };
      return nothingStaged(directory, task) ? afterRemoval(directory, further) : saveTask(sql, further);
    }
    return afterRemoval(directory, task);
  });
}

/** Lets what a held task has staged be removed. */
export function release(directory: Directory, task: Task): Task {
  const { trouble: _approved, endedAt: _goesOn, ...rest } = task;
  const released = saveTask(directory.sql, { ...rest, state: "removing", dueAt: 0 });
  tellWatchers(directory);
  return released;
}

function nothingStaged({ sql }: Directory, { resource }: Task): boolean {
  return REMOVES[resource].every((kind) => stagedCount(sql, kind) === 0);
}

/** After everything was read, what changed meanwhile is followed at once. */
function afterRemoval({ sql, clock }: Directory, task: Task): Task {
  if (task.round === "full" && RESOURCES[task.resource].mode === "delta") {
    const { circle: _other, ...rest } = task;
    return saveTask(sql, { ...rest, state: "open", round: "catch_up" });
  }
  const trouble = incompleteBecause(sql, task);
  if (!trouble) return saveTask(sql, { ...task, state: "done", endedAt: clock.now() });
  return saveTask(sql, { ...task, state: "incomplete", trouble, endedAt: clock.now() });
}

/** Since when something could not be read: what a round leaves out, later rounds do not bring back, but a whole one does. */
function damagedAt({ round, setAside }: Task, before: number | null, now: number): number | null {
  if (setAside > 0) return before ?? now;
  return round === "full" ? null : before;
}

/** Why a resource that was read to its end is not whole; undefined where it is. */
function incompleteBecause(sql: Sql, { resource }: Task): TaskTrouble | undefined {
  const { damagedAt: damaged, ownersUntoldAt } = resourceState(sql, resource);
  if (damaged !== null)
    return { code: "set_aside", detail: "Something of it could not be read, and has not been read since." };
  // Where they were never told there is nothing to fall behind.
  if (ownersUntoldAt === null || !sql.first(`SELECT 1 AS one FROM edges WHERE role = ${EDGE_ROLES.owner} LIMIT 1`))
    return undefined;
  return {
    code: "owners_refused",
    detail: "Microsoft Graph does not tell the owners any more: they are as they were.",
  };
}

function isWithoutOwners({ without }: Task): boolean {
  return without?.includes("owners") === true;
}

/** Owners that Graph would not tell have not gone. */
function keepOwners(sql: Sql): void {
  sql.run(`DELETE FROM staged WHERE kind = 'members' AND n IN (SELECT e FROM edges WHERE role = ${EDGE_ROLES.owner})`);
}

/** Why the removals of a resource must wait for an approval; undefined where they need not. */
function heldBecause({ sql }: Directory, resource: ResourceName): TaskTrouble | undefined {
  const over = REMOVES[resource].flatMap((kind) => {
    const staged = stagedCount(sql, kind);
    // Counting what is there reads every row of it, and reads are billed: a few removals are let through without.
    if (!exceedsGate(staged, 0)) return [];
    const live = liveCount(sql, kind);
    return exceedsGate(staged, live) ? [`${staged} of ${live} ${kind}`] : [];
  });
  if (over.length === 0) return undefined;
  return { code: "held", detail: `This run would remove ${over.join(" and ")}. Approve it to let that happen.` };
}
