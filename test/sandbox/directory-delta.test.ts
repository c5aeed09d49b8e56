import { expect, it } from "vitest";
import { valuesOf, type Json } from "./driver.ts";
import { merged, openTenant } from "./directory/tenant-driver.ts";

const SELECT = "$select=id,displayName,department,accountEnabled,mobilePhone";

it("gives every user of a tenant in pages, and then nothing until something changes", async () => {
  const tenant = await openTenant({ users: 250 });
  const { entries, pages, link } = await tenant.walk(`/users/delta?${SELECT}`);
  expect(pages).toHaveLength(3);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(250);
  expect(String(pages[0]?.["@odata.context"])).toMatch(/\$metadata#users\(id,displayName/);
  const next = await tenant.walk(link);
  expect(next.entries).toEqual([]);
  expect(next.link).toContain("/v1.0/users/delta?$deltatoken=");
});

it("answers the default properties without a select, and groups with their members", async () => {
  const tenant = await openTenant();
  const { entries: users } = await tenant.walk("/users/delta");
  expect(users.every((user) => !("accountEnabled" in user) && "userPrincipalName" in user)).toBe(true);
  const { entries: groups } = await tenant.walk("/groups/delta");
  expect(groups.some((group) => "members@delta" in group)).toBe(true);
  expect(groups.every((group) => "securityEnabled" in group && !("owners@delta" in group))).toBe(true);
  const { entries: devices } = await tenant.walk("/devices/delta");
  expect(devices).toHaveLength(5);
  expect(devices[0]).toHaveProperty("deviceId");
});

it("leaves out what was never set, and gives null for what was cleared", async () => {
  const tenant = await openTenant();
  const { entries, link } = await tenant.walk(`/users/delta?${SELECT}`);
  const bare = entries.find((user) => !("mobilePhone" in user));
  const full = entries.find((user) => "mobilePhone" in user);
  await tenant.change({ op: "update_user", id: full?.["id"], fields: { mobilePhone: null } });
  await tenant.change({ op: "rename_user", id: bare?.["id"], name: "Zoë" });
  const next = merged((await tenant.walk(link)).entries);
  expect(next.get(String(full?.["id"]))?.["mobilePhone"]).toBeNull();
  expect(next.get(String(bare?.["id"]))).toMatchObject({ displayName: "Zoë" });
  expect(next.get(String(bare?.["id"]))).not.toHaveProperty("mobilePhone");
});

it("gives changed properties alone for return=minimal, and nothing for a change that was not selected", async () => {
  const tenant = await openTenant();
  const { entries, link } = await tenant.walk(`/users/delta?${SELECT}`);
  const [first, second] = entries.map(({ id }) => id);
  await tenant.change(
    { op: "rename_user", id: first, name: "Renamed" },
    { op: "update_user", id: second, fields: { city: "Bari" } },
  );
  const whole = await tenant.call(link);
  expect(valuesOf(whole.body)).toHaveLength(1);
  expect(valuesOf(whole.body)[0]).toHaveProperty("accountEnabled");
  const minimal = await tenant.call(link, { Prefer: "return=minimal" });
  expect(valuesOf(minimal.body)).toEqual([{ id: first, displayName: "Renamed" }]);
  expect(minimal.headers.get("Preference-Applied")).toBe("return=minimal");
});

it("starts from now with $deltatoken=latest", async () => {
  const tenant = await openTenant();
  const { entries, link } = await tenant.walk(`/users/delta?$select=displayName&$deltatoken=latest`);
  expect(entries).toEqual([]);
  const [id] = await tenant.change({ op: "add_user", fields: { displayName: "New" } });
  expect((await tenant.walk(link)).entries).toEqual([{ id, displayName: "New" }]);
});

it.each([
  ["$expand", "/users/delta?$expand=manager"],
  ["$top", "/users/delta?$top=5"],
  ["$orderby", "/groups/delta?$orderby=displayName"],
  ["$search", '/devices/delta?$search="displayName:a"'],
  ["a filter on something else than ids", "/users/delta?$filter=accountEnabled eq true"],
  ["a property that is not there", "/users/delta?$select=shoeSize"],
  ["a link of groups in users", "/users/delta?$select=members"],
  ["a token that is none", "/users/delta?$deltatoken=nonsense"],
  ["a page token that is none", "/users/delta?$skiptoken=nonsense"],
])("refuses %s", async (_, path) => {
  const tenant = await openTenant();
  expect((await tenant.call(path)).status).toBe(400);
});

it("refuses to track sign-in activity in the words of Graph", async () => {
  const tenant = await openTenant();
  const { status, body } = await tenant.call("/users/delta?$select=id,signInActivity");
  const message =
    "Invalid request for delta query: for this entity set, $expand/$select is not supported for the following properties: signInActivity";
  expect([status, body]).toMatchObject([400, { error: { code: "BadRequest", message } }]);
});

it("bakes select and filter into its links, and refuses them beside a token", async () => {
  const tenant = await openTenant();
  const { link } = await tenant.walk("/users/delta?$select=displayName");
  expect((await tenant.call(`${link}&$select=id`)).status).toBe(400);
  const first = await tenant.call("/users/delta?$select=displayName");
  expect(valuesOf(first.body).map((user) => Object.keys(user))[0]).toEqual(["id", "displayName"]);
});

it("tracks the ids of a filter alone, fifty of them at most", async () => {
  const tenant = await openTenant();
  const { entries } = await tenant.walk("/users/delta?$select=displayName");
  const [one, two, three] = entries.map(({ id }) => String(id));
  const filter = (ids: unknown[]) =>
    `/users/delta?$select=displayName&$filter=${ids.map((id) => `id eq '${String(id)}'`).join(" or ")}`;
  const chosen = await tenant.walk(filter([one, two]));
  expect(new Set(chosen.entries.map(({ id }) => id))).toEqual(new Set([one, two]));
  await tenant.change({ op: "rename_user", id: one, name: "In" }, { op: "rename_user", id: three, name: "Out" });
  expect((await tenant.walk(chosen.link)).entries).toEqual([{ id: one, displayName: "In" }]);
  expect((await tenant.call(filter(Array.from({ length: 50 }, () => one).map((id, at) => `${id}${at}`)))).status).toBe(
    200,
  );
  expect((await tenant.call(filter(Array.from({ length: 51 }, (_, at) => `id${at}`)))).status).toBe(400);
});

it("reports a soft deletion as changed, a permanent one as a second tombstone, and a restored user as a user", async () => {
  const tenant = await openTenant();
  const { entries, link } = await tenant.walk("/users/delta?$select=displayName");
  const id = entries[3]?.["id"];
  await tenant.change({ op: "delete_user", id });
  const soft = await tenant.walk(link);
  expect(soft.entries).toEqual([{ id, "@removed": { reason: "changed" } }]);
  await tenant.change({ op: "restore_user", id });
  const back = await tenant.walk(soft.link);
  expect(back.entries).toEqual([{ id, displayName: entries[3]?.["displayName"] }]);
  await tenant.change({ op: "delete_user", id });
  const again = await tenant.walk(back.link);
  await tenant.change({ op: "purge_user", id });
  const hard = await tenant.walk(again.link);
  expect(hard.entries).toEqual([{ id, "@removed": { reason: "deleted" } }]);
  await expect(tenant.change({ op: "restore_user", id })).rejects.toThrow("changes");
});

it("tells the manager as a link of one, and its removal", async () => {
  const tenant = await openTenant();
  const { entries, link } = await tenant.walk("/users/delta?$select=displayName,manager");
  const managed = entries.filter((user) => "manager@delta" in user);
  expect(managed.length).toBeGreaterThan(15);
  const [one] = managed;
  const [before] = (one?.["manager@delta"] ?? []) as Json[];
  expect(before).toEqual({ "@odata.type": "#microsoft.graph.user", id: before?.["id"] });
  await tenant.change({ op: "move_user", id: one?.["id"], manager: null });
  const removed = { ...before, "@removed": { reason: "deleted" } };
  expect((await tenant.walk(link)).entries).toMatchObject([{ id: one?.["id"], "manager@delta": [removed] }]);
  const without = await tenant.walk("/users/delta?$select=displayName");
  await tenant.change({ op: "move_user", id: one?.["id"], manager: before?.["id"] });
  expect((await tenant.walk(without.link)).entries).toEqual([]);
});
