import { valuesOf, type Json } from "../driver.ts";
import type { TenantDriver } from "./tenant-driver.ts";

/** The simplest client of delta that is right: last wins, links are merged, and a tombstone takes the object's links. */
export class DeltaClient {
  readonly #tenant: TenantDriver;
  readonly #links = new Map<string, string>();
  readonly objects = {
    users: new Map<string, Json>(),
    groups: new Map<string, Json>(),
    devices: new Map<string, Json>(),
  };
  readonly managers = new Map<string, string>();
  /** The members and owners that no delta is asked for. */
  readonly others = new Set<string>();
  readonly edges = { members: new Map<string, Set<string>>(), owners: new Map<string, Set<string>>() };

  constructor(tenant: TenantDriver) {
    this.#tenant = tenant;
  }

  /** Walks a round of a resource; `between` runs before each page. */
  async round(
    resource: "users" | "groups" | "devices",
    between: (page: number) => Promise<void> = () => Promise.resolve(),
  ): Promise<void> {
    let next: string | undefined = this.#links.get(resource) ?? `/${resource}/delta?$select=${SELECTS[resource]}`;
    for (let page = 0; next !== undefined; page++) {
      await between(page);
      const { status, body } = await this.#tenant.call(next);
      if (status !== 200) throw new Error(`${status}: ${JSON.stringify(body)}`);
      for (const entry of valuesOf(body)) this.#take(resource, entry);
      next = body["@odata.nextLink"] as string | undefined;
      if (next === undefined) this.#links.set(resource, String(body["@odata.deltaLink"]));
    }
  }

  #take(resource: "users" | "groups" | "devices", entry: Json): void {
    const id = String(entry["id"]);
    if (entry["@removed"] !== undefined) return this.#drop(resource, id);
    const { "manager@delta": manager, "members@delta": members, "owners@delta": owners, ...fields } = entry;
    this.objects[resource].set(id, { ...this.objects[resource].get(id), ...fields });
    for (const link of (manager ?? []) as Json[])
      if (link["@removed"] === undefined) this.managers.set(id, String(link["id"]));
      else this.managers.delete(id);
    this.#takeLinks("members", id, (members ?? []) as Json[]);
    this.#takeLinks("owners", id, (owners ?? []) as Json[]);
  }

  #takeLinks(relation: "members" | "owners", group: string, links: readonly Json[]): void {
    const known = this.edges[relation].get(group) ?? new Set<string>();
    for (const link of links) {
      if (UNTRACKED.test(String(link["@odata.type"]))) this.others.add(String(link["id"]));
      if (link["@removed"] === undefined) known.add(String(link["id"]));
      else known.delete(String(link["id"]));
    }
    this.edges[relation].set(group, known);
  }

  #drop(resource: "users" | "groups" | "devices", id: string): void {
    this.objects[resource].delete(id);
    this.managers.delete(id);
    for (const [report, manager] of this.managers) if (manager === id) this.managers.delete(report);
    for (const edges of Object.values(this.edges)) {
      edges.delete(id);
      for (const members of edges.values()) members.delete(id);
    }
  }
}

const UNTRACKED = /servicePrincipal|orgContact/;
const SELECTS = {
  users: "displayName,department,jobTitle,accountEnabled,city,manager",
  groups: "displayName,description,members,owners",
  devices: "displayName,isCompliant",
};
