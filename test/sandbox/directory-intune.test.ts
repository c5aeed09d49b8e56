import { expect, it } from "vitest";
import { errorOf, openSandbox, valuesOf, type Json } from "./driver.ts";
import { openTenant } from "./directory/tenant-driver.ts";
import { batchOf } from "./directory/workload-routes-driver.ts";

const DEVICES = "/deviceManagement/managedDevices";

/** Every device of a tenant that has as many in Intune. */
async function openIntune(managed: number, change: Json = {}) {
  const tenant = await openTenant({ devices: managed, managed, ...change });
  const { entries } = await tenant.walk(DEVICES);
  return { tenant, entries };
}

it("gives a thousand devices a page, and all of them once", async () => {
  const tenant = await openTenant({ devices: 2_100, managed: 2_100 });
  const { entries, pages } = await tenant.walk(DEVICES);
  expect(pages.map((page) => valuesOf(page).length)).toEqual([1000, 1000, 100]);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(2_100);
  const small = await tenant.walk(`${DEVICES}?$top=700&$select=id`);
  expect(small.entries).toEqual(entries.map(({ id }) => ({ id })));
  expect(small.pages).toHaveLength(3);
});

it("makes the same devices from the same seed, and others from another", async () => {
  const [first, again, other] = await Promise.all(
    [7, 7, 8].map(async (seed) => (await openIntune(40, { seed })).entries),
  );
  const names = (devices: Json[] | undefined) =>
    devices?.map(({ id, model, complianceState }) => [id, model, complianceState]);
  expect(names(again)).toEqual(names(first));
  expect(names(other)).not.toEqual(names(first));
});

it("has the oddities of Intune: empty strings, times that stand for none, ids that are zero or twice there", async () => {
  const { entries } = await openIntune(600);
  const some = (test: (device: Json) => boolean) => entries.some(test) && !entries.every(test);
  expect(
    some(({ userId, userPrincipalName, emailAddress, userDisplayName }) =>
      [userId, userPrincipalName, emailAddress, userDisplayName].every((value) => value === ""),
    ),
  ).toBe(true);
  expect(some(({ lastSyncDateTime }) => lastSyncDateTime === "0001-01-01T00:00:00Z")).toBe(true);
  const graceless = entries.filter(
    (device) => device["complianceGracePeriodExpirationDateTime"] === "9999-12-31T23:59:59Z",
  );
  expect(graceless).toEqual(entries.filter(({ complianceState }) => complianceState !== "inGracePeriod"));
  expect(graceless.length).toBeLessThan(600);
  expect(new Set(entries.map(({ jailBroken }) => jailBroken))).toEqual(new Set(["True", "False", "Unknown"]));
  const zero = "00000000-0000-0000-0000-000000000000";
  const unregistered = entries.filter(({ azureADDeviceId }) => azureADDeviceId === zero);
  expect(unregistered.length).toBeGreaterThan(0);
  expect(unregistered.every(({ azureADRegistered }) => azureADRegistered === false)).toBe(true);
  const registered = entries.map(({ azureADDeviceId }) => azureADDeviceId).filter((id) => id !== zero);
  expect(registered.length - new Set(registered).size).toBeGreaterThan(3);
});

it.each([
  ["managedDeviceOwnerType", "unknown company personal"],
  ["complianceState", "unknown compliant noncompliant conflict error inGracePeriod configManager"],
  [
    "managementAgent",
    "eas mdm easMdm intuneClient easIntuneClient configurationManagerClient configurationManagerClientMdm configurationManagerClientMdmEas unknown jamf googleCloudDevicePolicyController microsoft365ManagedMdm msSense",
  ],
  [
    "deviceRegistrationState",
    "notRegistered registered revoked keyConflict approvalPending certificateReset notRegisteredPendingEnrollment unknown",
  ],
  [
    "partnerReportedThreatState",
    "unknown activated deactivated secured lowSeverity mediumSeverity highSeverity unresponsive compromised misconfigured",
  ],
])("uses every value of %s", async (property, values) => {
  const { entries } = await openIntune(1_500);
  expect(new Set(entries.map((device) => device[property]))).toEqual(new Set(values.split(" ")));
});

