/** A tenant at a stand-in of this process: made, changed, and told the truth about past everything that delta does. */
import type { Hono } from "hono";
import { createSandbox } from "../sandbox/app.ts";
import { applyChanges } from "../sandbox/directory/changes.ts";
import { expireLinks } from "../sandbox/directory/delta-token.ts";
import { Directory } from "../sandbox/directory/directory.ts";
import { objectId } from "../sandbox/directory/object-ids.ts";
import { runScript } from "../sandbox/directory/script.ts";
import { type DirectoryTenant, findDirectory } from "../sandbox/directory/tenant.ts";
import { truth } from "../sandbox/directory/truth.ts";
import { changeSettings } from "../sandbox/settings.ts";
import { memoryStore } from "../sandbox/store.ts";
import { createWorld, type World } from "../sandbox/world.ts";

/** Where the stand-in's Entra seems to be. */
export const LOGIN = "https://login.microsoftonline.com";
/** Where its Graph seems to be. */
export const GRAPH = "https://graph.microsoft.com";

/** A JSON object. */
export type Json = Record<string, unknown>;
/** What a tenant is made from. */
export interface TenantSize {
  readonly seed: number;
  readonly users: number;
  readonly groups: number;
  readonly devices: number;
  readonly memberships: number;
  readonly licences: Json;
  readonly roles: readonly string[];
}
/** What the truth is told of. */
export type TruthKind =
  | "users"
  | "groups"
  | "devices"
  | "members"
  | "owners"
  | "managed"
  | "sign_ins"
  | "directory_audits"
  | "alerts";

/** See the head of this file. */
export class Tenant {
  /** How often something of it was changed: what was read before and after may differ then. */
  changes = 0;
  /** Are told of objects that were deleted, and of those that have returned. */
  departed: (ids: readonly string[]) => void = () => {};
  returned: (ids: readonly string[]) => void = () => {};

  private constructor(
    readonly app: Hono,
    readonly world: World,
    readonly id: string,
  ) {}

  /** Makes a tenant at a stand-in of its own. `now`: ms. */
  static async make(size: TenantSize, now: () => number): Promise<Tenant> {
    const store = memoryStore();
    const app = createSandbox({ store, now });
    const answer = await control(app, "POST", "", size);
    return new Tenant(app, createWorld({ store, now }), String(answer["tenant_id"]));
  }

  /** Everything of a kind that is true now. */
  truth(kind: TruthKind): Json[] {
    const items: Json[] = [];
    let after: string | null = "";
    while (after !== null) {
      const page: { items: unknown[]; next: string | null } = truth(this.world, this.#made, {
        kind,
        after,
        limit: 10_000,
      });
      items.push(...(page.items as Json[]));
      after = page.next;
    }
    return items;
  }

  /** Applies so many random changes. */
  script(seed: number, steps: number): void {
    this.#noting(() => void runScript(this.world, this.#made, { seed, steps }));
  }

  /** Applies these changes. */
  change(changes: readonly Json[]): void {
    this.#noting(() => void applyChanges(this.world, this.#made, { changes }));
  }

  /** Lets links be too old that were given out so far. */
  expire(kind: "user" | "group" | "device", link: "delta" | "next"): void {
    expireLinks({ world: this.world, t: this.#made, kind }, link);
  }

  /** Whether it has Intune at all. */
  get hasIntune(): boolean {
    return this.#made.licences.intune;
  }

  /** Whether what returns is told of with its links. */
  get tellsReturns(): boolean {
    return this.world.settings().directory_restore_members === "links";
  }

  /** Turns knobs of the stand-in. */
  settings(change: Json): void {
    changeSettings(this.world.store, change);
  }

  /** Gives and takes licences and permissions. */
  async grant(change: { licences?: Json; roles?: readonly string[] }): Promise<void> {
    this.changes += 1;
    await control(this.app, "PATCH", `/${this.id}`, change);
  }

  #noting(act: () => void): void {
    this.changes += 1;
    const before = this.#dead();
    act();
    const after = this.#dead();
    this.departed([...after].filter((id) => !before.has(id)));
    const back = [...before].filter((id) => !after.has(id));
    if (back.length > 0) this.returned(back);
  }

  #dead(): Set<string> {
    const d = new Directory(this.world, this.#made);
    const ids = (kind: "user" | "group") => [...d.dead(kind).keys()].map((index) => objectId(this.#made, kind, index));
    return new Set([...ids("user"), ...ids("group")]);
  }

  get #made(): DirectoryTenant {
    const made = findDirectory(this.world, this.id);
    if (!made) throw new Error("the stand-in has lost the tenant");
    return made;
  }
}

async function control(app: Hono, method: string, path: string, body: unknown): Promise<Json> {
  const answer = await app.request(`${LOGIN}/_sandbox/tenant${path}`, { method, body: JSON.stringify(body) });
  if (!answer.ok) throw new Error(`the stand-in refused: ${await answer.text()}`);
  return answer.json();
}
