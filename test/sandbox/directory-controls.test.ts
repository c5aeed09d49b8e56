import { expect, it } from "vitest";
import { GRAPH, openSandbox, valuesOf, type Json } from "./driver.ts";
import { openTenant } from "./directory/tenant-driver.ts";

it("makes a tenant that client credentials work in at once, by id and by domain", async () => {
  const sandbox = openSandbox();
  const made = await sandbox.control("/tenant", { users: 3, groups: 1, devices: 2, seed: 42 });
  expect(made).toEqual({
    tenant_id: made["tenant_id"],
    domain: "tenant-42.example",
    users: 3,
    groups: 1,
    devices: 2,
    seed: 42,
  });
  for (const segment of [made["tenant_id"], "tenant-42.example", "tenant-42.onmicrosoft.com"]) {
    const form = { grant_type: "client_credentials", scope: `${GRAPH}/.default` };
    const { status, body } = await sandbox.token(form, String(segment));
    expect(status).toBe(200);
    expect(valuesOf((await sandbox.graph(String(body["access_token"]), "/users")).body)).toHaveLength(3);
  }
});

it("makes the same tenant from the same seed, and another from another", async () => {
  const [one, same, other] = await Promise.all(
    [3, 3, 4].map((seed) => openTenant({ seed, tenant_id: crypto.randomUUID() })),
  );
  const ids = async (tenant: typeof one) => (await tenant?.truth("users"))?.map(({ id }) => id);
  expect(await ids(same)).toEqual(await ids(one));
  expect(await ids(other)).not.toEqual(await ids(one));
});

it("forgets a tenant's changes when it is made again", async () => {
  const tenant = await openTenant();
  const names = async () => (await tenant.truth("users")).map(({ id, displayName }) => [id, displayName]);
  const before = await names();
  const [one, two] = before.map(([id]) => id);
  await tenant.change(
    { op: "add_user" },
    { op: "rename_user", id: one, name: "Other" },
    { op: "delete_user", id: two },
  );
  const { link } = await tenant.walk("/users/delta");
  await openTenant({}, tenant.sandbox);
  expect(await names()).toEqual(before);
  expect((await tenant.walk(link)).entries).toEqual([]);
});

it("leaves the people of other tenants and their requests as they are", async () => {
  const tenant = await openTenant();
  const { access_token: token } = await tenant.sandbox.signIn("ana");
  expect((await tenant.sandbox.graph(token, "/users/ana@contoso.example")).status).toBe(200);
  expect((await tenant.sandbox.graph(token, "/users/delta")).status).toBe(404);
  expect((await tenant.sandbox.graph(token, "/groups")).status).toBe(400);
});

it.each<[string, Json]>([
  ["changes.0.op", { op: "explode" }],
  ["changes.0.id", { op: "delete_user", id: "not-an-id" }],
  ["changes.0.id", { op: "delete_user", id: "11111111-2222-4333-8444-555555555555" }],
  ["changes.0.name", { op: "rename_user", id: "11111111-2222-4333-8444-555555555555" }],
  ["changes.0.fields", { op: "add_user", fields: { shoeSize: 3 } }],
  ["changes.0.fields.accountEnabled", { op: "add_user", fields: { accountEnabled: "yes" } }],
  [
    "changes.0.group",
    { op: "add_member", group: "11111111-2222-4333-8444-555555555555", member: "11111111-2222-4333-8444-555555555555" },
  ],
])("answers 400 that names %s", async (path, change) => {
  const tenant = await openTenant();
  const url = `https://login.microsoftonline.com/_sandbox/tenant/${tenant.tenantId}/changes`;
  const answer = await tenant.sandbox.fetch(url, { method: "POST", body: JSON.stringify({ changes: [change] }) });
  expect(answer.status).toBe(400);
  const { error } = await answer.json<{ error: string }>();
  const issues = JSON.parse(error) as { path: unknown[] }[];
  expect(issues.map((issue) => issue.path.join("."))).toContain(path);
});

it.each<[string, string, Json]>([
  ["users", "/tenant", { users: -1, groups: 0, devices: 0, seed: 1 }],
  ["seed", "/tenant", { users: 1, groups: 0, devices: 0 }],
  ["steps", "/tenant/ID/change-script", { seed: 1 }],
  ["links", "/tenant/ID/delta/expire", { links: "some" }],
])("answers 400 that names %s to %s", async (field, path, body) => {
  const tenant = await openTenant();
  const { error } = await tenant.sandbox.control(path.replace("ID", tenant.tenantId), body);
  expect(String(error)).toContain(`"${field}"`);
});

it("applies the same script in the same way, every kind of change in it", async () => {
  const script = { seed: 5, steps: 600 };
  const [one, same] = await Promise.all([openTenant({ groups: 20 }), openTenant({ groups: 20 })]);
  const [first, second] = await Promise.all(
    [one, same].map(({ sandbox, tenantId }) => sandbox.control(`/tenant/${tenantId}/change-script`, script)),
  );
  expect(second?.["applied"]).toEqual(first?.["applied"]);
  expect(await same.truth("members")).toEqual(await one.truth("members"));
  const kinds = Object.keys(first?.["applied"] as Json);
  expect(kinds).toEqual(expect.arrayContaining(OPS));
});

