/** How each resource's pages are written. */
import type { ResourceName } from "../resources.ts";
import { writeDevices, writeManagedDevices } from "./devices.ts";
import { writeGroups } from "./groups.ts";
import { writeLicences } from "./licences.ts";
import { writeAlerts, writeDirectoryAudits, writeSignIns } from "./logs.ts";
import type { PageWriter } from "./page.ts";
import { writeSignInActivity } from "./sign-in-activity.ts";
import { writeUsers } from "./users.ts";

/** The writer of every resource. Each is idempotent: a page that is written again writes nothing. */
export const WRITERS: Readonly<Record<ResourceName, PageWriter>> = {
  users: writeUsers,
  groups: writeGroups,
  devices: writeDevices,
  managed_devices: writeManagedDevices,
  sign_in_activity: writeSignInActivity,
  licences: writeLicences,
  sign_ins: writeSignIns,
  directory_audits: writeDirectoryAudits,
  alerts: writeAlerts,
};
