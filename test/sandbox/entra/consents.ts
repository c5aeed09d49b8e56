import { GRAPH_RESOURCE } from "../defaults.ts";
import type { World } from "../world.ts";
import type { Scopes } from "./scopes.ts";

/** Who consents for which application: a user of a tenant, or with `oid` `*` its administrator for all. */
export interface Consenter {
  clientId: string;
  tid: string;
  oid: string;
}

/** The names that are granted on a resource, by the user or by the tenant's administrator. */
export function consentedNames(world: World, who: Consenter, resource: string): string[] {
  const own = world.store.get<string[]>(consentKey(who, resource)) ?? [];
  const everyone = world.store.get<string[]>(consentKey({ ...who, oid: "*" }, resource)) ?? [];
  return [...new Set([...own, ...everyone])];
}

/** Records consent to every name asked for. */
export function recordConsent(world: World, who: Consenter, scopes: Scopes): void {
  for (const [resource, names] of scopes.resources) {
    const granted = new Set([...consentedNames(world, who, resource), ...withoutDefault(names)]);
    world.store.put(consentKey(who, resource), [...granted]);
  }
}

/** Whether everything asked for was granted before. */
export function isConsented(world: World, who: Consenter, scopes: Scopes): boolean {
  return [...scopes.resources].every(([resource, names]) => {
    const granted = consentedNames(world, who, resource);
    return granted.length > 0 && withoutDefault(names).every((name) => granted.includes(name));
  });
}

/** Whether a name is asked for that only an administrator grants and none has. */
export function needsAdministrator(world: World, who: Consenter, scopes: Scopes): boolean {
  const reserved = new Set(world.settings().admin_consent_scopes);
  const granted = consentedNames(world, who, GRAPH_RESOURCE);
  const names = scopes.resources.get(GRAPH_RESOURCE) ?? [];
  return names.some((name) => reserved.has(name) && !granted.includes(name));
}

function withoutDefault(names: readonly string[]): string[] {
  return names.filter((name) => name !== ".default");
}

function consentKey({ clientId, tid, oid }: Consenter, resource: string): string {
  return `consent:${clientId}:${tid}:${oid}:${resource}`;
}
