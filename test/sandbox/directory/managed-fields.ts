import { fraction, pick } from "./fraction.ts";
import { generatedDevice, generatedDeviceUser, type DirectoryDevice } from "./generated-devices.ts";
import { generatedUser, isoSeconds, type DirectoryUser } from "./generated-users.ts";
import { managedId, registrationId, userId } from "./object-ids.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** A generated Intune device. What several properties need is computed once, and only when one of them is asked for. */
export class GeneratedManaged {
  readonly t: DirectoryTenant;
  readonly index: number;
  #id: string | undefined;
  #device: DirectoryDevice | undefined;
  #user: DirectoryUser | null | undefined;

  constructor(t: DirectoryTenant, index: number) {
    this.t = t;
    this.index = index;
  }

  get id(): string {
    return (this.#id ??= managedId(this.t, this.index));
  }

  /** The Entra device of the same index. */
  get device(): DirectoryDevice {
    return (this.#device ??= generatedDevice(this.t, this.index));
  }

  /** Whose device it is, or null for nobody's. */
  get user(): DirectoryUser | null {
    if (this.#user !== undefined) return this.#user;
    const user = generatedDeviceUser(this.t, this.index);
    return (this.#user = user === undefined ? null : generatedUser(this.t, user));
  }

  get system(): { name: string; enrollment: string } {
    return SYSTEMS[String(this.device["operatingSystem"])] ?? { name: "Unknown", enrollment: "unknown" };
  }

  /** In [0, 1): what a property comes from. */
  luck(what: string): number {
    return fraction(this.t.seed, `managed-${what}`, this.index);
  }

  /** A time before the tenant was made, at most so many days. */
  ago(what: string, days: number): number {
    return Math.floor(this.luck(what) ** 2 * days * DAY_MS);
  }

  usually(what: string, usual: string, all: readonly string[]): string {
    const at = this.luck(what);
    return at < 0.8 ? usual : pick(all, (at - 0.8) / 0.2);
  }
}

/** What a property of a generated device is: each is computed alone, so that `$select` and `$filter` are cheap. */
export type ManagedProperty = (one: GeneratedManaged) => unknown;

/** What Intune writes for "none" where a time is to come. */
export const NEVER_ENDS = "9999-12-31T23:59:59Z";
/** What Intune writes for a time that was never set. */
export const NEVER_BEGAN = "0001-01-01T00:00:00Z";
/** The azureADDeviceId of a device that is not registered in Entra. */
export const UNREGISTERED = "00000000-0000-0000-0000-000000000000";

/** Every property of a generated device, as `GET …/{id}?$select=` tells it. */
export const MANAGED_PROPERTIES: Readonly<Record<string, ManagedProperty>> = {
  id: ({ id }) => id,
  azureADDeviceId: registrationOf,
  deviceName: ({ device }) => device.displayName,
  managedDeviceName: ({ user, system, index }) =>
    `${user?.userPrincipalName.split("@")[0] ?? ""}_${system.name}_${index}`,
  serialNumber: ({ id }) => `SN${id.slice(0, 8).toUpperCase()}`,
  model: ({ device }) => device["model"],
  manufacturer: ({ device }) => device["manufacturer"],
  userId: userIdOf,
  userPrincipalName: ({ user }) => user?.userPrincipalName ?? "",
  emailAddress: ({ user }) => user?.["mail"] ?? "",
  userDisplayName: ({ user }) => user?.displayName ?? "",
  managedDeviceOwnerType: ownerTypeOf,
  operatingSystem: ({ system }) => system.name,
  osVersion: ({ device }) => device["operatingSystemVersion"],
  complianceState: complianceOf,
  complianceGracePeriodExpirationDateTime: (one) =>
    complianceOf(one) === "inGracePeriod"
      ? isoSeconds(one.t.createdAt + Math.floor(one.luck("grace") * 7 * DAY_MS))
      : NEVER_ENDS,
  lastSyncDateTime: (one) =>
    one.luck("unsynced") < 0.01 ? NEVER_BEGAN : isoSeconds(one.t.createdAt - one.ago("synced", 120)),
  enrolledDateTime: (one) => isoSeconds(one.t.createdAt - 121 * DAY_MS - one.ago("enrolled", 1000)),
  managementAgent: (one) => one.usually("agent", "mdm", AGENTS),
  deviceRegistrationState: (one) => one.usually("registration", "registered", REGISTRATIONS),
  deviceEnrollmentType: (one) => one.usually("enrollment", one.system.enrollment, ENROLLMENTS),
  deviceCategoryDisplayName: (one) => (one.luck("category") < 0.8 ? "" : "Field staff"),
  isEncrypted: (one) => one.luck("encrypted") < 0.9,
  isSupervised: (one) => one.luck("supervised") < 0.2,
  azureADRegistered: (one) => registrationOf(one) !== UNREGISTERED,
  easActivated: (one) => one.luck("eas") < 0.1,
  jailBroken: (one) => pick(JAIL_BROKEN, one.luck("jail")),
  totalStorageSpaceInBytes: (one) => pick(STORAGE, one.luck("storage")),
  freeStorageSpaceInBytes: (one) => Math.floor(pick(STORAGE, one.luck("storage")) * one.luck("free")),
  partnerReportedThreatState: (one) => one.usually("threat", "unknown", THREATS),
  activationLockBypassCode: ({ id }) => id.slice(0, 13).toUpperCase(),
  iccid: ({ index }) => `8939${String(index).padStart(15, "0")}`,
  udid: ({ id }) => id.replaceAll("-", ""),
  notes: (one) => (one.luck("noted") < 0.3 ? "Kept in the stock room" : null),
  ethernetMacAddress: ({ id }) => id.slice(24).toUpperCase(),
  physicalMemoryInBytes: (one) => pick([8, 16, 32], one.luck("memory")) * 2 ** 30,
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
function registrationOf(one: GeneratedManaged): string {
  if (one.luck("unregistered") < 0.02) return UNREGISTERED;
  return registrationId(one.t, one.index % 50 === 49 ? one.index - 1 : one.index);
}

// The Entra device of the same index says isCompliant by this very fraction.
function complianceOf({ t, index }: GeneratedManaged): string {
  const at = fraction(t.seed, "device-compliant", index);
  if (at < 0.85) return "compliant";
  return at < 0.93 ? "noncompliant" : pick(UNUSUAL_COMPLIANCE, (at - 0.93) / 0.07);
}

// As complianceOf: deviceOwnership of the Entra device.
function ownerTypeOf(one: GeneratedManaged): string {
  if (one.luck("owner") < 0.02) return "unknown";
  return fraction(one.t.seed, "device-ownership", one.index) < 0.7 ? "company" : "personal";
}

function userIdOf({ t, index }: GeneratedManaged): string {
  const user = generatedDeviceUser(t, index);
  return user === undefined ? "" : userId(t, user);
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
