/** What a run says it read is what the tenant is: where it is not, although nothing was changed since that was read. */
import { type ResourceName, RESOURCES } from "../../src/directory/resources.ts";
import { openTasks, type Run, type Task } from "../../src/directory/run/records.ts";
import { resourceState } from "../../src/directory/store/state.ts";
import {
  alertsApart,
  devicesApart,
  edgesApart,
  groupsApart,
  licencesApart,
  logApart,
  managedApart,
  signInsApart,
  usersApart,
} from "./compare.ts";
import { shownUsers } from "./copy.ts";
import { expectedUsers } from "./expected.ts";
import type { Untold } from "./untold.ts";
import type { World } from "./world.ts";

const DAY_MS = 86_400_000;
/** Entries that come later than this after their time may be missed. */
const LAG_MS = 60_000;

/** A run that has ended. */
export interface Ended {
  readonly run: Run;
  readonly tasks: readonly Task[];
  /** Logs of which something was set aside since they were last read whole. */
  readonly lacking: ReadonlySet<ResourceName>;
  readonly untold: Untold;
}

/** What differs, in words. */
export function apartAfter(world: World, { run, tasks, lacking, untold }: Ended): string[] {
  const done = tasks.filter(({ state, resource }) => state === "done" && !lacking.has(resource));
  // Where a later run reads it by now, the latest round is that one's, and nothing of it need be written yet.
  const underWay = new Set(openTasks(world.sql).map(({ resource }) => resource));
  const isFresh = (name: ResourceName) => world.rounds.get(name) === world.tenant.changes && !underWay.has(name);
  const read = new Set(done.map(({ resource }) => resource).filter(isFresh));
  return done.flatMap((task) => {
    if (RESOURCES[task.resource].mode === "delta" && task.round === "full")
      return [`${task.resource} were read whole, and what changed meanwhile was not asked for`];
    if (RESOURCES[task.resource].mode !== "window" && !read.has(task.resource)) return [];
    switch (task.resource) {
      case "users":
        return usersApart(world, untold);
      case "groups":
        return [...groupsApart(world), ...linksApart(world, read, untold)];
      case "devices":
        return devicesApart(world);
      case "managed_devices":
        // A list that is read by what has changed lately does not tell what left it.
        return task.round === "full" && read.has("devices") ? managedApart(world) : [];
      case "sign_in_activity":
        return task.round === "full" && read.has("users") ? signInsApart(world) : [];
      case "sign_ins":
      case "directory_audits":
        return logsApart(world, { run, task, name: task.resource });
      case "alerts":
        return alertsApart(world, (task.window?.until ?? 0) - LAG_MS);
      case "licences":
        return licencesApart(world);
    }
  });
}

/**
 * Who lives is told by other resources; a link is judged where copy and tenant agree on its member. Owners that Graph has
 * refused to tell from the first copy on are not expected.
 */
function linksApart(world: World, read: ReadonlySet<ResourceName>, told: Untold): string[] {
  const { ownersUntoldAt } = resourceState(world.sql, "groups");
  const untold = { has: (link: string) => told.has(link) || (ownersUntoldAt !== null && link.split(" ")[1] === "2") };
  if (read.has("users") && read.has("devices")) return edgesApart(world, () => true, untold);
  const [there, shown] = [expectedUsers(world.tenant), shownUsers(world.sql)];
  return edgesApart(world, (id) => there.has(id) && shown.has(id), untold);
}

function logsApart(
  world: World,
  { run, task, name }: { readonly run: Run; readonly task: Task; readonly name: "sign_ins" | "directory_audits" },
): string[] {
  const { until = 0 } = task.window ?? {};
  // Logs are long: not after every run.
  if (run.r % 3 !== 0) return [];
  return logApart(world, name, { from: until - 6 * DAY_MS, until: until - LAG_MS, keptFrom: until - 5 * DAY_MS });
}
