import { expect, it } from "vitest";
import { errorOf, valuesOf, type Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";

const DEVICES = "/deviceManagement/managedDevices";

/** Every device of a tenant that has as many in Intune. */
async function openIntune(managed: number, change: Json = {}) {
  const tenant = await openTenant({ devices: managed, managed, ...change });
  const { entries } = await tenant.walk(DEVICES);
  return { tenant, entries };
}

async function filtered(tenant: TenantDriver, filter: string): Promise<Json[]> {
  return (await tenant.walk(`${DEVICES}?$filter=${encodeURIComponent(filter)}`)).entries;
}

function timeOf(device: Json, name: string): number {
  return Date.parse(String(device[name]));
}

it.each([
  "$top=1001",
  "$top=0",
  "$top=x",
  "$skip=1",
  "$expand=users",
  "$orderby=deviceName",
  "$skiptoken=x",
  "$select=x",
])("refuses %s", async (option) => {
  const tenant = await openTenant();
  expect((await tenant.call(`${DEVICES}?${option}`)).status).toBe(400);
});

it("filters by compliance, agent, category and jailbreak, alone and joined", async () => {
  const { tenant, entries } = await openIntune(400);
  const cases: [string, (device: Json) => boolean][] = [
    ["complianceState eq 'compliant'", ({ complianceState }) => complianceState === "compliant"],
    [
      "complianceState eq 'noncompliant' or complianceState eq 'error'",
      ({ complianceState }) => complianceState === "noncompliant" || complianceState === "error",
    ],
    [
      "managementAgent eq 'jamf' or managementAgent eq 'eas'",
      ({ managementAgent }) => managementAgent === "jamf" || managementAgent === "eas",
    ],
    ["deviceCategoryDisplayName eq 'Field staff'", (device) => device["deviceCategoryDisplayName"] === "Field staff"],
    [
      "(jailBroken eq 'True' or jailBroken eq 'Unknown') and complianceState eq 'compliant'",
      ({ jailBroken, complianceState }) => jailBroken !== "False" && complianceState === "compliant",
    ],
  ];
  for (const [filter, test] of cases) {
    const expected = entries.filter(test);
    expect(expected.length, filter).toBeGreaterThan(0);
    expect(await filtered(tenant, filter), filter).toEqual(expected);
  }
});

it("filters by the times of synchronisation and enrolment", async () => {
  const { tenant, entries } = await openIntune(200);
  for (const name of ["lastSyncDateTime", "enrolledDateTime"]) {
    const middle = String(entries.map((device) => String(device[name])).toSorted()[100]);
    const at = Date.parse(middle);
    expect(await filtered(tenant, `${name} lt ${middle}`)).toEqual(
      entries.filter((device) => timeOf(device, name) < at),
    );
    expect(await filtered(tenant, `${name} gt ${middle}`)).toEqual(
      entries.filter((device) => timeOf(device, name) > at),
    );
    expect(await filtered(tenant, `${name} ge ${middle}`)).toEqual(
      entries.filter((device) => timeOf(device, name) >= at),
    );
  }
});

it("leaves out devices that a filter from a date should find, when the knob says so", async () => {
  const { tenant, entries } = await openIntune(100);
  await tenant.sandbox.control("/settings", { intune_date_filter: "misses" });
  const found = await filtered(tenant, "lastSyncDateTime ge 0001-01-01T00:00:00Z");
  expect(found.length).toBeLessThan(entries.length);
  expect(await filtered(tenant, "lastSyncDateTime lt 9999-01-01T00:00:00Z")).toHaveLength(entries.length);
  expect((await tenant.walk(DEVICES)).entries).toHaveLength(entries.length);
});

it.each([
  "deviceName eq 'PC-000000'",
  "complianceState ne 'compliant'",
  "complianceState eq compliant",
  "lastSyncDateTime eq 2026-01-01T00:00:00Z",
  "lastSyncDateTime gt 2026-01-01",
  "lastSyncDateTime gt '2026-01-01T00:00:00Z'",
  "complianceState eq 'compliant' and",
  "complianceState eq 'compliant')",
  "startswith(complianceState,'comp')",
])("refuses the filter %s", async (filter) => {
  const tenant = await openTenant();
  const { status, body } = await tenant.call(`${DEVICES}?$filter=${encodeURIComponent(filter)}`);
  expect([status, errorOf(body)["code"]]).toEqual([400, "BadRequest"]);
});

it("gives short pages with a next link when few of many devices pass a filter", async () => {
  const tenant = await openTenant({ devices: 45_000, managed: 45_000 });
  const { pages, entries } = await tenant.walk(`${DEVICES}?$select=id&$filter=complianceState eq 'conflict'`);
  expect(pages).toHaveLength(3);
  expect(valuesOf(pages[0] ?? {}).length).toBeLessThan(1000);
  const count = await tenant.call(`${DEVICES}/$count?$filter=complianceState eq 'conflict'`);
  expect(count.body).toEqual({ text: String(entries.length) });
});

it("counts, with and without a filter", async () => {
  const { tenant, entries } = await openIntune(30);
  const compliant = entries.filter(({ complianceState }) => complianceState === "compliant").length;
  const count = await tenant.call(`${DEVICES}/$count`);
  expect(count.body).toEqual({ text: "30" });
  expect(count.headers.get("Content-Type")).toMatch(/^text\/plain/);
  const page = await tenant.call(`${DEVICES}?$top=1&$count=true&$filter=complianceState eq 'compliant'`);
  expect(page.body["@odata.count"]).toBe(compliant);
  expect((await tenant.call(DEVICES)).body).not.toHaveProperty("@odata.count");
});