it("puts groups into each other by script", async () => {
  const tenant = await openTenant({ groups: 2, memberships: 0 });
  const nested = async () => (await tenant.truth("members")).filter(({ type }) => type === "group");
  expect(await nested()).toEqual([]);
  let most = 0;
  for (let seed = 0; seed < 60 && most < 2; seed++) {
    await tenant.sandbox.control(`/tenant/${tenant.tenantId}/change-script`, { seed, steps: 4 });
    const pairs = (await nested()).map(({ group, member }) => [group, member]);
    most = Math.max(
      most,
      pairs.filter(([group, member]) => pairs.some(([a, b]) => a === member && b === group)).length,
    );
  }
  expect(most).toBeGreaterThanOrEqual(2);
});

it("follows what a change does to a user's manager, group and sign-in", async () => {
  const tenant = await openTenant();
  const [boss, user] = (await tenant.truth("users")).map(({ id }) => String(id));
  const at = "2026-11-01T10:00:00Z";
  await tenant.change(
    { op: "move_user", id: user, department: "Labs", manager: boss },
    { op: "disable_user", id: user },
  );
  await tenant.change({ op: "sign_in", user: boss, at, error_code: 50126 });
  const byId = new Map((await tenant.truth("users")).map((one) => [one["id"], one]));
  expect(byId.get(user)).toMatchObject({ manager: boss, department: "Labs", accountEnabled: false });
  expect(byId.get(boss)).toMatchObject({ signInActivity: { lastSignInDateTime: at } });
  await tenant.change({ op: "delete_user", id: boss });
  expect((await tenant.truth("users")).find(({ id }) => id === user)?.["manager"]).toBeNull();
  await tenant.change({ op: "restore_user", id: boss });
  expect((await tenant.truth("users")).find(({ id }) => id === user)?.["manager"]).toBe(boss);
});

it("restores Microsoft 365 groups alone: other groups and devices are deleted for good", async () => {
  const tenant = await openTenant({ groups: 12 });
  const groups = await tenant.truth("groups");
  const unified = groups.find(({ groupTypes }) => (groupTypes as string[]).includes("Unified"))?.["id"];
  const security = groups.find(({ groupTypes }) => !(groupTypes as string[]).includes("Unified"))?.["id"];
  const [device] = await tenant.truth("devices");
  const devices = await tenant.walk("/devices/delta?$select=displayName");
  await tenant.change({ op: "delete_device", id: device?.["id"] });
  expect((await tenant.walk(devices.link)).entries).toEqual([
    { id: device?.["id"], "@removed": { reason: "deleted" } },
  ]);
  const { link } = await tenant.walk("/groups/delta?$select=displayName");
  await tenant.change({ op: "delete_group", id: unified }, { op: "delete_group", id: security });
  expect((await tenant.walk(link)).entries).toEqual([
    { id: unified, "@removed": { reason: "changed" } },
    { id: security, "@removed": { reason: "deleted" } },
  ]);
  await tenant.change({ op: "restore_group", id: unified });
  await expect(tenant.change({ op: "restore_group", id: security })).rejects.toThrow("can be restored");
});

it("makes people as people are", async () => {
  const tenant = await openTenant({ users: 2000 });
  const users = await tenant.truth("users");
  const some = (test: (user: Json) => boolean) => users.filter(test).length;
  const text = (user: Json, name: string) => String(user[name]);
  expect(some((user) => text(user, "userPrincipalName").includes("#EXT#"))).toBeGreaterThan(80);
  for (const mark of ['"', ",", "ü", "'"])
    expect(some((user) => text(user, "displayName").includes(mark))).toBeGreaterThan(0);
  for (const first of ["=", "+"])
    expect(some((user) => text(user, "displayName").startsWith(first))).toBeGreaterThan(0);
  expect(some(({ accountEnabled }) => accountEnabled === false)).toBeGreaterThan(50);
  expect(some(({ mail }) => mail === undefined)).toBeGreaterThan(50);
  expect(some(({ onPremisesSyncEnabled }) => onPremisesSyncEnabled === true)).toBeGreaterThan(200);
  expect(some(({ department }) => department === undefined)).toBeGreaterThan(50);
  expect(some(({ assignedLicenses }) => (assignedLicenses as unknown[]).length > 1)).toBeGreaterThan(100);
  expect(some(({ manager }) => manager !== null)).toBeGreaterThan(1500);
  expect(new Set(users.map(({ userPrincipalName }) => userPrincipalName)).size).toBe(2000);
});

const OPS = `add_user update_user rename_user move_user disable_user enable_user delete_user restore_user purge_user
  add_group update_group delete_group restore_group purge_group add_member remove_member add_owner remove_owner
  add_device update_device delete_device enroll update_managed retire sign_in audit alert`.split(/\s+/);
