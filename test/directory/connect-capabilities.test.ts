import { expect, test } from "vitest";
import { type Capability, capabilityFrom } from "../../src/directory/connect/capabilities.ts";
import { probe } from "../../src/directory/connect/probe.ts";
import { missingPermissions, rolesIn } from "../../src/directory/connect/roles.ts";
import { RESOURCES } from "../../src/directory/resources.ts";
import { systemClock } from "../../src/lib/clock.ts";
import { createSender } from "../../src/lib/http.ts";
import { createLogger } from "../../src/lib/log.ts";

const NO_PREMIUM = "Authentication_RequestFromNonPremiumTenantOrB2CTenant";
const DENIED = "Authorization_RequestDenied";
const PREMIUM = "Microsoft Entra ID P1 or P2";
const LOGS = ["AuditLog.Read.All", "Directory.Read.All"];

test.each<[string, Parameters<typeof capabilityFrom>[0], Parameters<typeof capabilityFrom>[1], Partial<Capability>]>([
  [
    "a code that names a licence",
    "sign_ins",
    { status: 403, code: NO_PREMIUM, granted: LOGS },
    { status: "licence_missing", licence: PREMIUM },
  ],
  [
    "the same without roles to look at",
    "sign_in_activity",
    { status: 403, code: NO_PREMIUM },
    { status: "licence_missing", licence: PREMIUM },
  ],
  [
    "an older code for it",
    "sign_ins",
    { status: 400, code: "AadPremiumLicenseRequired" },
    { status: "licence_missing", licence: PREMIUM },
  ],
  [
    "a missing permission",
    "users",
    { status: 403, code: DENIED, granted: [] },
    { status: "permission_missing", permissions: ["User.Read.All"] },
  ],
  [
    "one of two missing permissions",
    "sign_ins",
    { status: 403, code: DENIED, granted: ["AuditLog.Read.All"] },
    { status: "permission_missing", permissions: ["Directory.Read.All"] },
  ],
  [
    "a consent that has not arrived everywhere",
    "users",
    { status: 403, code: DENIED, granted: ["User.Read.All"] },
    { status: "permission_missing", permissions: ["User.Read.All"] },
  ],
  [
    "403 of Intune without the permission",
    "managed_devices",
    { status: 403, code: "Forbidden", granted: LOGS },
    { status: "permission_missing", permissions: ["DeviceManagementManagedDevices.Read.All"] },
  ],
  [
    "403 of Intune with it",
    "managed_devices",
    { status: 403, code: "Forbidden", granted: ["DeviceManagementManagedDevices.Read.All"] },
    { status: "service_missing", service: "Microsoft Intune" },
  ],
  [
    "400 of Intune",
    "managed_devices",
    { status: 400, code: "BadRequest" },
    { status: "service_missing", service: "Microsoft Intune" },
  ],
  [
    "400 of Intune for another reason",
    "managed_devices",
    { status: 400, code: "InvalidFilter" },
    { status: "unknown" },
  ],
  ["400 of Intune without words", "managed_devices", { status: 400, code: "http_400" }, { status: "unknown" }],
  ["400 of alerts with options", "alerts", { status: 400, code: "BadRequest" }, { status: "unknown" }],
  [
    "400 of alerts without options",
    "alerts",
    { status: 400, code: "UnknownError", bare: true },
    { status: "service_missing", service: "Microsoft Defender" },
  ],
  ["501 of alerts", "alerts", { status: 501, code: "NotImplemented" }, { status: "service_missing" }],
  [
    "401 of Intune without the permission",
    "managed_devices",
    { status: 401, code: "Unauthorized", granted: LOGS },
    { status: "permission_missing", permissions: ["DeviceManagementManagedDevices.Read.All"] },
  ],
  [
    "401 of Intune with it",
    "managed_devices",
    { status: 401, code: "UnknownError", granted: ["DeviceManagementManagedDevices.Read.All"] },
    { status: "service_missing", service: "Microsoft Intune" },
  ],
  [
    "a token that Intune does not take",
    "managed_devices",
    { status: 401, code: "InvalidAuthenticationToken", granted: [] },
    { status: "unknown" },
  ],
  [
    "404 of Intune",
    "managed_devices",
    { status: 404, code: "ResourceNotFound" },
    { status: "service_missing", service: "Microsoft Intune" },
  ],
  [
    "403 of alerts with the permission",
    "alerts",
    { status: 403, code: "accessDenied", granted: ["SecurityAlert.Read.All"] },
    { status: "service_missing", service: "Microsoft Defender" },
  ],
  [
    "403 of sign-ins with the permissions",
    "sign_ins",
    { status: 403, code: "Forbidden", granted: LOGS },
    { status: "licence_missing", licence: PREMIUM },
  ],
  [
    "403 of what needs no licence",
    "directory_audits",
    { status: 403, code: "Forbidden", granted: LOGS },
    { status: "unknown" },
  ],
  ["a metered answer", "alerts", { status: 402, code: "PaymentRequired" }, { status: "licence_missing" }],
  ["a bad request of ours", "users", { status: 400, code: "BadRequest" }, { status: "unknown" }],
  ["a token that is not taken", "users", { status: 401, code: "InvalidAuthenticationToken" }, { status: "unknown" }],
])("%s is told from the others", (_what, name, refused, told) => {
  expect(capabilityFrom(name, refused)).toMatchObject({ ...told, provider_code: refused.code });
});