it("tells some properties only of one device, and only when they are selected", async () => {
  const { tenant, entries } = await openIntune(5);
  const hidden =
    "activationLockBypassCode,iccid,udid,ethernetMacAddress,physicalMemoryInBytes,remoteAssistanceSessionUrl";
  const names = hidden.split(",");
  const [device = {}] = entries;
  const path = `${DEVICES}/${String(device["id"])}`;
  const listed = valuesOf((await tenant.call(`${DEVICES}?$select=${hidden}`)).body)[0] ?? {};
  const plain = (await tenant.call(path)).body;
  const selected = (await tenant.call(`${path}?$select=id,${hidden}`)).body;
  for (const name of names) {
    expect([device[name], listed[name], plain[name]]).toEqual([null, null, null]);
    expect(selected[name]).not.toBeNull();
  }
  expect(plain).toMatchObject({ id: device["id"], deviceName: device["deviceName"] });
  expect(Object.keys(selected)).toEqual(["@odata.context", "id", ...names]);
});

it("has the users and the registrations of the directory", async () => {
  const { tenant, entries } = await openIntune(60);
  const users = new Map(
    (await tenant.walk("/users/delta?$select=id,userPrincipalName")).entries.map((user) => [user["id"], user]),
  );
  const devices = (await tenant.walk("/devices/delta")).entries;
  const owned = entries.filter(({ userId }) => userId !== "");
  expect(owned.length).toBeGreaterThan(30);
  for (const { userId, userPrincipalName } of owned) expect(users.get(userId)).toMatchObject({ userPrincipalName });
  const registrations = new Map(devices.map((device) => [device["deviceId"], device]));
  const joined = entries.filter(({ azureADDeviceId }) => registrations.has(azureADDeviceId));
  expect(joined.length).toBeGreaterThan(50);
  const same = joined.filter((one) => registrations.get(one["azureADDeviceId"])?.["displayName"] === one["deviceName"]);
  for (const one of same)
    expect(registrations.get(one["azureADDeviceId"])?.["isCompliant"]).toBe(one["complianceState"] === "compliant");
});

it("has no change tracking, and no device with an id that was not given", async () => {
  const tenant = await openTenant();
  expect((await tenant.call(`${DEVICES}/delta`)).status).toBe(400);
  expect((await tenant.call(`${DEVICES}/42`)).status).toBe(400);
  expect((await tenant.call(`${DEVICES}/2b0e6c1a-1111-4222-8333-444455556666`)).status).toBe(404);
});

it("shows devices that are enrolled, changed and retired", async () => {
  const { tenant, entries } = await openIntune(4);
  const { entries: users } = await tenant.walk("/users/delta?$select=id,userPrincipalName,displayName");
  const { entries: devices } = await tenant.walk("/devices/delta");
  const user = users[3];
  const [id = ""] = await tenant.change(
    { op: "enroll", device: devices[1]?.["id"], user: user?.["id"], fields: { deviceName: "NEW" } },
    { op: "update_managed", id: entries[0]?.["id"], fields: { complianceState: "conflict", notes: "seen" } },
    { op: "retire", id: entries[2]?.["id"] },
  );
  const now = new Map((await tenant.walk(DEVICES)).entries.map((device) => [device["id"], device]));
  expect([...now.keys()]).toEqual([entries[0]?.["id"], entries[1]?.["id"], entries[3]?.["id"], id]);
  expect(now.get(entries[0]?.["id"])).toEqual({ ...entries[0], complianceState: "conflict" });
  expect(now.get(id)).toMatchObject({
    deviceName: "NEW",
    azureADDeviceId: devices[1]?.["deviceId"],
    userId: user?.["id"],
    userPrincipalName: user?.["userPrincipalName"],
    userDisplayName: user?.["displayName"],
  });
  expect((await tenant.call(`${DEVICES}/${String(entries[0]?.["id"])}?$select=notes`)).body["notes"]).toBe("seen");
  expect((await tenant.call(`${DEVICES}/${String(entries[2]?.["id"])}`)).status).toBe(404);
  expect((await tenant.call(`${DEVICES}/$count`)).body).toEqual({ text: "4" });
  expect(await tenant.truth("managed")).toEqual([...now.values()]);
});

