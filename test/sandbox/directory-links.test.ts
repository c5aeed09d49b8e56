import { expect, it } from "vitest";
import { errorOf, valuesOf, type Json } from "./driver.ts";
import { merged, openTenant, type TenantDriver } from "./directory/tenant-driver.ts";

const WEEK_MS = 7 * 86_400_000;

const expire = ({ sandbox, tenantId }: TenantDriver, body: Json = {}) =>
  sandbox.control(`/tenant/${tenantId}/delta/expire`, body);
const set = ({ sandbox }: TenantDriver, settings: Json) => sandbox.control("/settings", settings);

it.each([
  ["location", 410, "syncStateNotFound"],
  ["sync_state_not_found", 410, "SyncStateNotFound"],
  ["resync_required", 410, "resyncRequired"],
  ["bad_token", 400, "BadRequest"],
  ["40x", 400, "syncStateNotFound"],
])("answers a link that is too old in the form %s", async (form, status, code) => {
  const tenant = await openTenant();
  await set(tenant, { directory_gone_form: form });
  const { link } = await tenant.walk("/users/delta?$select=displayName");
  await expire(tenant);
  const answer = await tenant.call(link);
  expect([answer.status, errorOf(answer.body)["code"]]).toEqual([status, code]);
  expect(answer.headers.has("Location")).toBe(form === "location");
});

it("names in Location the URL that starts again", async () => {
  const tenant = await openTenant();
  const { link } = await tenant.walk("/users/delta?$select=displayName");
  await expire(tenant);
  const location = String((await tenant.call(link)).headers.get("Location"));
  expect(location).toMatch(/\/v1\.0\/users\/delta\?\$select=displayName&\$deltatoken=$/);
  expect((await tenant.walk(location)).entries).toHaveLength(30);
});

it("lets links die after seven days", async () => {
  const tenant = await openTenant({ users: 150 });
  const { link } = await tenant.walk("/devices/delta");
  const list = String((await tenant.call("/users")).body["@odata.nextLink"]);
  const page = String((await tenant.call("/users/delta")).body["@odata.nextLink"]);
  await tenant.sandbox.control("/clock", { advance_ms: WEEK_MS - 60_000 });
  await tenant.renew();
  for (const known of [link, list, page]) expect((await tenant.call(known)).status).toBe(200);
  await tenant.sandbox.control("/clock", { advance_ms: 120_000 });
  for (const known of [link, page]) expect((await tenant.call(known)).status).toBe(410);
  const { status, body } = await tenant.call(list);
  expect([status, errorOf(body)["code"]]).toEqual([400, "Directory_ExpiredPageToken"]);
});

it("expires the links of one resource and of one kind alone", async () => {
  const tenant = await openTenant({ users: 150 });
  const [users, groups] = [(await tenant.walk("/users/delta")).link, (await tenant.walk("/groups/delta")).link];
  const page = String((await tenant.call("/users")).body["@odata.nextLink"]);
  await expire(tenant, { resource: "users", links: "delta" });
  expect([(await tenant.call(users)).status, (await tenant.call(groups)).status]).toEqual([410, 200]);
  expect((await tenant.call(page)).status).toBe(200);
  await expire(tenant, { links: "next" });
  expect((await tenant.call(page)).status).toBe(400);
  expect((await tenant.call((await tenant.walk("/users/delta")).link)).status).toBe(200);
});

it("refuses the links of another tenant and of another resource", async () => {
  const tenant = await openTenant();
  const other = await openTenant({ seed: 8 }, tenant.sandbox);
  const { link } = await other.walk("/users/delta");
  expect((await tenant.call(link)).status).toBe(400);
  expect((await other.call(link.replace("/users/", "/groups/"))).status).toBe(400);
});

it("spreads a big group over consecutive pages, with its properties on each", async () => {
  const tenant = await openTenant({ users: 200, groups: 2, memberships: 120 });
  await set(tenant, { directory_member_slice: 7 });
  const { entries, pages } = await tenant.walk("/groups/delta?$select=displayName,members");
  const big = entries.filter(({ id }) => id === entries[0]?.["id"]);
  expect(big.length).toBeGreaterThan(4);
  expect(new Set(big.map(({ displayName }) => displayName)).size).toBe(1);
  const slices = pages.map((page) => valuesOf(page).flatMap((group) => (group["members@delta"] ?? []) as Json[]));
  expect(Math.max(...slices.map(({ length }) => length))).toBe(7);
  const all = slices.flat().map(({ id }) => id);
  expect(all).toHaveLength((await tenant.truth("members")).length);
  const whole = merged(big).get(String(big[0]?.["id"])) ?? {};
  expect(new Set((whole["members@delta"] as Json[]).map(({ id }) => id)).size).toBe(40);
});

it("repeats objects in a round and in the next, comes unsorted, and has empty pages, when the knobs say so", async () => {
  const tenant = await openTenant({ users: 50 });
  const plain = await tenant.walk("/users/delta?$select=displayName");
  await set(tenant, { directory_replays: 5, directory_page_size: 10 });
  const replayed = await tenant.walk("/users/delta?$select=displayName");
  expect(replayed.entries).toHaveLength(60);
  expect(new Set(replayed.entries.map(({ id }) => id)).size).toBe(50);
  const again = await tenant.walk(replayed.link);
  expect(again.entries).toHaveLength(10);
  await set(tenant, { directory_replays: 0, directory_empty_pages: 3 });
  const holed = await tenant.walk("/users/delta?$select=displayName");
  expect(holed.pages.map((page) => valuesOf(page).length)).toEqual([10, 10, 0, 10, 10, 0, 10]);
  await set(tenant, { directory_empty_pages: 0, directory_shuffle: true });
  const shuffled = (await tenant.walk("/users/delta?$select=displayName")).entries.map(({ id }) => id);
  expect(shuffled).not.toEqual(plain.entries.map(({ id }) => id));
  expect(new Set(shuffled)).toEqual(new Set(plain.entries.map(({ id }) => id)));
});

