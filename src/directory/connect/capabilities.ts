/** What a tenant lets be read, and for what it does not, what is missing. Kept in the object's own storage. */
import * as z from "zod";
import { type Resource, type ResourceName, RESOURCES } from "../resources.ts";
import type { Sql } from "../store/sql.ts";
import { readState, writeState } from "../store/state.ts";
import { missingPermissions } from "./roles.ts";

const NAME = "capabilities";

/** How a resource stands. unknown: it could not be asked now, or the refusal does not tell. */
export const CAPABILITY_STATUSES = [
  "available",
  "permission_missing",
  "licence_missing",
  "service_missing",
  "unknown",
] as const;

const Capability = z.object({
  status: z.enum(CAPABILITY_STATUSES),
  /** The least application permissions that are missing, as far as that can be told. */
  permissions: z.array(z.string()).optional(),
  licence: z.string().optional(),
  service: z.string().optional(),
  provider_code: z.string().optional(),
  admin_consent_url: z.string().optional(),
});

/** What is known of one resource. */
export type Capability = Readonly<z.infer<typeof Capability>>;

/** By resource, and `members` beside the groups: a permission may let groups be read without them. */
export type Capabilities = Readonly<Record<string, Capability | undefined>>;

/** What is known, by resource; empty before the first probe. */
export function knownCapabilities(sql: Sql): Capabilities {
  return z.record(z.string(), Capability).safeParse(readState(sql, NAME)).data ?? {};
}

/** Replaces everything that is known. */
export function writeCapabilities(sql: Sql, capabilities: Capabilities): void {
  writeState(sql, NAME, capabilities);
}

/** Replaces what is known of one resource. */
export function writeCapability(sql: Sql, name: ResourceName, capability: Capability): void {
  writeState(sql, NAME, { ...knownCapabilities(sql), [name]: capability });
}

/** Refusals that name a licence ("Microsoft Graph error responses", and what tenants without one were seen to answer). */
const LICENCE_CODES = /premium|license|licence|subscription/i;
/** 404 and 400 at a path that is right mean that nobody answers there; Intune says so to tenants that it does not know. */
const NOBODY_THERE = new Set([400, 404, 501]);
/** Workloads of their own, which a tenant may not have at all. */
const SERVICES: Readonly<Partial<Record<ResourceName, string>>> = {
  managed_devices: "Microsoft Intune",
  alerts: "Microsoft Defender",
};

/** A refusal of Graph. `granted`: the roles of the token, where they could be read. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  readonly granted?: readonly string[];
}

/**
 * What a refusal says. Licence refusals are not uniform: a code that names one, else a 403 although the permissions are
 * there. Whether then a licence or the whole service is missing follows from whose path it is.
 */
export function capabilityFrom(name: ResourceName, { status, code, granted }: Refused): Capability {
  const resource: Resource = RESOURCES[name];
  const { licence } = resource;
  const service = SERVICES[name];
  const said = { provider_code: code };
  if (LICENCE_CODES.test(code) || status === 402)
    return { status: "licence_missing", ...(licence === undefined ? {} : { licence }), ...said };
  // The directory's own words for a missing permission; a fresh consent may not have arrived everywhere.
  if (/^authorization_requestdenied$/i.test(code)) return permissionMissing(resource, { granted, code });
  if (status === 403) {
    if (granted === undefined || missingPermissions(resource, granted).length > 0)
      return permissionMissing(resource, { granted, code });
    if (service !== undefined) return { status: "service_missing", service, ...said };
    return licence === undefined ? { status: "unknown", ...said } : { status: "licence_missing", licence, ...said };
  }
  if (service !== undefined && NOBODY_THERE.has(status)) return { status: "service_missing", service, ...said };
  return { status: "unknown", ...said };
}

function permissionMissing(
  resource: Resource,
  { granted, code }: { readonly granted: readonly string[] | undefined; readonly code: string },
): Capability {
  const missing = granted === undefined ? [] : missingPermissions(resource, granted);
  const permissions = missing.length > 0 ? missing : [...resource.permissions];
  return { status: "permission_missing", permissions, provider_code: code };
}
