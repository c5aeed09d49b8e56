import { expect, it } from "vitest";
import { errorOf, openSandbox, valuesOf, type Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";
import { batchOf } from "./directory/workload-routes-driver.ts";

const ALERTS = "/security/alerts_v2";
const NOW = "2026-11-20T12:00:00Z";
const DAY_MS = 86_400_000;

async function openAlerts(change: Json = {}): Promise<TenantDriver> {
  const sandbox = openSandbox();
  await sandbox.control("/clock", { set: NOW });
  return openTenant({ users: 2_000, ...change }, sandbox);
}

async function filtered(tenant: TenantDriver, filter: string): Promise<Json[]> {
  return (await tenant.walk(`${ALERTS}?$filter=${encodeURIComponent(filter)}`)).entries;
}

it("gives alerts newest first, in pages that go on by $skip", async () => {
  const tenant = await openAlerts();
  const { entries, pages } = await tenant.walk(`${ALERTS}?$top=100&$count=true`);
  expect(pages.length).toBeGreaterThan(2);
  expect(pages.map((page) => page["@odata.count"])).toEqual(pages.map(() => entries.length));
  expect(pages[0]?.["@odata.nextLink"]).toContain("$skip=100");
  expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
  const times = entries.map((alert) => Date.parse(String(alert["createdDateTime"])));
  expect(times).toEqual(times.toSorted((a, b) => b - a));
  expect(times.at(-1)).toBeLessThan(Date.parse(NOW) - 170 * DAY_MS);
  expect(valuesOf((await tenant.call(`${ALERTS}?$skip=5&$top=3`)).body)).toEqual(entries.slice(5, 8));
  expect(await tenant.truth("alerts")).toEqual(entries);
});

it("has alerts of every state, with evidence of several types", async () => {
  const tenant = await openAlerts();
  const { entries } = await tenant.walk(ALERTS);
  expect(new Set(entries.map(({ status }) => status))).toEqual(new Set(["new", "inProgress", "resolved"]));
  expect(new Set(entries.map(({ severity }) => severity)).size).toBe(5);
  const evidence = entries.flatMap((alert) => alert["evidence"] as Json[]).map((one) => one["@odata.type"]);
  expect(new Set(evidence)).toEqual(
    new Set(["user", "device", "ip"].map((kind) => `#microsoft.graph.security.${kind}Evidence`)),
  );
  for (const alert of entries) {
    expect(alert["providerAlertId"]).toBe(alert["id"]);
    expect(alert["tenantId"]).toBe(tenant.tenantId);
    expect(alert["resolvedDateTime"] !== null).toBe(alert["status"] === "resolved");
    const [created, updated] = ["createdDateTime", "lastUpdateDateTime"].map((name) => Date.parse(String(alert[name])));
    expect(updated).toBeGreaterThanOrEqual(created ?? 0);
    expect(updated).toBeLessThanOrEqual(Date.parse(NOW) + 60_000);
  }
});

it("filters by what the collection can be filtered by", async () => {
  const tenant = await openAlerts();
  const { entries } = await tenant.walk(ALERTS);
  const middle = String(entries[50]?.["lastUpdateDateTime"]);
  const at = (alert: Json) => Date.parse(String(alert["lastUpdateDateTime"]));
  const cases: [string, (alert: Json) => boolean][] = [
    ["status eq 'new'", ({ status }) => status === "new"],
    ["severity eq 'high' or severity eq 'medium'", ({ severity }) => severity === "high" || severity === "medium"],
    [
      "classification eq 'truePositive' and determination eq 'malware'",
      (one) => one["classification"] === "truePositive" && one["determination"] === "malware",
    ],
    ["serviceSource eq 'azureAdIdentityProtection'", (one) => one["serviceSource"] === "azureAdIdentityProtection"],
    [
      `assignedTo eq '${String(entries.find(({ assignedTo }) => assignedTo !== null)?.["assignedTo"])}'`,
      ({ assignedTo }) => assignedTo !== null,
    ],
    [`lastUpdateDateTime ge ${middle}`, (alert) => at(alert) >= Date.parse(middle)],
    [
      `lastUpdateDateTime lt ${middle} and status ne 'resolved'`,
      (alert) => at(alert) < Date.parse(middle) && alert["status"] !== "resolved",
    ],
    [`createdDateTime eq ${String(entries[7]?.["createdDateTime"])}`, ({ id }) => id === entries[7]?.["id"]],
  ];
  for (const [filter, test] of cases) {
    const expected = entries.filter(test);
    expect(expected.length, filter).toBeGreaterThan(0);
    expect(await filtered(tenant, filter), filter).toEqual(expected);
  }
});

it("takes alerts up and resolves them as time goes by, which updates them", async () => {
  const tenant = await openAlerts();
  const before = await tenant.walk(ALERTS);
  await tenant.sandbox.control("/clock", { advance_ms: 2 * DAY_MS });
  await tenant.renew();
  const updated = await filtered(tenant, `lastUpdateDateTime gt ${NOW}`);
  const known = new Map(before.entries.map((alert) => [alert["id"], alert]));
  const moved = updated.filter(({ id }) => known.has(id));
  expect(moved.length).toBeGreaterThan(0);
  expect(moved.every(({ id, status }) => known.get(id)?.["status"] !== status)).toBe(true);
  expect(updated.length).toBeGreaterThan(moved.length);
});

it("shows alerts that are raised and changed, and finds them by the time of the change", async () => {
  const tenant = await openAlerts({ users: 0 });
  const [id = ""] = await tenant.change({ op: "alert", title: "A strange thing", at: "2026-11-19T08:00:00Z" });
  expect((await tenant.walk(ALERTS)).entries).toMatchObject([
    { id, title: "A strange thing", status: "new", createdDateTime: "2026-11-19T08:00:00.0000000Z" },
  ]);
  await tenant.change({ op: "update_alert", id, fields: { status: "resolved", classification: "falsePositive" } });
  await tenant.change({ op: "update_alert", id, fields: { assignedTo: "ana@contoso.example" } });
  expect(await filtered(tenant, `lastUpdateDateTime ge ${NOW}`)).toMatchObject([
    { id, status: "resolved", classification: "falsePositive", assignedTo: "ana@contoso.example" },
  ]);
});

it.each([
  "$select=id",
  "$orderby=createdDateTime",
  "$expand=evidence",
  "$top=0",
  "$top=1001",
  "$count=maybe",
  "$filter=title eq 'x'",
  "$filter=status gt 'new'",
  "$filter=lastUpdateDateTime ge 'yesterday'",
])("refuses %s", async (option) => {
  const tenant = await openAlerts();
  expect((await tenant.call(`${ALERTS}?${option.replaceAll(" ", "%20")}`)).status).toBe(400);
});

it.each([
  ["forbidden", "Forbidden"],
  ["access_denied", "AccessDenied"],
  ["empty_code", ""],
])("refuses a tenant without Defender in the form %s", async (form, code) => {
  const tenant = await openAlerts({ licences: { defender: false } });
  await tenant.sandbox.control("/settings", { alerts_refusal: form });
  const { status, body } = await tenant.call(ALERTS);
  expect([status, errorOf(body)["code"]]).toEqual([403, code]);
  expect(errorOf(body)["message"]).toContain("not provisioned");
});

it("refuses an application without the permission, and says which it is", async () => {
  const tenant = await openAlerts({ roles: ["Directory.Read.All"] });
  const { status, body } = await tenant.call(ALERTS);
  expect([status, errorOf(body)["code"]]).toEqual([403, "Forbidden"]);
  expect(errorOf(body)["message"]).toContain("Missing application roles");
});

it("answers in a batch", async () => {
  const tenant = await openAlerts();
  const [answer] = await batchOf(tenant, [`${ALERTS}?$top=2`]);
  expect(answer).toMatchObject({ status: 200, body: { value: [{}, {}] } });
});
