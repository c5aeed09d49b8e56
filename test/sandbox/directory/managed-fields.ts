import { fraction, pick } from "./fraction.ts";
import { generatedDevice, generatedDeviceUser } from "./generated-devices.ts";
import { generatedUser, isoSeconds } from "./generated-users.ts";
import { managedId, objectId, registrationId, userId } from "./object-ids.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** What a property of a generated Intune device is; each is computed alone, so that `$select` and `$filter` are cheap. */
export type ManagedProperty = (t: DirectoryTenant, index: number) => unknown;

/** What Intune writes for "none" where a time is to come. */
export const NEVER_ENDS = "9999-12-31T23:59:59Z";
/** What Intune writes for a time that was never set. */
export const NEVER_BEGAN = "0001-01-01T00:00:00Z";
/** The azureADDeviceId of a device that is not registered in Entra. */
export const UNREGISTERED = "00000000-0000-0000-0000-000000000000";

/** Every property of a generated device, as `GET …/{id}?$select=` tells it. */
export const MANAGED_PROPERTIES: Readonly<Record<string, ManagedProperty>> = {
  id: managedId,
  azureADDeviceId: registrationOf,
  deviceName: (t, index) => generatedDevice(t, index).displayName,
  managedDeviceName: (t, index) => `${localPart(t, index)}_${systemOf(t, index).name}_${index}`,
  serialNumber: (t, index) => `SN${objectId(t, "managed", index).slice(0, 8).toUpperCase()}`,
  model: (t, index) => generatedDevice(t, index)["model"],
  manufacturer: (t, index) => generatedDevice(t, index)["manufacturer"],
  userId: (t, index) => ofUser(t, index, (user) => userId(t, user)),
  userPrincipalName: (t, index) => ofUser(t, index, (user) => generatedUser(t, user).userPrincipalName),
  emailAddress: (t, index) => ofUser(t, index, (user) => generatedUser(t, user)["mail"] ?? ""),
  userDisplayName: (t, index) => ofUser(t, index, (user) => generatedUser(t, user).displayName),
  managedDeviceOwnerType: ownerTypeOf,
  operatingSystem: (t, index) => systemOf(t, index).name,
  osVersion: (t, index) => generatedDevice(t, index)["operatingSystemVersion"],
  complianceState: complianceOf,
  complianceGracePeriodExpirationDateTime: (t, index) =>
    complianceOf(t, index) === "inGracePeriod"
      ? isoSeconds(t.createdAt + Math.floor(part(t, "grace", index) * 7 * DAY_MS))
      : NEVER_ENDS,
  lastSyncDateTime: (t, index) =>
    part(t, "unsynced", index) < 0.01 ? NEVER_BEGAN : isoSeconds(t.createdAt - ago(t, "synced", index, 120)),
  enrolledDateTime: (t, index) => isoSeconds(t.createdAt - 121 * DAY_MS - ago(t, "enrolled", index, 1000)),
  managementAgent: (t, index) => usually(t, "agent", index, { usual: "mdm", all: AGENTS }),
  deviceRegistrationState: (t, index) => usually(t, "registration", index, { usual: "registered", all: REGISTRATIONS }),
  deviceEnrollmentType: (t, index) =>
    usually(t, "enrollment", index, { usual: systemOf(t, index).enrollment, all: ENROLLMENTS }),
  deviceCategoryDisplayName: (t, index) => (part(t, "category", index) < 0.8 ? "" : "Field staff"),
  isEncrypted: (t, index) => part(t, "encrypted", index) < 0.9,
  isSupervised: (t, index) => part(t, "supervised", index) < 0.2,
  azureADRegistered: (t, index) => registrationOf(t, index) !== UNREGISTERED,
  easActivated: (t, index) => part(t, "eas", index) < 0.1,
  jailBroken: (t, index) => pick(JAIL_BROKEN, part(t, "jail", index)),
  totalStorageSpaceInBytes: (t, index) => pick(STORAGE, part(t, "storage", index)),
  freeStorageSpaceInBytes: (t, index) => Math.floor(pick(STORAGE, part(t, "storage", index)) * part(t, "free", index)),
  partnerReportedThreatState: (t, index) => usually(t, "threat", index, { usual: "unknown", all: THREATS }),
  activationLockBypassCode: (t, index) => objectId(t, "managed", index).slice(0, 13).toUpperCase(),
  iccid: (t, index) => `8939${String(index).padStart(15, "0")}`,
  udid: (t, index) => objectId(t, "managed", index).replaceAll("-", ""),
  notes: (t, index) => (part(t, "noted", index) < 0.3 ? "Kept in the stock room" : null),
  ethernetMacAddress: (t, index) => objectId(t, "managed", index).slice(24).toUpperCase(),
  physicalMemoryInBytes: (t, index) => pick([8, 16, 32], part(t, "memory", index)) * 2 ** 30,
  remoteAssistanceSessionUrl: () => "",
};

