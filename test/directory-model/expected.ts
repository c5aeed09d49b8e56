/** What the copy must hold, from what is true of the tenant: columns by what Graph documents of its properties. */
import { UNREGISTERED } from "../sandbox/directory/managed-fields.ts";
import { SKUS } from "../sandbox/directory/generated-users.ts";
import type { Json, Tenant } from "./tenant.ts";

/** A row as it must be, by column. */
export type Row = Record<string, string | number | null>;

type Reader = (value: unknown) => string | number | null;

const text: Reader = (value) => (typeof value === "string" && value !== "" ? value : null);
const flag: Reader = (value) => (typeof value === "boolean" ? Number(value) : null);
const number: Reader = (value) => (typeof value === "number" ? value : null);
const list: Reader = (value) => (Array.isArray(value) ? JSON.stringify(value) : null);
const time: Reader = (value) => {
  if (typeof value !== "string" || /^(0001-01-01|9999-12-31)/.test(value)) return null;
  return Date.parse(value);
};
const skus: Reader = (value) => {
  if (!Array.isArray(value)) return null;
  return JSON.stringify((value as { skuId: string }[]).map(({ skuId }) => skuId).toSorted());
};
const registration: Reader = (value) =>
  value === UNREGISTERED ? null : (text(value)?.toString().toLowerCase() ?? null);

type Table = Readonly<Record<string, readonly [property: string, read: Reader]>>;

const USER: Table = {
  name: ["displayName", text],
  given_name: ["givenName", text],
  surname: ["surname", text],
  mail: ["mail", text],
  upn: ["userPrincipalName", text],
  type: ["userType", text],
  enabled: ["accountEnabled", flag],
  department: ["department", text],
  job_title: ["jobTitle", text],
  company: ["companyName", text],
  employee_id: ["employeeId", text],
  employee_type: ["employeeType", text],
  office: ["officeLocation", text],
  city: ["city", text],
  country: ["country", text],
  usage_location: ["usageLocation", text],
  language: ["preferredLanguage", text],
  mobile_phone: ["mobilePhone", text],
  business_phones: ["businessPhones", list],
  proxy_addresses: ["proxyAddresses", list],
  other_mails: ["otherMails", list],
  licences: ["assignedLicenses", skus],
  on_premises: ["onPremisesSyncEnabled", flag],
  created_at: ["createdDateTime", time],
  password_changed_at: ["lastPasswordChangeDateTime", time],
  sessions_valid_from: ["signInSessionsValidFromDateTime", time],
  external_state: ["externalUserState", text],
  manager: ["manager", text],
};
const GROUP: Table = {
  name: ["displayName", text],
  description: ["description", text],
  rule: ["membershipRule", text],
  rule_state: ["membershipRuleProcessingState", text],
  mail: ["mail", text],
  mail_nickname: ["mailNickname", text],
  mail_enabled: ["mailEnabled", flag],
  security_enabled: ["securityEnabled", flag],
  visibility: ["visibility", text],
  role_assignable: ["isAssignableToRole", flag],
  on_premises: ["onPremisesSyncEnabled", flag],
  created_at: ["createdDateTime", time],
};
const DEVICE: Table = {
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
};
const MANAGED: Table = {
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
  storage_total: ["totalStorageSpaceInBytes", number],
  storage_free: ["freeStorageSpaceInBytes", number],
  threat_state: ["partnerReportedThreatState", text],
  user_address: ["userPrincipalName", text],
  user: ["userId", text],
};

/** The columns of which a device's row shows Intune's word while it has one. */
export const SHARED = ["name", "os", "os_version", "model", "manufacturer"];

/** Live users by id; `manager` is an id. */
export function expectedUsers(tenant: Tenant): Map<string, Row> {
  return byId(tenant.truth("users"), (user) => {
    const row = read(USER, user);
    return { ...row, address: row["mail"] ?? row["upn"] ?? null };
  });
}

/** Last sign-ins by user. */
export function expectedSignIns(tenant: Tenant): Map<string, Row> {
  return byId(tenant.truth("users"), ({ signInActivity }) => {
    const activity = (signInActivity ?? {}) as Json;
    return {
      last_sign_in_at: time(activity["lastSignInDateTime"]),
      last_non_interactive_at: time(activity["lastNonInteractiveSignInDateTime"]),
      last_success_at: time(activity["lastSuccessfulSignInDateTime"]),
    };
  });
}

/** Live groups by id. */
export function expectedGroups(tenant: Tenant): Map<string, Row> {
  return byId(tenant.truth("groups"), (group) => {
    const types = (group["groupTypes"] ?? []) as string[];
    return {
      ...read(GROUP, group),
      kind: groupKind(group, types),
      dynamic: Number(types.includes("DynamicMembership")),
    };
  });
}

/** Links of live groups to what lives: `group role member`. */
export function expectedEdges(tenant: Tenant): Set<string> {
  const links = (kind: "members" | "owners", role: number) =>
    tenant.truth(kind).map(({ group, member }) => `${String(group)} ${role} ${String(member)}`);
  return new Set([...links("members", 1), ...links("owners", 2)]);
}

/** What Entra says of its live devices, by object id. */
export function expectedDevices(tenant: Tenant): Map<string, Row> {
  return byId(tenant.truth("devices"), (device) => read(DEVICE, device));
}

/** What Intune says of its devices, by id. */
export function expectedManaged(tenant: Tenant): Map<string, Row> {
  return byId(tenant.truth("managed"), (device) => read(MANAGED, device));
}

/** Entries of a log that happened at or after `from`, ms, by id, with when. */
export function expectedLog(tenant: Tenant, kind: "sign_ins" | "directory_audits", from: number): Map<string, number> {
  const property = kind === "sign_ins" ? "createdDateTime" : "activityDateTime";
  const timed = tenant.truth(kind).map((entry) => [String(entry["id"]), Date.parse(String(entry[property]))] as const);
  return new Map(timed.filter(([, at]) => at >= from));
}

/** Products by id, with how many users hold each. */
export function expectedLicences(tenant: Tenant): Map<string, Row> {
  const held = tenant.truth("users").flatMap((user) => (user["assignedLicenses"] ?? []) as { skuId: string }[]);
  const holders = (id: string) => held.filter(({ skuId }) => skuId === id).length;
  return new Map(SKUS.map(({ skuId }) => [skuId, { consumed: holders(skuId) }]));
}

/** Alerts by id. */
export function expectedAlerts(tenant: Tenant): Map<string, Row> {
  return byId(tenant.truth("alerts"), (alert) => ({
    at: time(alert["createdDateTime"]),
    updated_at: time(alert["lastUpdateDateTime"]),
    status: text(alert["status"]),
    severity: text(alert["severity"]),
    title: text(alert["title"]),
  }));
}

function groupKind({ mailEnabled, securityEnabled }: Json, types: readonly string[]): string | null {
  if (types.includes("Unified")) return "m365";
  if (mailEnabled === true) return securityEnabled === true ? "mail_security" : "distribution";
  return securityEnabled === true ? "security" : null;
}

function read(table: Table, object: Json): Row {
  return Object.fromEntries(Object.entries(table).map(([column, [property, as]]) => [column, as(object[property])]));
}

function byId(objects: readonly Json[], as: (object: Json) => Row): Map<string, Row> {
  return new Map(objects.map((object) => [String(object["id"]), as(object)]));
}
