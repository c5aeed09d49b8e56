import type { Caller } from "../graph/caller.ts";
import { GraphError } from "../graph/errors.ts";
import type { World } from "../world.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** Whether a token carries one of the permissions, as an application's role or as a scope. */
export function isPermitted({ token }: Caller, names: readonly string[]): boolean {
  return names.some((name) => token.roles.includes(name) || token.scopes.includes(name));
}

/** Throws 403 unless the application may read something of the directory. */
export function requireDirectory(caller: Caller, names: readonly string[]): void {
  if (isPermitted(caller, names)) return;
  throw new GraphError(403, "Authorization_RequestDenied", "Insufficient privileges to complete the operation.");
}

/** Throws 403 unless the application may read logs. The licence is looked up in the directory, hence the second permission. */
export function requireLogs(caller: Caller): void {
  if (!isPermitted(caller, ["AuditLog.Read.All"])) {
    throw new GraphError(
      403,
      "Authentication_MSGraphPermissionMissing",
      "Calling principal does not have required MSGraph permissions AuditLog.Read.All",
    );
  }
  if (isPermitted(caller, ["Directory.Read.All", "Directory.ReadWrite.All"])) return;
  throw new GraphError(
    403,
    "Authentication_ApplicationHasNoDirectoryReadAccess",
    "Failed to do premium license check from ADGraph",
  );
}

/** Throws 403 when the tenant has neither Entra P1 nor P2. */
export function requireEntraPremium({ licences }: DirectoryTenant): void {
  if (licences.entra !== "free") return;
  throw new GraphError(
    403,
    "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    "Neither tenant is B2C or tenant doesn't have premium license",
  );
}

/** Throws unless the tenant has Intune and the application may read its devices. */
export function requireIntune(world: World, t: DirectoryTenant, caller: Caller): void {
  const needed = ["DeviceManagementManagedDevices.Read.All", "DeviceManagementManagedDevices.ReadWrite.All"];
  if (!isPermitted(caller, needed)) {
    const text = `Application is not authorized to perform this operation. Application must have one of the following scopes: ${needed.join(", ")}`;
    throw new GraphError(403, "Forbidden", intuneMessage(text));
  }
  if (!t.licences.intune) throw intuneRefusal(world);
}

/** Throws 403 unless the tenant has Defender and the application may read alerts. */
export function requireAlerts(world: World, t: DirectoryTenant, caller: Caller): void {
  const needed = ["SecurityAlert.Read.All", "SecurityAlert.ReadWrite.All"];
  if (!isPermitted(caller, needed)) {
    const held = caller.token.roles.join(",");
    const text = `Missing application roles. API required roles: ${needed.join(",")}, application roles: ${held}.`;
    throw new GraphError(403, "Forbidden", text);
  }
  if (!t.licences.defender) throw alertsRefusal(world);
}

/** What Intune wraps its messages in. */
export function intuneMessage(text: string): string {
  const id = crypto.randomUUID();
  const Message = `${text} - Operation ID (for customer support): ${id} - Activity ID: ${id}`;
  return JSON.stringify({ _version: 3, Message, CustomApiErrorPhrase: "", RetryAfter: null, ErrorSourceService: "" });
}

function intuneRefusal(world: World): GraphError {
  switch (world.settings().intune_refusal) {
    case "forbidden":
      return new GraphError(403, "Forbidden", intuneMessage("Tenant is not licensed for this operation."));
    case "bad_request":
      return new GraphError(400, "BadRequest", "Request not applicable to target tenant.");
    case "not_found":
      return new GraphError(404, "ResourceNotFound", intuneMessage("Resource does not exist."));
  }
}

function alertsRefusal(world: World): GraphError {
  const text = "Tenant is not provisioned for Microsoft Defender.";
  switch (world.settings().alerts_refusal) {
    case "forbidden":
      return new GraphError(403, "Forbidden", text);
    case "access_denied":
      return new GraphError(403, "AccessDenied", text);
    case "empty_code":
      return new GraphError(403, "", text);
  }
}
