import { requirePermission, type Caller } from "../graph/caller.ts";
import { GraphError } from "../graph/errors.ts";
import type { ObjectKind } from "./directory.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** Every application permission that the directory and its workloads know: what a new tenant grants. */
export const ALL_ROLES = [
  "User.Read.All",
  "GroupMember.Read.All",
  "Member.Read.Hidden",
  "Device.Read.All",
  "DeviceManagementManagedDevices.Read.All",
  "AuditLog.Read.All",
  "Directory.Read.All",
  "SecurityAlert.Read.All",
  "Organization.Read.All",
  "Application.Read.All",
];

const READERS: Record<ObjectKind, readonly string[]> = {
  user: ["User.Read.All", "User.ReadWrite.All"],
  group: ["GroupMember.Read.All", "Group.Read.All", "Group.ReadWrite.All"],
  device: ["Device.Read.All", "Device.ReadWrite.All"],
};
const WIDE = ["Directory.Read.All", "Directory.ReadWrite.All"];

/** Throws 403 unless the caller may read a kind of object. */
export function requireReader(caller: Caller, kind: ObjectKind): void {
  const message = "Insufficient privileges to complete the operation.";
  requirePermission(caller, [...READERS[kind], ...WIDE], "Authorization_RequestDenied", message);
}

/** Whether the caller may read a kind of object. */
export function mayRead({ token }: Caller, kind: ObjectKind): boolean {
  return [...READERS[kind], ...WIDE].some((name) => token.roles.includes(name) || token.scopes.includes(name));
}

/** Whether the caller may see who is in a group whose membership is hidden. */
export function mayReadHidden({ token }: Caller): boolean {
  return token.roles.includes("Member.Read.Hidden") || token.scopes.includes("Member.Read.Hidden");
}

/** Throws 403 unless the tenant has a licence for sign-in activity and the caller may read it. */
export function requireSignInActivity(caller: Caller, { licences }: DirectoryTenant): void {
  if (licences.entra === "free")
    throw new GraphError(
      403,
      "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
      "Neither tenant is B2C or tenant doesn't have premium license",
    );
  const message = "Insufficient privileges to complete the operation.";
  requirePermission(caller, ["AuditLog.Read.All"], "Authorization_RequestDenied", message);
}

/** Whether the caller may read service principals, or contacts. */
export function mayReadFixed({ token }: Caller, type: "servicePrincipal" | "orgContact"): boolean {
  const own = type === "servicePrincipal" ? "Application.Read.All" : "OrgContact.Read.All";
  return [own, ...WIDE].some((name) => token.roles.includes(name) || token.scopes.includes(name));
}
