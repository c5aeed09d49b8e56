/**
 * What nobody tells of links before all of their kind are read again, with the object there:
 *
 * - Where a tenant says nothing of the links of what returns, only a copy that has kept them knows them: not one that never
 *   saw them, or that was reading everything while they were away.
 * - A tombstone is told in place of all else that befell an object: a link that ended before it, in the same window, ended
 *   untold. So did one to what was away while all groups were read: nothing lists it, whether or not it is still there.
 *   Graph does not document that what returns is told with all that it has, and a copy that dropped what it is not told
 *   anew would lose the links of everybody who returns in silence. So it keeps them.
 */
import { runningRun, type Task } from "../../src/directory/run/records.ts";
import { storedEdges, storedManagers } from "./copy.ts";
import { expectedEdges, expectedUsers } from "./expected.ts";
import type { World } from "./world.ts";

type Kind = "users" | "groups";

/** See the head of this file. */
export class Untold {
  /** By link, or by the user whose manager it is, the run that was under way. */
  readonly #links = new Map<string, number>();
  readonly #managed = new Map<string, number>();
  /** How much of the tenant had been changed when an object was deleted, and when all of a kind had been read. */
  readonly #departed = new Map<string, number>();
  readonly #whole = new Map<string, number>();

  constructor(readonly world: World) {
    world.tenant.departed = (ids) => {
      for (const id of ids) this.#departed.set(id, world.tenant.changes);
    };
    world.tenant.returned = (ids) => {
      if (!world.tenant.tellsReturns) this.#noteSilent(ids);
      this.#noteEnded(ids);
    };
  }

  /** Whether the copy may not know of that link, or of the manager of that user. */
  has(link: string): boolean {
    return this.#links.has(link) || this.#managed.has(link);
  }

  /** All of them may have been read. */
  after({ r, resource, state, round }: Task): void {
    if (state !== "done" || round !== "catch_up") return;
    this.#whole.set(resource, this.world.tenant.changes);
    const told = { users: this.#managed, groups: this.#links }[resource as string] ?? new Map<string, number>();
    for (const [link, run] of told) if (run < r) told.delete(link);
  }

  #noteSilent(ids: readonly string[]): void {
    const { sql, tenant } = this.world;
    const running = runningRun(sql);
    const r = running?.r ?? 0;
    const kept = running ? new Set<string>() : storedEdges(sql);
    const isOf = (link: string) => ids.some((id) => link.includes(id));
    for (const link of expectedEdges(tenant)) if (isOf(link) && !kept.has(link)) this.#links.set(link, r);
    const managers = running ? new Map<string, string>() : storedManagers(sql);
    for (const [id, { manager }] of expectedUsers(tenant))
      if (ids.includes(String(manager)) && managers.get(id) !== manager) this.#managed.set(id, r);
  }

  #noteEnded(ids: readonly string[]): void {
    const { sql, tenant } = this.world;
    const r = runningRun(sql)?.r ?? 0;
    const back = new Set(ids);
    const [links, users] = [expectedEdges(tenant), expectedUsers(tenant)];
    for (const link of storedEdges(sql)) {
      const [group = "", , member = ""] = link.split(" ");
      const isUntold =
        (back.has(group) && this.#wasBuried(group, "groups")) || (back.has(member) && this.#wasPassed(member));
      if (!links.has(link) && isUntold) this.#links.set(link, r);
    }
    for (const [id, manager] of storedManagers(sql))
      if (back.has(id) && users.get(id)?.["manager"] !== manager && this.#wasBuried(id, "users"))
        this.#managed.set(id, r);
  }

  /** Whether its kind was asked for while it was away. */
  #wasBuried(id: string, kind: Kind): boolean {
    return (this.world.rounds.get(kind) ?? -1) >= (this.#departed.get(id) ?? 0);
  }

  /** Whether all groups were, or may have been, read while it was away. */
  #wasPassed(id: string): boolean {
    return (
      runningRun(this.world.sql) !== undefined || (this.#whole.get("groups") ?? -1) >= (this.#departed.get(id) ?? 0)
    );
  }
}
