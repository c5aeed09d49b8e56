/** What is kept of sign-ins, directory audits and alerts. No I/O. */
import type { Values } from "./bulk.ts";
import { columnsOf, entries, flag, text, texts, time, valuesOf, whole } from "./columns.ts";
import { isObject, type Item, Unreadable } from "./item.ts";

/** Of signIn. The risk level is kept as it is said: `hidden` without Entra ID P2, `none` where there is none. */
export const SIGN_IN_COLUMNS = columnsOf({
  at: ["createdDateTime", time],
  user_id: ["userId", text],
  user_address: ["userPrincipalName", text],
  user_name: ["userDisplayName", text],
  app: ["appDisplayName", text],
  app_id: ["appId", text],
  resource: ["resourceDisplayName", text],
  client: ["clientAppUsed", text],
  ip: ["ipAddress", text],
  error_code: ["status.errorCode", whole],
  failure_reason: ["status.failureReason", text],
  conditional_access: ["conditionalAccessStatus", text],
  risk_level: ["riskLevelDuringSignIn", text],
  risk_state: ["riskState", text],
  interactive: ["isInteractive", flag],
  device_id: ["deviceDetail.deviceId", text],
  device_name: ["deviceDetail.displayName", text],
  os: ["deviceDetail.operatingSystem", text],
  browser: ["deviceDetail.browser", text],
  city: ["location.city", text],
  country: ["location.countryOrRegion", text],
  correlation_id: ["correlationId", text],
});

/** Of directoryAudit. */
export const AUDIT_COLUMNS = columnsOf({
  at: ["activityDateTime", time],
  category: ["category", text],
  activity: ["activityDisplayName", text],
  operation: ["operationType", text],
  result: ["result", text],
  result_reason: ["resultReason", text],
  service: ["loggedByService", text],
  correlation_id: ["correlationId", text],
  targets: ["targetResources", entries],
  details: ["additionalDetails", entries],
});

const USER = columnsOf({
  actor_id: ["initiatedBy.user.id", text],
  actor_name: ["initiatedBy.user.displayName", text],
  actor_address: ["initiatedBy.user.userPrincipalName", text],
});
const APP = columnsOf({
  actor_id: ["initiatedBy.app.servicePrincipalId", text],
  actor_name: ["initiatedBy.app.displayName", text],
});
const APP_ID = columnsOf({ actor_id: ["initiatedBy.app.appId", text] });
const TARGET = columnsOf({
  target_id: ["id", text],
  target_type: ["type", text],
  target_name: ["displayName", text],
});

/** Who did it and to what first: a user or an application, and the first of the targets. */
export const auditOf = {
  names: ["actor_type", "actor_id", "actor_name", "actor_address", "target_id", "target_type", "target_name"],
  of: (item: Item): Values => ({ ...actorOf(item), ...targetOf(item["targetResources"]) }),
};

function actorOf(item: Item): Values {
  const by = item["initiatedBy"] ?? {};
  if (!isObject(by)) throw new Unreadable("initiatedBy is of another type than Microsoft Graph documents.");
  if (isObject(by["user"])) return { ...valuesOf(item, USER), actor_type: "user" };
  if (!isObject(by["app"])) return {};
  const { actor_id: id, ...app } = valuesOf(item, APP);
  return { ...app, actor_id: id ?? valuesOf(item, APP_ID)["actor_id"] ?? null, actor_type: "app" };
}

function targetOf(targets: unknown): Values {
  const first: unknown = Array.isArray(targets) ? targets[0] : undefined;
  return isObject(first) ? valuesOf(first, TARGET) : {};
}

/** Of alert, from alerts_v2. */
export const ALERT_COLUMNS = columnsOf({
  at: ["createdDateTime", time],
  updated_at: ["lastUpdateDateTime", time],
  title: ["title", text],
  description: ["description", text],
  severity: ["severity", text],
  status: ["status", text],
  category: ["category", text],
  classification: ["classification", text],
  determination: ["determination", text],
  source: ["serviceSource", text],
  detection: ["detectionSource", text],
  assigned_to: ["assignedTo", text],
  url: ["alertWebUrl", text],
  incident_id: ["incidentId", text],
  first_activity_at: ["firstActivityDateTime", time],
  last_activity_at: ["lastActivityDateTime", time],
  resolved_at: ["resolvedDateTime", time],
  techniques: ["mitreTechniques", texts],
  evidence: ["evidence", entries],
});
