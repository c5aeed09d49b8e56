/**
 * What is copied of a tenant, as one table: where Graph has it, how it is read, what may be missing for it.
 * Paths and permissions: "Use delta query to track changes", "List managedDevices", "List signIns",
 * "List directoryAudits", "List alerts_v2" and the permissions tables on those pages.
 */

import { DEVICE_FIELDS, GROUP_FIELDS, MANAGED_FIELDS, USER_FIELDS } from "./fields.ts";

/** Graph's workloads throttle apart from each other ("Microsoft Graph service-specific throttling limits"). */
export type Workload = "identity" | "intune" | "audit" | "security";

/** How a resource is read. delta: rounds that end with a link. sweep: a list, from its beginning. window: a log, by time. */
export type ReadingMode = "delta" | "sweep" | "window";

/** One resource. */
export interface Resource {
  readonly workload: Workload;
  readonly mode: ReadingMode;
  /** Below the version root. */
  readonly path: string;
  readonly select: readonly string[];
  /** Page size to ask for; undefined where Graph takes none. */
  readonly top?: number;
  /** Where Graph counts it, for the estimate. */
  readonly count?: string;
  /** With `window`: the property that the window is cut by. */
  readonly time?: string;
  /** Application permissions, the least that do; all of them are needed. */
  readonly permissions: readonly string[];
  /** Wider permissions of which one does instead. */
  readonly wider: readonly string[];
  /** The service or licence without which Graph refuses it. */
  readonly licence?: string;
}

const DIRECTORY_WIDE = ["Directory.Read.All", "Directory.ReadWrite.All"] as const;

/** Every resource, in the order in which they are begun: what others refer to comes first. */
export const RESOURCES = {
  users: {
    workload: "identity",
    mode: "delta",
    path: "/users/delta",
    select: USER_FIELDS,
    count: "/users/$count",
    permissions: ["User.Read.All"],
    wider: ["User.ReadWrite.All", ...DIRECTORY_WIDE],
  },
  groups: {
    workload: "identity",
    mode: "delta",
    path: "/groups/delta",
    select: GROUP_FIELDS,
    count: "/groups/$count",
    permissions: ["GroupMember.Read.All"],
    wider: ["Group.Read.All", "Group.ReadWrite.All", ...DIRECTORY_WIDE],
  },
  devices: {
    workload: "identity",
    mode: "delta",
    path: "/devices/delta",
    select: DEVICE_FIELDS,
    count: "/devices/$count",
    permissions: ["Device.Read.All"],
    wider: ["Device.ReadWrite.All", ...DIRECTORY_WIDE],
  },
  managed_devices: {
    workload: "intune",
    mode: "sweep",
    path: "/deviceManagement/managedDevices",
    select: MANAGED_FIELDS,
    top: 1000,
    permissions: ["DeviceManagementManagedDevices.Read.All"],
    wider: ["DeviceManagementManagedDevices.ReadWrite.All"],
    licence: "Microsoft Intune",
  },
  // It cannot ride on delta: Graph refuses to select it there.
  sign_in_activity: {
    workload: "identity",
    mode: "sweep",
    path: "/users",
    select: ["id", "signInActivity"],
    top: 120,
    permissions: ["AuditLog.Read.All", "User.Read.All"],
    wider: [],
    licence: "Microsoft Entra ID P1 or P2",
  },
  licences: {
    workload: "identity",
    mode: "sweep",
    path: "/subscribedSkus",
    select: [],
    permissions: ["LicenseAssignment.Read.All"],
    wider: ["Organization.Read.All", ...DIRECTORY_WIDE],
  },
  sign_ins: {
    workload: "audit",
    mode: "window",
    path: "/auditLogs/signIns",
    select: [],
    top: 1000,
    time: "createdDateTime",
    permissions: ["AuditLog.Read.All", "Directory.Read.All"],
    wider: [],
    licence: "Microsoft Entra ID P1 or P2",
  },
  directory_audits: {
    workload: "audit",
    mode: "window",
    path: "/auditLogs/directoryAudits",
    select: [],
    top: 1000,
    time: "activityDateTime",
    permissions: ["AuditLog.Read.All", "Directory.Read.All"],
    wider: [],
  },
  alerts: {
    workload: "security",
    mode: "window",
    path: "/security/alerts_v2",
    select: [],
    top: 500,
    time: "lastUpdateDateTime",
    permissions: ["SecurityAlert.Read.All"],
    wider: ["SecurityAlert.ReadWrite.All"],
    licence: "Microsoft Defender",
  },
} as const satisfies Record<string, Resource>;

/** The name of a resource. */
export type ResourceName = keyof typeof RESOURCES;

/** Every resource's name, in order. */
export const RESOURCE_NAMES = Object.keys(RESOURCES) as readonly ResourceName[];

/** What a run reads, by its type. */
export const SYNC_TYPES = {
  full: RESOURCE_NAMES,
  incremental: RESOURCE_NAMES,
  users_only: ["users", "sign_in_activity", "licences"],
  groups_only: ["groups"],
  devices_only: ["devices", "managed_devices"],
  audit_only: ["sign_ins", "directory_audits", "alerts"],
} as const satisfies Record<string, readonly ResourceName[]>;

/** The type of a run. */
export type SyncType = keyof typeof SYNC_TYPES;
