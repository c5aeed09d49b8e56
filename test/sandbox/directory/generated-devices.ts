import { fraction, pick } from "./fraction.ts";
import { isoSeconds } from "./generated-users.ts";
import { deviceId, objectId, registrationId } from "./object-ids.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** An Entra device as Graph has it. */
export interface DirectoryDevice extends Record<string, unknown> {
  id: string;
  deviceId: string;
  displayName: string;
}

/** The user a generated device was registered by. Devices of Intune with the same index have the same user. */
export function generatedDeviceUser({ seed, users }: DirectoryTenant, index: number): number | undefined {
  if (users === 0 || fraction(seed, "ownerless", index) < 0.05) return undefined;
  return Math.floor(fraction(seed, "device-user", index) * users);
}

/** The Entra device of an index, as it was before any change. The first `managed` of them are in Intune too. */
export function generatedDevice(t: DirectoryTenant, index: number): DirectoryDevice {
  const of = (what: string) => fraction(t.seed, `device-${what}`, index);
  const system = pick(SYSTEMS, of("system") ** 1.5);
  const managed = index < t.managed;
  const trustType = system.name === "Windows" ? pick(["AzureAd", "AzureAd", "ServerAd"], of("trust")) : "Workplace";
  const registered = t.createdAt - Math.floor((5 + of("registered") * 1000) * 86_400_000);
  return {
    id: deviceId(t, index),
    deviceId: registrationId(t, index),
    displayName: `${system.prefix}-${String(index).padStart(6, "0")}`,
    accountEnabled: of("disabled") >= 0.04,
    operatingSystem: system.name,
    operatingSystemVersion: pick(system.versions, of("version")),
    trustType,
    isManaged: managed,
    ...(managed && {
      isCompliant: of("compliant") < 0.85,
      isRooted: of("rooted") < 0.01,
      managementType: "MDM",
      deviceOwnership: of("ownership") < 0.7 ? "Company" : "Personal",
      enrollmentType: system.enrollment,
      mdmAppId: "0000000a-0000-0000-c000-000000000000",
    }),
    profileType: "RegisteredDevice",
    manufacturer: system.maker,
    model: pick(system.models, of("model")),
    approximateLastSignInDateTime: isoSeconds(t.createdAt - Math.floor(of("seen") ** 2 * 120 * 86_400_000)),
    registrationDateTime: isoSeconds(registered),
    ...(trustType === "ServerAd" && { onPremisesSyncEnabled: true }),
    physicalIds: [`[GID]:g:${objectId(t, "registration", index + PHYSICAL)}`],
  };
}

// Far above any index of a device, so that physical ids are no registrations.
const PHYSICAL = 0x4000_0000;
const SYSTEMS = [
  {
    name: "Windows",
    prefix: "PC",
    maker: "Dell Inc.",
    models: ["Latitude 5440", "XPS 13"],
    versions: ["10.0.22631.4460", "10.0.19045.5131"],
    enrollment: "AzureDomainJoined",
  },
  {
    name: "IPhone",
    prefix: "IPHONE",
    maker: "Apple",
    models: ["iPhone 14", "iPhone 15"],
    versions: ["18.1", "17.7.1"],
    enrollment: "UserEnrollment",
  },
  {
    name: "Android",
    prefix: "ANDROID",
    maker: "Samsung",
    models: ["SM-S911B", "SM-A546B"],
    versions: ["14", "15"],
    enrollment: "AndroidEnterprise",
  },
  {
    name: "MacMDM",
    prefix: "MAC",
    maker: "Apple",
    models: ["MacBook Pro", "MacBook Air"],
    versions: ["15.1", "14.7"],
    enrollment: "AppleBulkWithUser",
  },
];
