/** Where a task begins. No I/O. */
import type { ResourceName } from "../resources.ts";
import type { Task } from "./records.ts";

/** A task that nothing has happened to yet. */
export function newTask(r: number, resource: ResourceName): Task {
  return {
    r,
    resource,
    state: "open",
    dueAt: 0,
    round: "full",
    tries: 0,
    restarts: 0,
    version: 0,
    pages: 0,
    seen: 0,
    written: 0,
    removed: 0,
    setAside: 0,
    waits: 0,
    waitedMs: 0,
  };
}
