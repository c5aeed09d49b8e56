import * as z from "zod";
import type { World } from "../world.ts";
import { COMPLIANCE_STATES } from "./managed-fields.ts";
import { enroll, managedById, retire, updateManaged, type ManagedEntry } from "./managed.ts";
import { Directory } from "./directory.ts";
import type { DirectoryTenant } from "./tenant.ts";
import { wrongField } from "./workload-changes-refusal.ts";

const time = z.iso.datetime();
/** The properties that a control may set; times are RFC 3339 in UTC. */
const managedFields = z
  .strictObject({
    azureADDeviceId: z.guid(),
    deviceName: z.string(),
    managedDeviceName: z.string(),
    serialNumber: z.string(),
    model: z.string(),
    manufacturer: z.string(),
    userId: z.string(),
    userPrincipalName: z.string(),
    emailAddress: z.string(),
    userDisplayName: z.string(),
    managedDeviceOwnerType: z.enum(["unknown", "company", "personal"]),
    operatingSystem: z.string(),
    osVersion: z.string(),
    complianceState: z.enum(COMPLIANCE_STATES),
    complianceGracePeriodExpirationDateTime: time,
    lastSyncDateTime: time,
    enrolledDateTime: time,
    managementAgent: z.string(),
    deviceRegistrationState: z.string(),
    deviceEnrollmentType: z.string(),
    deviceCategoryDisplayName: z.string(),
    isEncrypted: z.boolean(),
    isSupervised: z.boolean(),
    azureADRegistered: z.boolean(),
    easActivated: z.boolean(),
    jailBroken: z.enum(["True", "False", "Unknown"]),
    totalStorageSpaceInBytes: z.number().int().nonnegative(),
    freeStorageSpaceInBytes: z.number().int().nonnegative(),
    partnerReportedThreatState: z.string(),
    notes: z.string().nullable(),
  })
  .partial();

/** What `enroll` takes: the Entra device and the user it belongs to, by their ids. */
export const enrollSchema = z.strictObject({
  op: z.literal("enroll"),
  device: z.guid().optional(),
  user: z.guid().optional(),
  fields: managedFields.default({}),
});
/** What `update_managed` takes. */
export const updateManagedSchema = z.strictObject({
  op: z.literal("update_managed"),
  id: z.guid(),
  fields: managedFields,
});
/** What `retire` takes. */
export const retireSchema = z.strictObject({ op: z.literal("retire"), id: z.guid() });

/** A new device in Intune. The Entra device may be in Intune already: then it stands there twice. */
export function applyEnroll(world: World, t: DirectoryTenant, change: z.output<typeof enrollSchema>): { id: string } {
  const d = new Directory(world, t);
  const now = `${new Date(world.now()).toISOString().slice(0, 19)}Z`;
  const fields = {
    enrolledDateTime: now,
    lastSyncDateTime: now,
    ...deviceFields(d, change.device),
    ...userFields(d, change.user),
    ...change.fields,
  };
  return { id: enroll(world, t, fields) };
}

/** Changes a device. Throws a ZodError when there is none with this id. */
export function applyUpdate(
  world: World,
  t: DirectoryTenant,
  { id, fields }: z.output<typeof updateManagedSchema>,
): Record<string, never> {
  updateManaged(world, t, { entry: existing(world, t, id), fields });
  return {};
}

/** Deletes a device from Intune. Throws a ZodError when there is none with this id. */
export function applyRetire(
  world: World,
  t: DirectoryTenant,
  { id }: z.output<typeof retireSchema>,
): Record<string, never> {
  retire(world, t, existing(world, t, id));
  return {};
}

function existing(world: World, t: DirectoryTenant, id: string): ManagedEntry {
  const entry = managedById(world, t, id);
  if (entry === undefined) throw wrongField("id", "no such managed device");
  return entry;
}

function deviceFields(d: Directory, id: string | undefined): Record<string, unknown> {
  if (id === undefined) return {};
  const index = d.indexOf("device", id);
  if (index === undefined || !d.isLive("device", index)) throw wrongField("device", "no such device, or it is deleted");
  return { azureADDeviceId: d.object("device", index)["deviceId"], azureADRegistered: true };
}

// Intune copies these when a device is enrolled and does not follow a later change of the user.
function userFields(d: Directory, id: string | undefined): Record<string, unknown> {
  if (id === undefined) return { userId: "", userPrincipalName: "", emailAddress: "", userDisplayName: "" };
  const index = d.indexOf("user", id);
  if (index === undefined || !d.isLive("user", index)) throw wrongField("user", "no such user, or it is deleted");
  const user = d.object("user", index);
  const { userPrincipalName, mail } = user;
  return { userId: user.id, userPrincipalName, emailAddress: mail ?? "", userDisplayName: user.displayName };
}