it("tells of deletions before a first round only when the knob says so", async () => {
  const tenant = await openTenant();
  const [user] = await tenant.truth("users");
  await tenant.change({ op: "delete_user", id: user?.["id"] });
  const removed = (entries: readonly Json[]) => entries.filter((entry) => "@removed" in entry);
  expect(removed((await tenant.walk("/users/delta")).entries)).toEqual([]);
  await set(tenant, { directory_initial_removed: true });
  expect(removed((await tenant.walk("/users/delta")).entries)).toEqual([
    { id: user?.["id"], "@removed": { reason: "changed" } },
  ]);
});

it("gives the state of when a page is made, and the rest with the link that ends the round", async () => {
  const tenant = await openTenant({ users: 20 });
  await set(tenant, { directory_page_size: 10 });
  const first = (await tenant.call("/users/delta?$select=displayName")).body;
  const seen = String(valuesOf(first)[0]?.["id"]);
  const coming = (await tenant.truth("users"))
    .map(({ id }) => String(id))
    .find((id) => !valuesOf(first).some((user) => user["id"] === id));
  await tenant.change({ op: "rename_user", id: seen, name: "Seen" }, { op: "rename_user", id: coming, name: "Coming" });
  const rest = await tenant.walk(String(first["@odata.nextLink"]));
  expect(rest.entries).toContainEqual({ id: coming, displayName: "Coming" });
  const next = (await tenant.walk(rest.link)).entries;
  expect(new Set(next.map(({ displayName }) => displayName))).toEqual(new Set(["Seen", "Coming"]));
});

it("says nothing to groups and reports of a deleted user, and gives them back when it is restored", async () => {
  const tenant = await openTenant();
  const users = await tenant.truth("users");
  const manager = users.find(({ id }) => users.some((user) => user["manager"] === id))?.["id"];
  const groups = (await tenant.truth("members")).filter(({ member }) => member === manager).map(({ group }) => group);
  const reports = users.filter((user) => user["manager"] === manager).map(({ id }) => id);
  const start = await Promise.all(
    ["/groups/delta?$select=members", "/users/delta?$select=manager"].map((path) => tenant.walk(path)),
  );
  await tenant.change({ op: "delete_user", id: manager });
  const [gone, tombstone] = await Promise.all(start.map(({ link }) => tenant.walk(link)));
  expect([gone?.entries, tombstone?.entries]).toEqual([[], [{ id: manager, "@removed": { reason: "changed" } }]]);
  await tenant.change({ op: "restore_user", id: manager });
  const [back, linked] = await Promise.all([gone, tombstone].map((round) => tenant.walk(String(round?.link))));
  expect(new Set(back?.entries.map(({ id }) => id))).toEqual(new Set(groups));
  expect(
    linked?.entries
      .filter((user) => (user["manager@delta"] as Json[] | undefined)?.[0]?.["id"] === manager)
      .map(({ id }) => id),
  ).toEqual(expect.arrayContaining(reports));
});

it("says nothing of a manager's return to who is below another by then", async () => {
  const tenant = await openTenant();
  const [first, second, user] = (await tenant.truth("users")).map(({ id }) => id);
  await tenant.change({ op: "move_user", id: user, manager: second }, { op: "move_user", id: user, manager: first });
  const { link } = await tenant.walk("/users/delta?$select=manager");
  await tenant.change({ op: "delete_user", id: second }, { op: "restore_user", id: second });
  const told = (await tenant.walk(link)).entries.map(({ id }) => id);
  expect(told).toContain(second);
  expect(told).not.toContain(user);
});

it("tells groups of a deletion, or is silent about a return, when the knobs say so", async () => {
  const tenant = await openTenant();
  const [edge] = (await tenant.truth("members")).filter(({ type }) => type === "user");
  await set(tenant, { directory_tombstone_members: true, directory_restore_members: "silent" });
  const { link } = await tenant.walk("/groups/delta?$select=members");
  await tenant.change({ op: "delete_user", id: edge?.["member"] });
  const told = await tenant.walk(link);
  const entry = { "@odata.type": "#microsoft.graph.user", id: edge?.["member"], "@removed": { reason: "deleted" } };
  expect(told.entries).toContainEqual({ id: edge?.["group"], "members@delta": [entry] });
  await tenant.change({ op: "restore_user", id: edge?.["member"] });
  expect((await tenant.walk(told.link)).entries).toEqual([]);
});

it("tells a member that left and came back as a member, and owners when they are selected", async () => {
  const tenant = await openTenant();
  const [edge] = await tenant.truth("members");
  const [group, member] = [edge?.["group"], edge?.["member"]];
  const { link } = await tenant.walk("/groups/delta?$select=members,owners");
  await tenant.change({ op: "remove_member", group, member });
  const left = await tenant.walk(link);
  expect(left.entries).toMatchObject([
    { id: group, "members@delta": [{ id: member, "@removed": { reason: "deleted" } }] },
  ]);
  await tenant.change(
    { op: "add_member", group, member },
    { op: "remove_member", group, member },
    { op: "add_member", group, member },
  );
  const back = await tenant.walk(left.link);
  const type = `#microsoft.graph.${String(edge?.["type"])}`;
  expect(back.entries).toEqual([{ id: group, "members@delta": [{ "@odata.type": type, id: member }] }]);
  const [user] = await tenant.change({ op: "add_user" });
  await tenant.change({ op: "add_owner", group, member: user });
  expect((await tenant.walk(back.link)).entries).toMatchObject([{ id: group, "owners@delta": [{ id: user }] }]);
});
