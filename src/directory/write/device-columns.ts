/** What Entra and Intune each say of a device. No I/O. */
import { columnsOf, flag, lowerText, type Reader, text, time, whole } from "./columns.ts";

/** Who says something of a device: Entra's device object, Intune's record. */
export type Side = "entra" | "intune";

const NO_REGISTRATION = "00000000-0000-0000-0000-000000000000";

/** Under which a device is registered: the same in Entra and Intune. Nought is none. */
const registration: Reader = (value) => {
  const id = lowerText(value);
  return id === NO_REGISTRATION ? null : id;
};

/** Entra's properties by column. `registration_id` joins the two sides. */
export const ENTRA_COLUMNS = columnsOf({
  registration_id: ["deviceId", registration],
  name: ["displayName", text],
  os: ["operatingSystem", text],
  os_version: ["operatingSystemVersion", text],
  model: ["model", text],
  manufacturer: ["manufacturer", text],
  trust_type: ["trustType", text],
  enabled: ["accountEnabled", flag],
  entra_compliant: ["isCompliant", flag],
  entra_managed: ["isManaged", flag],
  rooted: ["isRooted", flag],
  profile_type: ["profileType", text],
  registered_at: ["registrationDateTime", time],
  last_seen_at: ["approximateLastSignInDateTime", time],
  on_premises: ["onPremisesSyncEnabled", flag],
});

/** Intune's properties by column. */
export const INTUNE_COLUMNS = columnsOf({
  registration_id: ["azureADDeviceId", registration],
  name: ["deviceName", text],
  os: ["operatingSystem", text],
  os_version: ["osVersion", text],
  model: ["model", text],
  manufacturer: ["manufacturer", text],
  compliance: ["complianceState", text],
  grace_until: ["complianceGracePeriodExpirationDateTime", time],
  ownership: ["managedDeviceOwnerType", text],
  managed_name: ["managedDeviceName", text],
  last_sync_at: ["lastSyncDateTime", time],
  enrolled_at: ["enrolledDateTime", time],
  agent: ["managementAgent", text],
  registration_state: ["deviceRegistrationState", text],
  enrollment_type: ["deviceEnrollmentType", text],
  serial: ["serialNumber", text],
  encrypted: ["isEncrypted", flag],
  supervised: ["isSupervised", flag],
  jail_broken: ["jailBroken", text],
  storage_total: ["totalStorageSpaceInBytes", whole],
  storage_free: ["freeStorageSpaceInBytes", whole],
  threat_state: ["partnerReportedThreatState", text],
  user_address: ["userPrincipalName", text],
});

/** Columns that both sides have a word on. */
export const SHARED = ["name", "os", "os_version", "model", "manufacturer"] as const;

const shared: ReadonlySet<string> = new Set(SHARED);

/** Columns that one side alone decides; its id is kept apart. */
export const OWN: Readonly<Record<Side, readonly string[]>> = {
  entra: ownOf(ENTRA_COLUMNS.map(({ column }) => column)),
  intune: ownOf([...INTUNE_COLUMNS.map(({ column }) => column), "user_n"]),
};

/** Every column that a page can change. */
export const DEVICE_COLUMNS: readonly string[] = [
  "gone_at",
  "gone",
  "registration_id",
  "entra_id",
  "intune_id",
  ...SHARED,
  ...OWN.entra,
  ...OWN.intune,
  "shadow",
];

/** Those of them that an index holds. */
export const DEVICE_INDEXED: ReadonlySet<string> = new Set([
  "gone_at",
  "registration_id",
  "entra_id",
  "intune_id",
  "name",
  "user_n",
]);

const NOISE: ReadonlySet<string> = new Set(["last_seen_at", "last_sync_at", "storage_free", "shadow"]);

/** The columns of a change that are worth a record in the history. */
export function told(changed: readonly string[]): string[] {
  return changed.filter((column) => !NOISE.has(column));
}

function ownOf(columns: readonly string[]): readonly string[] {
  return columns.filter((column) => column !== "registration_id" && !shared.has(column));
}