/** The properties that lists give as null, and `GET …/{id}` too unless its `$select` names them. */
export const HIDDEN_PROPERTIES: ReadonlySet<string> = new Set([
  "activationLockBypassCode",
  "iccid",
  "udid",
  "notes",
  "ethernetMacAddress",
  "physicalMemoryInBytes",
  "remoteAssistanceSessionUrl",
]);

/** The values of complianceState. */
export const COMPLIANCE_STATES = [
  "unknown",
  "compliant",
  "noncompliant",
  "conflict",
  "error",
  "inGracePeriod",
  "configManager",
] as const;

// Some were never registered, and a device that was enrolled anew stands there twice.
function registrationOf(t: DirectoryTenant, index: number): string {
  if (part(t, "unregistered", index) < 0.02) return UNREGISTERED;
  return registrationId(t, index % 50 === 49 ? index - 1 : index);
}

// The Entra device of the same index says isCompliant by this very fraction.
function complianceOf(t: DirectoryTenant, index: number): string {
  const at = fraction(t.seed, "device-compliant", index);
  if (at < 0.85) return "compliant";
  return at < 0.93 ? "noncompliant" : pick(UNUSUAL_COMPLIANCE, (at - 0.93) / 0.07);
}

// As complianceOf: deviceOwnership of the Entra device.
function ownerTypeOf(t: DirectoryTenant, index: number): string {
  if (part(t, "owner", index) < 0.02) return "unknown";
  return fraction(t.seed, "device-ownership", index) < 0.7 ? "company" : "personal";
}

function systemOf(t: DirectoryTenant, index: number): { name: string; enrollment: string } {
  return SYSTEMS[String(generatedDevice(t, index)["operatingSystem"])] ?? { name: "Unknown", enrollment: "unknown" };
}

function ofUser(t: DirectoryTenant, index: number, tell: (user: number) => unknown): unknown {
  const user = generatedDeviceUser(t, index);
  return user === undefined ? "" : tell(user);
}

function localPart(t: DirectoryTenant, index: number): string {
  return String(ofUser(t, index, (user) => generatedUser(t, user).userPrincipalName)).split("@")[0] ?? "";
}

function usually(
  t: DirectoryTenant,
  what: string,
  index: number,
  { usual, all }: { usual: string; all: readonly string[] },
): string {
  const at = part(t, what, index);
  return at < 0.8 ? usual : pick(all, (at - 0.8) / 0.2);
}

function ago(t: DirectoryTenant, what: string, index: number, days: number): number {
  return Math.floor(part(t, what, index) ** 2 * days * DAY_MS);
}

function part({ seed }: DirectoryTenant, what: string, index: number): number {
  return fraction(seed, `managed-${what}`, index);
}

const DAY_MS = 86_400_000;
const UNUSUAL_COMPLIANCE = ["inGracePeriod", "unknown", "conflict", "error", "configManager"];
const STORAGE = [64, 128, 256, 512].map((gigabytes) => gigabytes * 2 ** 30);
const JAIL_BROKEN = ["False", "False", "False", "False", "False", "False", "False", "Unknown", "Unknown", "True"];
// Intune's own names for what Entra calls IPhone and MacMDM.
const SYSTEMS: Readonly<Record<string, { name: string; enrollment: string }>> = {
  Windows: { name: "Windows", enrollment: "windowsAzureADJoin" },
  IPhone: { name: "iOS", enrollment: "userEnrollment" },
  Android: { name: "Android", enrollment: "userEnrollment" },
  MacMDM: { name: "macOS", enrollment: "appleBulkWithUser" },
};
const words = (text: string): readonly string[] => text.split(" ");
const AGENTS = words(
  "eas mdm easMdm intuneClient easIntuneClient configurationManagerClient configurationManagerClientMdm " +
    "configurationManagerClientMdmEas unknown jamf googleCloudDevicePolicyController microsoft365ManagedMdm msSense",
);
const REGISTRATIONS = words(
  "notRegistered registered revoked keyConflict approvalPending certificateReset notRegisteredPendingEnrollment unknown",
);
const ENROLLMENTS = words(
  "unknown userEnrollment deviceEnrollmentManager appleBulkWithUser appleBulkWithoutUser windowsAzureADJoin " +
    "windowsBulkUserless windowsAutoEnrollment windowsCoManagement",
);
const THREATS = words(
  "unknown activated deactivated secured lowSeverity mediumSeverity highSeverity unresponsive compromised misconfigured",
);
