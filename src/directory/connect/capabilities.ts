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
});

/** What is known of one resource. */
export type Capability = Readonly<z.infer<typeof Capability>>;

/** As it is shown: with the page where an administrator mends missing permissions. */
export type ShownCapability = Capability & { readonly admin_consent_url?: string };

/** By resource, and `members` beside the groups: a permission may let groups be read without them. */
export type Capabilities = Readonly<Record<string, Capability | undefined>>;

/** As they are shown: whoever noted a missing permission, the page where it is given stands beside it. */
export function shownCapabilities(
  capabilities: Capabilities,
  consentUrl: string,
): Readonly<Record<string, ShownCapability | undefined>> {
  const shown = Object.entries(capabilities).map(([name, one]): [string, ShownCapability | undefined] => [
    name,
    one?.status === "permission_missing" ? { ...one, admin_consent_url: consentUrl } : one,
  ]);
  return Object.fromEntries(shown);
}

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

/** Notes that groups were read to their end, and who is in them with them. */
export function noteMembers(sql: Sql): void {
  const known = knownCapabilities(sql);
  if (known["members"]?.status === "available") return;
  writeState(sql, NAME, { ...known, members: { status: "available" } });
}

/** Refusals that name a licence ("Microsoft Graph error responses", and what tenants without one were seen to answer). */
const LICENCE_CODES = /premium|license|licence|subscription/i;
/** These at a path that is right mean that nobody answers there. */
const NOBODY_THERE = new Set([404, 501]);
/** A 400 mostly means the request; Intune says this to tenants that it does not know ("Request not applicable to target tenant."). */
const NOT_APPLICABLE: Readonly<Partial<Record<ResourceName, RegExp>>> = { managed_devices: /^badrequest$/i };
/** The token itself is not taken. Every other 401 is a workload's word for 403: Intune's where access is missing. */
const TOKEN_REJECTED = /^invalidauthenticationtoken$/i;
/** Workloads of their own, which a tenant may not have at all. */
const SERVICES: Readonly<Partial<Record<ResourceName, string>>> = {
  managed_devices: "Microsoft Intune",
  alerts: "Microsoft Defender",
};

/** A refusal of Graph. `granted`: the roles of the token, where they could be read. */
export interface Refused {
  readonly status: number;
  readonly code: string;
  /** True where the request carried no options: then no option is what was refused. */
  readonly bare?: boolean;
  readonly granted?: readonly string[];
}

/**
 * What a refusal says. Licence refusals are not uniform: a code that names one, else a 403 although the permissions are
 * there. Whether then a licence or the whole service is missing follows from whose path it is.
 */
export function capabilityFrom(name: ResourceName, refused: Refused): Capability {
  const { status, code, granted } = refused;
  const resource: Resource = RESOURCES[name];
  const { licence } = resource;
  const service = SERVICES[name];
  const said = { provider_code: code };
  if (LICENCE_CODES.test(code) || status === 402)
    return { status: "licence_missing", ...(licence === undefined ? {} : { licence }), ...said };
  // The directory's own words for a missing permission; a fresh consent may not have arrived everywhere.
  if (/^authorization_requestdenied$/i.test(code)) return permissionMissing(resource, { granted, code });
  if (status === 403 || (status === 401 && !TOKEN_REJECTED.test(code))) {
    if (granted === undefined || missingPermissions(resource, granted).length > 0)
      return permissionMissing(resource, { granted, code });
    if (service !== undefined) return { status: "service_missing", service, ...said };
    return licence === undefined ? { status: "unknown", ...said } : { status: "licence_missing", licence, ...said };
  }
  if (service !== undefined && isNobodyThere(name, refused)) return { status: "service_missing", service, ...said };
  return { status: "unknown", ...said };
}

function isNobodyThere(name: ResourceName, { status, code, bare = false }: Refused): boolean {
  if (status === 400) return bare || (NOT_APPLICABLE[name]?.test(code) ?? false);
  return NOBODY_THERE.has(status);
}

function permissionMissing(
  resource: Resource,
  { granted, code }: { readonly granted: readonly string[] | undefined; readonly code: string },
): Capability {
  const missing = granted === undefined ? [] : missingPermissions(resource, granted);
  const permissions = missing.length > 0 ? missing : [...resource.permissions];
  return { status: "permission_missing", permissions, provider_code: code };
}
