/** Where each reading begins: the first address of a round. No I/O. */
import { addressOf, versionRoot } from "../../graph/url.ts";
import { rfc3339 } from "../../lib/clock.ts";
import { type Resource, RESOURCES } from "../resources.ts";
import type { ResourceState } from "../store/state.ts";
import type { Task } from "./records.ts";

const HOUR_MS = 3_600_000;
/** How far back changes in a list are asked for again: Graph's index lags behind. */
const OVERLAP_MS = { managed_devices: HOUR_MS, sign_in_activity: 24 * HOUR_MS } as const;

/** The address of the page that a task reads next. */
export function addressFor(
  graphUrl: string,
  task: Task,
  state: ResourceState,
): { readonly url: string; readonly given: boolean } {
  if (task.url !== undefined) return { url: task.url, given: true };
  if (task.round !== "full" && RESOURCES[task.resource].mode === "delta" && state.link !== null)
    return { url: state.link, given: true };
  return {
    url: addressOf(versionRoot(graphUrl), RESOURCES[task.resource].path, queryOf(task, state)).href,
    given: false,
  };
}

/** Where Graph tells how many there are; undefined where it does not. */
export function countAddress(graphUrl: string, task: Task): string | undefined {
  const { count }: Resource = RESOURCES[task.resource];
  return count === undefined ? undefined : addressOf(versionRoot(graphUrl), count).href;
}

function queryOf(task: Task, state: ResourceState): Record<string, string> {
  const { select, top }: Resource = RESOURCES[task.resource];
  const without = task.without ?? [];
  const selected = select.filter((field) => !without.includes(field));
  const filter = filterOf(task, state);
  return {
    ...(selected.length === 0 ? {} : { $select: selected.join(",") }),
    ...(top === undefined || without.includes("$top") ? {} : { $top: String(top) }),
    ...(filter === undefined ? {} : { $filter: filter }),
  };
}

function filterOf({ resource, round, window }: Task, { readAt }: ResourceState): string | undefined {
  const { time }: Resource = RESOURCES[resource];
  if (time !== undefined && window) return `${time} ge ${rfc3339(window.from)} and ${time} le ${rfc3339(window.to)}`;
  if (round === "full" || readAt === null) return undefined;
  if (resource === "managed_devices") return `lastSyncDateTime gt ${rfc3339(readAt - OVERLAP_MS.managed_devices)}`;
  if (resource === "sign_in_activity")
    return `signInActivity/lastSignInDateTime ge ${rfc3339(readAt - OVERLAP_MS.sign_in_activity)}`;
  return undefined;
}