it("refuses changes to what is not there, and names the field", async () => {
  const { tenant, entries } = await openIntune(2);
  const nobody = "2b0e6c1a-1111-4222-8333-444455556666";
  const gone = entries[0]?.["id"];
  await tenant.change({ op: "retire", id: gone });
  const refused = async (change: Json) => {
    const { error } = await tenant.sandbox.control(`/tenant/${tenant.tenantId}/changes`, { changes: [change] });
    return String(error);
  };
  expect(await refused({ op: "update_managed", id: gone, fields: {} })).toContain('"id"');
  expect(await refused({ op: "retire", id: nobody })).toContain('"id"');
  expect(await refused({ op: "enroll", user: nobody })).toContain('"user"');
  expect(await refused({ op: "enroll", device: nobody })).toContain('"device"');
  expect(
    await refused({ op: "update_managed", id: entries[1]?.["id"], fields: { complianceState: "fine" } }),
  ).toContain('"complianceState"');
  expect(await refused({ op: "enroll", fields: { colour: "red" } })).toContain("colour");
});

it.each([
  ["forbidden", 403, "Forbidden", /not licensed/],
  ["bad_request", 400, "BadRequest", /^Request not applicable to target tenant\.$/],
  ["not_found", 404, "ResourceNotFound", /does not exist/],
])("refuses a tenant without Intune in the form %s", async (form, status, code, message) => {
  const tenant = await openTenant({ licences: { intune: false } });
  await tenant.sandbox.control("/settings", { intune_refusal: form });
  for (const path of [DEVICES, `${DEVICES}/$count`, `${DEVICES}/2b0e6c1a-1111-4222-8333-444455556666`]) {
    const answer = await tenant.call(path);
    expect([answer.status, errorOf(answer.body)["code"]]).toEqual([status, code]);
    expect(errorOf(answer.body)["message"]).toMatch(message);
  }
  await tenant.sandbox.control(`/tenant/${tenant.tenantId}`, { licences: { intune: true } }, "PATCH");
  expect((await tenant.call(DEVICES)).status).toBe(200);
});

it("refuses an application without the permission, and says which it is", async () => {
  const tenant = await openTenant({ roles: ["Directory.Read.All", "Device.Read.All"] });
  const { status, body } = await tenant.call(DEVICES);
  expect([status, errorOf(body)["code"]]).toEqual([403, "Forbidden"]);
  expect(errorOf(body)["message"]).toContain("DeviceManagementManagedDevices.Read.All");
});

it("answers in a batch", async () => {
  const tenant = await openTenant();
  const [page, count] = await batchOf(tenant, [`${DEVICES}?$top=2`, `${DEVICES}/$count`]);
  expect(page).toMatchObject({ status: 200, body: { value: [{}, {}] } });
  // What is no JSON travels in base64.
  expect(count).toMatchObject({ status: 200, body: btoa("4") });
});

it("leaves tenants alone that the control did not make", async () => {
  const sandbox = openSandbox();
  const { access_token: token } = await sandbox.signIn("ana");
  const { status, body } = await sandbox.graph(token, DEVICES);
  expect([status, errorOf(body)["message"]]).toEqual([400, "Resource not found for the segment 'managedDevices'."]);
});
