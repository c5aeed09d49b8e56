import { expect, it } from "vitest";
import { CLIENT_ID } from "./defaults.ts";
import { openSandbox, type Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";
import { batchOf } from "./directory/workload-routes-driver.ts";

/** A tenant whose limits are so small a part of the provider's. */
async function openThrottled(scale: number, change: Json = {}): Promise<TenantDriver> {
  const sandbox = openSandbox();
  await sandbox.control("/settings", { directory_throttle: true, directory_throttle_scale: scale });
  return openTenant({ users: 10, groups: 2, devices: 2, ...change }, sandbox);
}

async function statuses(tenant: TenantDriver, path: string, times: number): Promise<number[]> {
  const found: number[] = [];
  for (let at = 0; at < times; at++) found.push((await tenant.call(path)).status);
  return found;
}

it("says what every answer of the directory cost", async () => {
  const tenant = await openTenant();
  const group = String((await tenant.truth("groups"))[0]?.["id"]);
  const user = String((await tenant.truth("users"))[0]?.["id"]);
  const costs: [string, number][] = [
    ["/users", 2],
    ["/users?$select=id", 1],
    ["/users?$top=5", 1],
    ["/users?$top=20", 2],
    [`/users/${user}`, 1],
    [`/users/${user}?$expand=manager($select=id)`, 2],
    ["/users/delta", 1],
    ["/groups", 1],
    [`/groups/${group}/members`, 3],
    [`/groups/${group}/members?$select=id&$top=5`, 1],
    [`/groups/${group}/transitiveMembers`, 5],
    ["/devices", 1],
    ["/organization", 1],
    ["/subscribedSkus", 3],
    ["/applications", 2],
    ["/nothing-of-the-kind", 0],
    ["/deviceManagement/managedDevices", 0],
  ];
  for (const [path, units] of costs) {
    const { headers } = await tenant.call(path);
    expect([path, Number(headers.get("x-ms-resource-unit"))]).toEqual([path, units]);
  }
});

it("throttles nobody unless the knob says so", async () => {
  const tenant = await openTenant();
  await tenant.sandbox.control("/settings", { directory_throttle_scale: 0.001 });
  expect(new Set(await statuses(tenant, "/auditLogs/signIns?$top=1", 8))).toEqual(new Set([200]));
  expect(new Set(await statuses(tenant, "/users", 8))).toEqual(new Set([200]));
});

it.each([
  [49, 3_500],
  [50, 5_000],
  [500, 5_000],
  [501, 8_000],
])("lets a tenant of %i users spend %i units in ten seconds", async (users, limit) => {
  const tenant = await openThrottled(100 / limit, { users });
  // The clock goes on while requests are made: what is refilled meanwhile is a few units of a hundred at most.
  const answers = await statuses(tenant, "/users?$top=20", 50);
  expect(answers.filter((status) => status === 200)).toHaveLength(50);
  const after = await statuses(tenant, "/users?$top=20", 30);
  expect(after).toContain(429);
});

it("refuses with all that Graph says of it, and fills up again by the clock", async () => {
  const tenant = await openThrottled(20 / 3_500);
  const answers: Awaited<ReturnType<TenantDriver["call"]>>[] = [];
  while (answers.at(-1)?.status !== 429 && answers.length < 50) answers.push(await tenant.call("/groups"));
  const shares = answers.map(({ headers }) => headers.get("x-ms-throttle-limit-percentage"));
  expect(shares[0]).toBeNull();
  expect(shares.filter((share) => share !== null).length).toBeGreaterThan(2);
  expect(shares.every((share) => share === null || (Number(share) >= 0.8 && Number(share) <= 1.8))).toBe(true);
  const refused = answers.at(-1);
  expect(refused?.body["error"]).toMatchObject({
    code: "TooManyRequests",
    message: "Please retry again later.",
    innerError: { code: "429", status: "429", message: "Please retry after" },
  });
  expect(refused?.headers.get("x-ms-resource-unit")).toBe("1");
  expect(refused?.headers.get("x-ms-throttle-scope")).toBe(
    `Tenant_Application/ReadWrite/${CLIENT_ID}/${tenant.tenantId}`,
  );
  expect(refused?.headers.get("x-ms-throttle-information")).toBe("ResourceUnitLimitExceeded");
  const wait = Number(refused?.headers.get("Retry-After"));
  expect(Number.isInteger(wait) && wait >= 1).toBe(true);
  await tenant.sandbox.control("/clock", { advance_ms: wait * 1000 });
  expect((await tenant.call("/groups")).status).toBe(200);
});

it("counts what it refuses: calling on makes the wait longer", async () => {
  const tenant = await openThrottled(10 / 3_500);
  await statuses(tenant, "/users?$top=20", 6);
  const first = await tenant.call("/users?$top=20");
  await statuses(tenant, "/users?$top=20", 3);
  const later = await tenant.call("/users?$top=20");
  expect([first.status, later.status]).toEqual([429, 429]);
  expect(Number(later.headers.get("Retry-After"))).toBeGreaterThan(Number(first.headers.get("Retry-After")));
});

it("lets five requests for logs through in any ten seconds, of both logs together", async () => {
  const tenant = await openThrottled(1);
  expect(await statuses(tenant, "/auditLogs/signIns?$top=1", 3)).toEqual([200, 200, 200]);
  expect(await statuses(tenant, "/auditLogs/directoryAudits?$top=1", 2)).toEqual([200, 200]);
  const refused = await tenant.call("/auditLogs/signIns?$top=1");
  expect(refused.status).toBe(429);
  expect(refused.headers.get("Retry-After")).toBe("10");
  expect(refused.headers.has("x-ms-resource-unit")).toBe(false);
  expect(refused.headers.has("x-ms-throttle-scope")).toBe(false);
  // The others go on.
  expect((await tenant.call("/security/alerts_v2?$top=1")).status).toBe(200);
  expect((await tenant.call("/users")).status).toBe(200);
  await tenant.sandbox.control("/clock", { advance_ms: 10_000 });
  expect(await statuses(tenant, "/auditLogs/signIns?$top=1", 4)).toEqual([200, 200, 200, 200]);
});

it.each([
  ["/deviceManagement/managedDevices?$top=1", 10 / 2_000, 10, 20],
  ["/security/alerts_v2?$top=1", 10 / 150, 10, 60],
])("limits %s by its own window", async (path, scale, requests, seconds) => {
  const tenant = await openThrottled(scale);
  expect(await statuses(tenant, path, requests + 1)).toEqual([...Array.from({ length: requests }, () => 200), 429]);
  const refused = await tenant.call(path);
  expect(refused.headers.get("Retry-After")).toBe(String(seconds));
  await tenant.sandbox.control("/clock", { advance_ms: (seconds - 2) * 1000 });
  expect((await tenant.call(path)).status).toBe(429);
  await tenant.sandbox.control("/clock", { advance_ms: seconds * 1000 });
  expect((await tenant.call(path)).status).toBe(200);
});

it("counts a refused request for logs too: who calls on is let in later", async () => {
  const tenant = await openThrottled(1);
  await statuses(tenant, "/auditLogs/signIns?$top=1", 5);
  await tenant.sandbox.control("/clock", { advance_ms: 9_000 });
  expect(await statuses(tenant, "/auditLogs/signIns?$top=1", 5)).toEqual([429, 429, 429, 429, 429]);
  await tenant.sandbox.control("/clock", { advance_ms: 5_000 });
  expect((await tenant.call("/auditLogs/signIns?$top=1")).status).toBe(429);
});

it("saves up no more than one filling, however long nobody calls", async () => {
  const tenant = await openThrottled(20 / 3_500);
  await tenant.call("/users?$top=20");
  await tenant.sandbox.control("/clock", { advance_ms: 30 * 60_000 });
  expect(await statuses(tenant, "/users?$top=20", 15)).toContain(429);
});

it("counts every tenant on its own", async () => {
  const tenant = await openThrottled(1);
  const other = await openTenant({ seed: 8 }, tenant.sandbox);
  expect(await statuses(tenant, "/auditLogs/signIns?$top=1", 6)).toContain(429);
  expect(await statuses(other, "/auditLogs/signIns?$top=1", 5)).not.toContain(429);
});

it("throttles each request of a batch, and answers the batch all the same", async () => {
  const tenant = await openThrottled(1);
  const answers = await batchOf(
    tenant,
    Array.from({ length: 7 }, () => "/auditLogs/signIns?$top=1"),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200, 429, 429]);
  expect(answers[6]?.headers["Retry-After"]).toBe("10");
  const [user] = await batchOf(tenant, ["/users"]);
  expect(user?.headers["x-ms-resource-unit"]).toBe("2");
});
