import * as z from "zod";
import { CONSUMERS_TENANT, CONTOSO_TENANT, FABRIKAM_TENANT } from "../defaults.ts";
import type { World } from "../world.ts";
import { EntraError } from "./errors.ts";

/** What the controls accept as a new tenant. */
export const tenantSchema = z.strictObject({
  id: z.guid(),
  display_name: z.string().default("A tenant"),
  domains: z.array(z.string()).default([]),
});

/** An organisation, or the tenant of personal accounts. */
export type Tenant = z.infer<typeof tenantSchema>;

/** Who may sign in by a tenant segment: everybody, work accounts, personal accounts, or one tenant's people. */
export type Audience = { kind: "common" | "organizations" | "consumers" } | { kind: "tenant"; tenant: Tenant };

const CONSUMERS: Tenant = { id: CONSUMERS_TENANT, display_name: "Personal accounts", domains: ["live.com"] };
const TENANTS: readonly Tenant[] = [
  { id: CONTOSO_TENANT, display_name: "Contoso", domains: ["contoso.example", "contoso.onmicrosoft.com"] },
  { id: FABRIKAM_TENANT, display_name: "Fabrikam", domains: ["fabrikam.example", "fabrikam.onmicrosoft.com"] },
  CONSUMERS,
];

/** The audience that the first path segment names. Throws AADSTS90002 when there is no such tenant. */
export function findAudience(world: World, segment: string): Audience {
  const name = segment.toLowerCase();
  if (name === "common" || name === "organizations" || name === "consumers") return { kind: name };
  const tenant = findTenant(world, name);
  if (tenant !== undefined) return tenant.id === CONSUMERS_TENANT ? { kind: "consumers" } : { kind: "tenant", tenant };
  const text = `Tenant '${segment}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`;
  throw new EntraError("invalid_request", 90002, text);
}

/** The tenant with this id or verified domain. */
export function findTenant(world: World, idOrDomain: string): Tenant | undefined {
  const added = world.store.list<Tenant>("tenant:").map(([, tenant]) => tenant);
  return [...TENANTS, ...added].find(({ id, domains }) => id === idOrDomain || domains.includes(idOrDomain));
}

/** Adds a tenant. */
export function addTenant(world: World, tenant: Tenant): Tenant {
  world.store.put(`tenant:${tenant.id}`, tenant);
  return tenant;
}

/** One spelling for every way to name the same audience: a code is bound to it. */
export function audienceKey(audience: Audience): string {
  return audience.kind === "tenant" ? audience.tenant.id : audience.kind;
}
