/** What of a tenant can be read: one small request for each resource, and what its refusal means. */
import { member, send, textIn } from "./http.mjs";

/** @typedef {"available" | "permission_missing" | "licence_missing" | "service_missing" | "unknown"} Status */
/** @typedef {{ resource: string, status: Status, missing: string[], detail?: string }} Capability */
/** @typedef {{ path: string, all: readonly string[], wider: readonly string[], licence?: string, service?: string }} Resource */

const DIRECTORY = ["Directory.Read.All", "Directory.ReadWrite.All"];
const PREMIUM = "Microsoft Entra ID P1 or P2";
const LOGS = ["AuditLog.Read.All", "Directory.Read.All"];

/**
 * The least application permissions for each (all of them are needed), and wider ones any of which will do instead.
 *
 * @type {Readonly<Record<string, Resource>>}
 */
export const RESOURCES = {
  users: {
    path: "users?$top=1&$select=id",
    all: ["User.Read.All"],
    wider: ["User.ReadWrite.All", ...DIRECTORY],
  },
  groups: {
    path: "groups?$top=1&$select=id",
    all: ["GroupMember.Read.All"],
    wider: ["Group.Read.All", "Group.ReadWrite.All", ...DIRECTORY],
  },
  devices: {
    path: "devices?$top=1&$select=id",
    all: ["Device.Read.All"],
    wider: ["Device.ReadWrite.All", ...DIRECTORY],
  },
  managed_devices: {
    path: "deviceManagement/managedDevices?$top=1&$select=id",
    all: ["DeviceManagementManagedDevices.Read.All"],
    wider: ["DeviceManagementManagedDevices.ReadWrite.All"],
    service: "Microsoft Intune",
  },
  sign_in_activity: {
    path: "users?$top=1&$select=id,signInActivity",
    all: ["AuditLog.Read.All", "User.Read.All"],
    wider: [],
    licence: PREMIUM,
  },
  licences: {
    path: "subscribedSkus",
    all: ["LicenseAssignment.Read.All"],
    wider: ["Organization.Read.All", ...DIRECTORY],
  },
  sign_ins: { path: "auditLogs/signIns?$top=1", all: LOGS, wider: [], licence: PREMIUM },
  directory_audits: { path: "auditLogs/directoryAudits?$top=1", all: LOGS, wider: [] },
  alerts: {
    path: "security/alerts_v2?$top=1",
    all: ["SecurityAlert.Read.All"],
    wider: ["SecurityAlert.ReadWrite.All"],
    service: "Microsoft Defender",
  },
};

/**
 * Asks for every resource at once.
 *
 * @param {string} graph Base URL.
 * @param {import("./token.mjs").AppToken} token
 * @returns {Promise<Capability[]>}
 */
export function probe(graph, token) {
  return Promise.all(
    Object.entries(RESOURCES).map(async ([name, resource]) => ({
      resource: name,
      ...(await probeOne(`${graph}/v1.0/${resource.path}`, resource, token)),
    })),
  );
}

/**
 * @param {string} url
 * @param {Resource} resource
 * @param {import("./token.mjs").AppToken} token
 */
async function probeOne(url, resource, { token, roles }) {
  try {
    const answer = await send(url, { headers: { Authorization: `Bearer ${token}` } });
    return judge(answer, resource, roles);
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { status: /** @type {const} */ ("unknown"), missing: [], detail: error.message };
  }
}

const LICENCE = /premium/i;
const PERMISSION = /^Authorization_RequestDenied$/i;
const SAYS_PERMISSION =
  /must have one of the following scopes|insufficient privileges|required scopes|missing.*(scope|role|permission)/i;

/**
 * What an answer means. Licence refusals are not uniform, so that the roles in the token decide where the words do not.
 *
 * @param {import("./http.mjs").Answer} answer
 * @param {Resource} resource
 * @param {ReadonlySet<string> | undefined} roles
 * @returns {{ status: Status, missing: string[], detail?: string }}
 */
export function judge({ status, body }, resource, roles) {
  if (status === 200) return { status: "available", missing: [] };
  const error = member(body, "error");
  const code = textIn(error, "code");
  const said = `${code} ${textIn(error, "message")}`;
  if (LICENCE.test(said)) return { status: "licence_missing", missing: [resource.licence ?? PREMIUM] };
  const lacking = lackingRoles(resource, roles);
  const denied = status === 403 && (PERMISSION.test(code) || SAYS_PERMISSION.test(said));
  if (status === 403 && lacking?.length) return { status: "permission_missing", missing: lacking };
  if (denied) return { status: "permission_missing", missing: [...resource.all] };
  const { service, licence } = resource;
  if (service !== undefined && [400, 403, 404].includes(status))
    return { status: "service_missing", missing: [service] };
  if (licence !== undefined && status === 403) return { status: "licence_missing", missing: [licence] };
  return { status: "unknown", missing: [], detail: `status ${status}${code === "" ? "" : `, ${code}`}` };
}

/**
 * @param {Resource} resource
 * @param {ReadonlySet<string> | undefined} roles
 * @returns {string[] | undefined} Undefined where nobody knows.
 */
function lackingRoles({ all, wider }, roles) {
  if (roles === undefined) return undefined;
  if (wider.some((role) => roles.has(role))) return [];
  return all.filter((role) => !roles.has(role));
}