test.each([
  ["users", ["Directory.Read.All"], []],
  ["groups", ["Group.Read.All"], []],
  ["groups", ["Group.ReadBasic.All"], ["GroupMember.Read.All"]],
  ["sign_in_activity", ["AuditLog.Read.All", "Directory.Read.All"], []],
  ["sign_in_activity", ["Directory.Read.All"], ["AuditLog.Read.All"]],
  ["sign_ins", ["AuditLog.Read.All", "Directory.ReadWrite.All"], []],
  ["licences", ["Organization.Read.All"], []],
] as const)("for %s the roles %j leave %j missing", (name, roles, missing) => {
  expect(missingPermissions(RESOURCES[name], roles)).toEqual(missing);
});

test("a token that cannot be read tells nothing of its roles, and one without roles tells that", () => {
  const tokenOf = (payload: object) => `e30.${btoa(JSON.stringify(payload)).replace(/=+$/, "")}.x`;
  for (const opaque of ["EwB4A8l6BAAU", "a.b.c", "", tokenOf({ roles: "User.Read.All" })])
    expect(rolesIn(opaque)).toBeUndefined();
  expect(rolesIn(tokenOf({}))).toEqual([]);
  expect(rolesIn(tokenOf({ roles: ["User.Read.All"] }))).toEqual(["User.Read.All"]);
});

/** What a probe finds where Graph answers so, and how many questions were open at once. */
async function probed(
  answer: (path: string, query: string) => Response,
): Promise<{ found: Awaited<ReturnType<typeof probe>>; most: number }> {
  let [open, most] = [0, 0];
  const sender = createSender({
    clock: systemClock,
    log: createLogger("ERROR"),
    fetch: async (request) => {
      most = Math.max(most, (open += 1));
      await Promise.resolve();
      open -= 1;
      const { pathname, search } = new URL(request.url);
      return answer(pathname, decodeURIComponent(search));
    },
  });
  const found = await probe({
    sender,
    graphUrl: "https://graph.microsoft.com",
    accessToken: "opaque",
  });
  return { found, most };
}

test("who is in a group is asked of one whose members are not hidden", async () => {
  const asked: string[] = [];
  const { found, most } = await probed((path) => {
    asked.push(path);
    if (path === "/v1.0/groups")
      return Response.json({
        value: [
          { id: "hidden", visibility: "HiddenMembership" },
          { id: "../open", visibility: null },
        ],
      });
    return path.endsWith("/members")
      ? Response.json({ error: { code: DENIED } }, { status: 403 })
      : Response.json({ value: [] });
  });
  expect(asked.filter((path) => path.endsWith("/members"))).toEqual(["/v1.0/groups/..%2Fopen/members"]);
  expect(found["groups"]).toEqual({ status: "available" });
  expect(found["members"]).toMatchObject({ status: "permission_missing" });
  expect(most).toBeLessThanOrEqual(4);
});

test("a service that refuses an option is asked once more without any, and answers then", async () => {
  const asked: string[] = [];
  const refusal = () => Response.json({ error: { code: "BadRequest" } }, { status: 400 });
  const { found } = await probed((path, query) => {
    if (path === "/v1.0/security/alerts_v2") return query === "" ? Response.json({ value: [] }) : refusal();
    if (path !== "/v1.0/deviceManagement/managedDevices") return Response.json({ value: [] });
    asked.push(query);
    return refusal();
  });
  expect(asked).toEqual(["?$select=id&$top=1", ""]);
  expect(found).toMatchObject({ alerts: { status: "available" }, managed_devices: { status: "service_missing" } });
});

test("without a group to ask, and with a token that tells nothing, members are unknown", async () => {
  const { found } = await probed(() => Response.json({ value: [] }));
  expect(found).toMatchObject({ groups: { status: "available" }, members: { status: "unknown" } });
});
