/**
 * Where a tenant says nothing of the links of what returns, only a copy that has kept them knows them: not one that never
 * saw them, or that was reading everything while they were away. Nobody tells of them before all groups are read again.
 */
import { runningRun, type Task } from "../../src/directory/run/records.ts";
import { storedEdges, storedManagers } from "./copy.ts";
import { expectedEdges, expectedUsers } from "./expected.ts";
import type { World } from "./world.ts";

/** See the head of this file. */
export class Untold {
  /** By link, or by the user whose manager it is, the run that was under way. */
  readonly #links = new Map<string, number>();
  readonly #managed = new Map<string, number>();

  constructor(world: World) {
    world.tenant.returned = (ids) => this.#note(world, ids);
  }

  /** Whether the copy may lack that link, or the manager of that user. */
  has(link: string): boolean {
    return this.#links.has(link) || this.#managed.has(link);
  }

  /** All of them may have been read. */
  after({ r, resource, state, round }: Task): void {
    if (state !== "done" || round !== "catch_up") return;
    const told = { users: this.#managed, groups: this.#links }[resource as string] ?? new Map<string, number>();
    for (const [link, run] of told) if (run < r) told.delete(link);
  }

  #note({ sql, tenant }: World, ids: readonly string[]): void {
    if (tenant.tellsReturns) return;
    const running = runningRun(sql);
    const r = running?.r ?? 0;
    const kept = running ? new Set<string>() : storedEdges(sql);
    const isOf = (link: string) => ids.some((id) => link.includes(id));
    for (const link of expectedEdges(tenant)) if (isOf(link) && !kept.has(link)) this.#links.set(link, r);
    const managers = running ? new Map<string, string>() : storedManagers(sql);
    for (const [id, { manager }] of expectedUsers(tenant))
      if (ids.includes(String(manager)) && managers.get(id) !== manager) this.#managed.set(id, r);
  }
}
