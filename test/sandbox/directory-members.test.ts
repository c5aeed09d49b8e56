import { expect, it } from "vitest";
import { valuesOf, type Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";

const EVENTUAL = { ConsistencyLevel: "eventual" };

async function groupNamed(tenant: TenantDriver, test: (group: Json) => boolean): Promise<string> {
  const found = (await tenant.truth("groups")).find(test);
  if (found === undefined) throw new Error("no such group");
  return String(found["id"]);
}

const emptyGroup = async (tenant: TenantDriver) => String((await tenant.change({ op: "add_group" }))[0]);

it("lists members of every type with their type, in pages", async () => {
  const tenant = await openTenant({ users: 300, memberships: 200 });
  const group = await emptyGroup(tenant);
  const [users, groups, devices] = await Promise.all(["users", "groups", "devices"].map((kind) => tenant.truth(kind)));
  const members = [...(users ?? []).slice(0, 5), ...(groups ?? []).slice(0, 2), ...(devices ?? []).slice(0, 1)];
  await tenant.change(...members.map(({ id }) => ({ op: "add_member", group, member: id })));
  const { entries, pages } = await tenant.walk(`/groups/${group}/members?$select=id,displayName&$top=3`);
  expect(pages).toHaveLength(3);
  expect(new Set(entries.map(({ id }) => id))).toEqual(new Set(members.map(({ id }) => id)));
  const types = Map.groupBy(entries, (entry) => String(entry["@odata.type"]));
  expect([...types].map(([type, some]) => [type, some.length])).toEqual(
    expect.arrayContaining([
      ["#microsoft.graph.user", 5],
      ["#microsoft.graph.group", 2],
      ["#microsoft.graph.device", 1],
    ]),
  );
});

it("casts members to one type with $count and ConsistencyLevel: eventual alone", async () => {
  const tenant = await openTenant();
  const group = await emptyGroup(tenant);
  const [user] = await tenant.truth("users");
  const [device] = await tenant.truth("devices");
  await tenant.change(
    { op: "add_member", group, member: user?.["id"] },
    { op: "add_member", group, member: device?.["id"] },
  );
  for (const list of ["members", "transitiveMembers"]) {
    const path = `/groups/${group}/${list}/microsoft.graph.user`;
    expect((await tenant.call(path)).status).toBe(400);
    const { body } = await tenant.call(`${path}?$count=true`, EVENTUAL);
    expect([body["@odata.count"], valuesOf(body).map(({ id }) => id)]).toEqual([1, [user?.["id"]]]);
  }
  expect((await tenant.call(`/groups/${group}/members/$count`, EVENTUAL)).body["text"]).toBe("2");
  expect((await tenant.call(`/groups/${group}/members/$count`)).status).toBe(400);
  expect((await tenant.call(`/groups/${group}/members/microsoft.graph.cat?$count=true`, EVENTUAL)).status).toBe(400);
});

it("walks nested groups once each, circles included", async () => {
  const tenant = await openTenant();
  const [one, two, three] = [await emptyGroup(tenant), await emptyGroup(tenant), await emptyGroup(tenant)];
  const [user, other] = (await tenant.truth("users")).map(({ id }) => id);
  await tenant.change(
    { op: "add_member", group: one, member: two },
    { op: "add_member", group: two, member: three },
    { op: "add_member", group: three, member: one },
    { op: "add_member", group: three, member: user },
    { op: "add_member", group: two, member: user },
    { op: "add_member", group: one, member: other },
  );
  const { entries } = await tenant.walk(`/groups/${one}/transitiveMembers?$top=2`);
  expect(entries).toHaveLength(4);
  expect(new Set(entries.map(({ id }) => id))).toEqual(new Set([two, three, user, other]));
  const direct = await tenant.walk(`/groups/${one}/members`);
  expect(new Set(direct.entries.map(({ id }) => id))).toEqual(new Set([two, other]));
});

it("gives type and id alone of members that the caller may not read", async () => {
  const tenant = await openTenant({ roles: ["GroupMember.Read.All"] });
  const group = await emptyGroup(tenant);
  const [user] = await tenant.truth("users");
  await tenant.change({ op: "add_member", group, member: user?.["id"] });
  expect((await tenant.walk(`/groups/${group}/members`)).entries).toEqual([
    { "@odata.type": "#microsoft.graph.user", id: user?.["id"] },
  ]);
});

it("keeps hidden memberships from callers without Member.Read.Hidden", async () => {
  const size = { groups: 12, memberships: 400 };
  const open = await openTenant(size);
  const [user] = await open.truth("users");
  const group = await groupNamed(open, ({ visibility }) => visibility === "HiddenMembership");
  const paths = [`/groups/${group}/members`, `/groups/${group}/transitiveMembers`];
  const ensure = { op: "add_member", group, member: user?.["id"] };
  await open.change(ensure).catch(() => open.change({ ...ensure, op: "remove_member" }, ensure));
  for (const path of paths) expect((await open.walk(path)).entries.length).toBeGreaterThan(0);
  const told = async ({ walk }: TenantDriver) =>
    (await walk("/groups/delta?$select=members")).entries.filter(
      (entry) => entry["id"] === group && "members@delta" in entry,
    );
  expect(await told(open)).not.toEqual([]);
  await open.sandbox.control(`/tenant/${open.tenantId}`, { roles: ["Directory.Read.All"] }, "PATCH");
  await open.renew();
  for (const path of paths) expect((await open.walk(path)).entries).toEqual([]);
  expect(await told(open)).toEqual([]);
});

it("has no deleted user among the members, and has it again when it is restored", async () => {
  const tenant = await openTenant();
  const [edge] = (await tenant.truth("members")).filter(({ type }) => type === "user");
  const has = async () =>
    (await tenant.walk(`/groups/${String(edge?.["group"])}/members`)).entries.some(({ id }) => id === edge?.["member"]);
  expect(await has()).toBe(true);
  await tenant.change({ op: "delete_user", id: edge?.["member"] });
  expect(await has()).toBe(false);
  await tenant.change({ op: "restore_user", id: edge?.["member"] });
  expect(await has()).toBe(true);
  const groups = await tenant.walk(`/users/${String(edge?.["member"])}/memberOf`);
  expect(groups.entries.map(({ id }) => id)).toContain(edge?.["group"]);
  await tenant.change({ op: "purge_user", id: edge?.["member"] });
  expect(await has()).toBe(false);
});

it("lists owners, and who registered a device", async () => {
  const tenant = await openTenant({ groups: 12 });
  const owners = await tenant.truth("owners");
  const group = String(owners[0]?.["group"]);
  const { entries } = await tenant.walk(`/groups/${group}/owners`);
  const expected = owners.filter((owner) => owner["group"] === group).map(({ member }) => member);
  expect(entries.map(({ id }) => id)).toEqual(expected);
  const registered = await Promise.all(
    (await tenant.truth("devices")).map(({ id }) => tenant.walk(`/devices/${String(id)}/registeredOwners`)),
  );
  expect(registered.flatMap((one) => one.entries)[0]).toMatchObject({ "@odata.type": "#microsoft.graph.user" });
});

it("makes groups of every kind, with sizes that differ as they do", async () => {
  const tenant = await openTenant({ users: 1000, groups: 60, memberships: 3000 });
  const groups = await tenant.truth("groups");
  const kinds = groups.map(({ groupTypes, mailEnabled, securityEnabled }) =>
    JSON.stringify([groupTypes, mailEnabled, securityEnabled]),
  );
  for (const kind of [
    "[[],false,true]",
    '[["Unified"],true,false]',
    "[[],true,false]",
    "[[],true,true]",
    '[["DynamicMembership"],false,true]',
    '[["Unified","DynamicMembership"],true,false]',
  ])
    expect(kinds).toContain(kind);
  expect(groups.some(({ isAssignableToRole }) => isAssignableToRole === true)).toBe(true);
  expect(groups.some(({ onPremisesSyncEnabled }) => onPremisesSyncEnabled === true)).toBe(true);
  const members = await tenant.truth("members");
  const sizes = [...Map.groupBy(members, ({ group }) => group).values()].map(({ length }) => length);
  expect(Math.max(...sizes)).toBeGreaterThanOrEqual(200);
  expect(sizes.length).toBeLessThan(60);
  expect(members.length).toBeGreaterThan(2000);
  expect(members.length).toBeLessThan(4000);
  expect(new Set(members.map(({ group, member }) => `${String(group)} ${String(member)}`)).size).toBe(members.length);
  expect(new Set(members.map(({ type }) => type)).size).toBeGreaterThanOrEqual(4);
  const nested = new Set(
    members.filter(({ type }) => type === "group").map(({ group, member }) => `${String(group)} ${String(member)}`),
  );
  expect([...nested].some((pair) => nested.has(pair.split(" ").toReversed().join(" ")))).toBe(true);
});
