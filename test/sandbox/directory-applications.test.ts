import { expect, it } from "vitest";
import { CLIENT_CERTIFICATE } from "./certificates.ts";
import { CLIENT_ID } from "./defaults.ts";
import { errorOf, valuesOf, type Json } from "./driver.ts";
import { openTenant } from "./directory/tenant-driver.ts";
import { batchOf } from "./directory/workload-routes-driver.ts";

const OWN = "22222222-aaaa-4bbb-8ccc-000000000002";

/** A tenant that registered an application of its own, with two secrets and a certificate. */
async function openRegistered(change: Json = {}) {
  const tenant = await openTenant(change);
  await tenant.sandbox.control("/clients", {
    client_id: OWN,
    display_name: "Own",
    tenant: tenant.tenantId,
    secrets: [{ value: "abc~first", expires_at: "2027-01-31T10:00:00Z" }, { value: "xyz~second" }],
    certificates: [{ pem: CLIENT_CERTIFICATE, expires_at: "2027-05-01T00:00:00Z" }],
  });
  return tenant;
}

it("tells when an application's credentials end, and no secret", async () => {
  const tenant = await openRegistered();
  const { status, body } = await tenant.call(`/applications(appId='${OWN}')`);
  expect(status).toBe(200);
  expect(body).toMatchObject({
    appId: OWN,
    displayName: "Own",
    passwordCredentials: [
      { hint: "abc", displayName: "Secret 1", endDateTime: "2027-01-31T10:00:00Z", secretText: null },
      { hint: "xyz", displayName: "Secret 2", endDateTime: "2299-12-31T00:00:00Z", secretText: null },
    ],
    keyCredentials: [{ type: "AsymmetricX509Cert", usage: "Verify", endDateTime: "2027-05-01T00:00:00Z" }],
  });
  expect(JSON.stringify(body)).not.toContain("~");
  const [secret] = body["passwordCredentials"] as Json[];
  expect(secret?.["keyId"]).toMatch(/^[0-9a-f-]{36}$/);
  expect(secret?.["startDateTime"]).toMatch(/Z$/);
  const [key] = body["keyCredentials"] as Json[];
  expect(key?.["customKeyIdentifier"]).toMatch(/^[0-9A-F]{40}$/);
});

it("finds it in the list by its appId, with what is selected", async () => {
  const tenant = await openRegistered();
  const { body } = await tenant.call(`/applications?$filter=appId eq '${OWN}'&$select=appId,passwordCredentials`);
  expect(valuesOf(body)).toEqual([{ appId: OWN, passwordCredentials: expect.any(Array) as Json[] }]);
  expect(valuesOf((await tenant.call("/applications")).body)).toHaveLength(1);
});

it("knows an application in the tenant that registered it, and in no other", async () => {
  const tenant = await openRegistered();
  const { status, body } = await tenant.call(`/applications(appId='${CLIENT_ID}')`);
  expect([status, errorOf(body)["code"]]).toEqual([404, "Request_ResourceNotFound"]);
  expect(valuesOf((await tenant.call(`/applications?$filter=appId eq '${CLIENT_ID}'`)).body)).toEqual([]);
  const other = await openTenant({ seed: 8 }, tenant.sandbox);
  expect((await other.call(`/applications(appId='${OWN}')`)).status).toBe(404);
});

it("refuses an application without the permission, and queries that it does not know", async () => {
  const tenant = await openRegistered({ roles: ["User.Read.All"] });
  const { status, body } = await tenant.call(`/applications(appId='${OWN}')`);
  expect([status, errorOf(body)["code"]]).toEqual([403, "Authorization_RequestDenied"]);
  expect((await tenant.call("/applications")).status).toBe(403);
  await tenant.sandbox.control(`/tenant/${tenant.tenantId}`, { roles: ["Application.Read.All"] }, "PATCH");
  await tenant.renew();
  expect((await tenant.call(`/applications(appId='${OWN}')`)).status).toBe(200);
  expect((await tenant.call("/applications?$filter=displayName eq 'Own'")).status).toBe(400);
  expect((await tenant.call("/applications?$select=secret")).status).toBe(400);
});

it("tells the products of a tenant, and how many users hold each", async () => {
  const tenant = await openTenant({ users: 120 });
  const skus = valuesOf((await tenant.call("/subscribedSkus")).body);
  const held = (await tenant.truth("users")).flatMap((user) => (user["assignedLicenses"] ?? []) as { skuId: string }[]);
  expect(skus).toHaveLength(5);
  for (const sku of skus) {
    const count = held.filter(({ skuId }) => skuId === sku["skuId"]).length;
    expect(sku).toMatchObject({
      capabilityStatus: "Enabled",
      consumedUnits: count,
      prepaidUnits: { suspended: 0, warning: 0 },
    });
    expect((sku["prepaidUnits"] as { enabled: number }).enabled).toBeGreaterThan(count);
  }
  expect(skus.map(({ skuPartNumber }) => skuPartNumber)).toContain("SPE_E3");
  const known = new Set(skus.map(({ skuId }) => skuId));
  expect(held.every(({ skuId }) => known.has(skuId))).toBe(true);
});

it("counts a licence no more when its user is deleted", async () => {
  const tenant = await openTenant({ users: 60 });
  const licensed = (await tenant.truth("users")).find(
    (user) => ((user["assignedLicenses"] ?? []) as Json[]).length === 1,
  );
  const [licence] = (licensed?.["assignedLicenses"] ?? []) as Json[];
  const units = async () =>
    Number(
      valuesOf((await tenant.call("/subscribedSkus")).body).find((sku) => sku["skuId"] === licence?.["skuId"])?.[
        "consumedUnits"
      ],
    );
  const before = await units();
  await tenant.change({ op: "delete_user", id: licensed?.["id"] });
  expect(await units()).toBe(before - 1);
});

it("tells no plan that the tenant has not", async () => {
  const plans = async (licences: Json) => {
    const skus = valuesOf((await (await openTenant({ licences })).call("/subscribedSkus?$select=servicePlans")).body);
    return new Set(skus.flatMap((sku) => (sku["servicePlans"] as Json[]).map((plan) => plan["servicePlanName"])));
  };
  const all = await plans({});
  expect([...all]).toEqual(expect.arrayContaining(["AAD_PREMIUM", "AAD_PREMIUM_P2", "INTUNE_A"]));
  const few = await plans({ entra: "p1", intune: false });
  expect([few.has("AAD_PREMIUM"), few.has("AAD_PREMIUM_P2"), few.has("INTUNE_A")]).toEqual([true, false, false]);
});

it.each([
  [["Organization.Read.All"], 200],
  [["Directory.Read.All"], 200],
  [["LicenseAssignment.Read.All"], 200],
  [["User.Read.All"], 403],
])("answers /subscribedSkus to an application with %s by %i", async (roles, status) => {
  const tenant = await openTenant({ roles });
  expect((await tenant.call("/subscribedSkus")).status).toBe(status);
});

it("answers both in a batch", async () => {
  const tenant = await openRegistered();
  const answers = await batchOf(tenant, [`/applications(appId='${OWN}')`, "/subscribedSkus"]);
  expect(answers).toMatchObject([
    { status: 200, body: { appId: OWN } },
    { status: 200, body: { value: [{}, {}, {}, {}, {}] } },
  ]);
});
