import { fraction, pick } from "./fraction.ts";
import { generatedUser } from "./generated-users.ts";
import { groupId, objectId } from "./object-ids.ts";
import type { Log } from "./logs.ts";
import type { DirectoryTenant } from "./tenant.ts";

/** What was done, to what, and when, in milliseconds. */
export interface Audit {
  id: string;
  at: number;
  activity: string;
  target: { id: string; displayName: string | null; type: "User" | "Group"; userPrincipalName?: string };
  /** In [0, 1): what the circumstances come from. */
  luck: (what: string) => number;
}

/** The changes that somebody made to a tenant's directory. */
export const DIRECTORY_AUDITS: Log = {
  kind: "directoryAudit",
  perHour: ({ users }) => 0.05 + users / 1000,
  stepMs: 1,
  build: (t, { hour, nth, at }) => {
    const luck = (what: string) => fraction(t.seed, `audit-${what}`, hour, nth);
    const { activity, type } = pick(ACTIVITIES, luck("activity"));
    const id = auditId(t, { number: hour * 256 + nth, activity });
    return auditBody(t, { id, at, activity, target: targetOf(t, type, luck("target")), luck });
  },
};

/** An entry as Graph has it. */
export function auditBody(t: DirectoryTenant, { id, at, activity, target, luck }: Audit): Record<string, unknown> {
  const known = ACTIVITIES.find((one) => one.activity === activity);
  const failed = luck("failed") < 0.05;
  return {
    id,
    category: known?.category ?? "UserManagement",
    correlationId: objectId({ seed: t.seed + 3 }, "managed", Math.floor(luck("correlation") * 2 ** 31)),
    result: failed ? pick(["failure", "timeout"], luck("failure")) : "success",
    resultReason: failed ? "Microsoft.Online.Workflows.ValidationException" : "",
    activityDisplayName: activity,
    activityDateTime: isoTicks(at),
    loggedByService: known?.service ?? "Core Directory",
    operationType: known?.operation ?? "Update",
    initiatedBy: luck("by-app") < 0.3 ? byApp(t, luck) : byUser(t, luck),
    targetResources: [targetResource(target, activity, luck)],
    additionalDetails: luck("details") < 0.5 ? [{ key: "User-Agent", value: "Mozilla/5.0" }] : [],
  };
}

/** The id of the nth entry that was not generated, or of a generated one by a number of its own. */
export function auditId({ seed }: DirectoryTenant, { number, activity }: { number: number; activity: string }): string {
  const guid = objectId({ seed: seed + 4 }, "user", number);
  return `Directory_${guid}_${activity.replaceAll(/[^A-Z]/g, "")}${number}`;
}

/** A user or a group of the tenant as a target; `at` in [0, 1) says which. */
function targetOf(t: DirectoryTenant, type: "User" | "Group", at: number): Audit["target"] {
  if (type === "Group" && t.groups > 0)
    return { id: groupId(t, Math.floor(at * t.groups)), displayName: null, type: "Group" };
  const { id, displayName, userPrincipalName } = generatedUser(t, Math.floor(at * t.users));
  return { id, displayName, type: "User", userPrincipalName };
}

function byUser(t: DirectoryTenant, luck: Audit["luck"]) {
  const { id, displayName, userPrincipalName } = generatedUser(t, Math.floor((luck("by") * Math.max(1, t.users)) / 20));
  const ipAddress = luck("address") < 0.8 ? `198.51.100.${Math.floor(luck("address") * 250)}` : null;
  return { user: { id, displayName, userPrincipalName, ipAddress, userType: null, homeTenantId: null }, app: null };
}

function byApp(t: DirectoryTenant, luck: Audit["luck"]) {
  const servicePrincipalId = objectId(t, "servicePrincipal", Math.floor(luck("app") * 5));
  const app = { appId: null, displayName: "Microsoft Azure AD Group-Based Licensing", servicePrincipalId };
  return { user: null, app: { ...app, servicePrincipalName: null } };
}

// What a property was and became is JSON inside a string, and the case of `type` is not always the same.
function targetResource(
  { id, displayName, type, userPrincipalName }: Audit["target"],
  activity: string,
  luck: Audit["luck"],
) {
  const changed = activity.startsWith("Update") || activity.startsWith("Change");
  return {
    id,
    displayName,
    [luck("casing") < 0.1 ? "Type" : "type"]: type,
    userPrincipalName: userPrincipalName ?? null,
    groupType: type === "Group" ? "unifiedGroups" : null,
    modifiedProperties: changed
      ? [{ displayName: "Department", oldValue: JSON.stringify(["Sales"]), newValue: JSON.stringify(["Legal, Risk"]) }]
      : [{ displayName: "Included Updated Properties", oldValue: null, newValue: JSON.stringify("") }],
  };
}

// This log writes its times with seven decimals.
function isoTicks(ms: number): string {
  return new Date(ms).toISOString().replace("Z", "0000Z");
}

const ACTIVITIES = [
  activityOf("Add user", "UserManagement", "Add", "User"),
  activityOf("Update user", "UserManagement", "Update", "User"),
  activityOf("Delete user", "UserManagement", "Delete", "User"),
  activityOf("Change user license", "UserManagement", "Update", "User"),
  activityOf("Add member to group", "GroupManagement", "Assign", "Group"),
  activityOf("Remove member from group", "GroupManagement", "Unassign", "Group"),
  activityOf("Update group", "GroupManagement", "Update", "Group"),
  {
    ...activityOf("Reset password (self-service)", "UserManagement", "Update", "User"),
    service: "Self-service Password Management",
  },
];

function activityOf(activity: string, category: string, operation: string, type: "User" | "Group") {
  return { activity, category, operation, type, service: "Core Directory" };
}
