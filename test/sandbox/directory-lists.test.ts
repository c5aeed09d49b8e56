import { expect, it } from "vitest";
import { errorOf, GRAPH, valuesOf, type Json } from "./driver.ts";
import { openTenant } from "./directory/tenant-driver.ts";

const EVENTUAL = { ConsistencyLevel: "eventual" };

it("lists users in pages of a hundred, or of what $top says, and never-set properties as null", async () => {
  const tenant = await openTenant({ users: 250 });
  const { entries, pages } = await tenant.walk("/users?$select=id,department,mobilePhone");
  expect(pages.map((page) => valuesOf(page).length)).toEqual([100, 100, 50]);
  expect(new Set(entries.map(({ id }) => id)).size).toBe(250);
  expect(entries.some(({ mobilePhone }) => mobilePhone === null)).toBe(true);
  expect((await tenant.walk("/users?$top=200")).pages).toHaveLength(2);
  expect(Object.keys(entries[0] ?? {})).toEqual(["id", "department", "mobilePhone"]);
});

it("answers the default properties, and $expand=manager with the selected ones", async () => {
  const tenant = await openTenant();
  expect(Object.keys(valuesOf((await tenant.call("/users")).body)[0] ?? {})).toHaveLength(11);
  const { entries } = await tenant.walk("/users?$select=id&$expand=manager($select=id)");
  const managed = entries.find((user) => "manager" in user);
  expect(Object.keys(managed?.["manager"] as Json)).toEqual(["@odata.type", "id"]);
  const one = await tenant.call(`/users/${String(managed?.["id"])}?$select=id&$expand=manager($select=id)`);
  expect(one.body["manager"]).toEqual(managed?.["manager"]);
  const manager = await tenant.call(`/users/${String(managed?.["id"])}/manager?$select=id`);
  expect(manager.body["id"]).toBe(((managed ?? {})["manager"] as Json)["id"]);
  const alone = entries.find((user) => !("manager" in user));
  expect((await tenant.call(`/users/${String(alone?.["id"])}/manager`)).status).toBe(404);
});

it("finds a user by id and by userPrincipalName, and answers 404 for who is not there or deleted", async () => {
  const tenant = await openTenant();
  const [, user] = (await tenant.walk("/users")).entries;
  const id = String(user?.["id"]);
  expect((await tenant.call(`/users/${encodeURIComponent(String(user?.["userPrincipalName"]))}`)).body["id"]).toBe(id);
  await tenant.change({ op: "update_user", id, fields: { userPrincipalName: "new.name@tenant-7.example" } });
  expect((await tenant.call("/users/new.name@tenant-7.example")).body["id"]).toBe(id);
  await tenant.change({ op: "delete_user", id });
  const { status, body } = await tenant.call(`/users/${id}`);
  expect([status, errorOf(body)["code"]]).toEqual([404, "Request_ResourceNotFound"]);
});

it("filters by id, by the start of a name and by account status", async () => {
  const tenant = await openTenant({ users: 200 });
  const all = (await tenant.walk("/users?$select=id,displayName,accountEnabled")).entries;
  const [one, two] = all.map(({ id }) => String(id));
  expect((await tenant.walk(`/users?$select=id&$filter=id eq '${one}' or id eq '${two}'`)).entries).toHaveLength(2);
  const disabled = await tenant.walk("/users?$select=id&$filter=accountEnabled eq false");
  expect(disabled.entries).toHaveLength(all.filter(({ accountEnabled }) => accountEnabled === false).length);
  const named = await tenant.walk("/users?$select=displayName&$filter=startswith(displayName,'an')");
  const anas = all.filter(({ displayName }) => String(displayName).toLowerCase().startsWith("an"));
  expect(named.entries.map(({ displayName }) => displayName)).toEqual(anas.map(({ displayName }) => displayName));
  expect(anas.length).toBeGreaterThan(0);
});

it.each([
  ["$count", "/users?$count=true", {}],
  ["$search", '/users?$search="displayName:an"', {}],
  ["ne", "/users?$filter=userType ne 'Guest'", EVENTUAL],
  ["not", "/users?$count=true&$filter=not(accountEnabled eq true)", {}],
  ["endsWith", "/users?$filter=endsWith(mail,'x')", EVENTUAL],
  ["$filter with $orderby", "/users?$filter=accountEnabled eq true&$orderby=displayName", EVENTUAL],
  ["$orderby", "/users?$orderby=displayName", {}],
  ["a filter it cannot read", "/users?$filter=shoeSize gt 3", {}],
  ["a $top that is too large", "/users?$top=1000", {}],
  ["a $top of nothing", "/users?$top=0", {}],
  ["$skip", "/users?$skip=5", {}],
  ["a property that is not there", "/users?$select=shoeSize", {}],
  ["a page token that is none", "/users?$skiptoken=nonsense", {}],
])("refuses %s without what it needs", async (_, path, headers) => {
  const tenant = await openTenant();
  expect((await tenant.call(path, headers)).status).toBe(400);
});

it("counts, sorts and searches with ConsistencyLevel: eventual", async () => {
  const tenant = await openTenant({ users: 120 });
  const sorted = await tenant.walk("/users?$select=displayName&$count=true&$orderby=displayName", EVENTUAL);
  expect(sorted.pages[0]?.["@odata.count"]).toBe(120);
  const names = sorted.entries.map(({ displayName }) => String(displayName).toLowerCase());
  expect(names).toEqual(names.toSorted((a, b) => (a < b ? -1 : 1)));
  expect(sorted.entries).toHaveLength(120);
  const guests = await tenant.walk("/users?$count=true&$select=userType&$filter=userType ne 'Member'", EVENTUAL);
  expect(guests.pages[0]?.["@odata.count"]).toBe(guests.entries.length);
  expect(guests.entries.every(({ userType }) => userType === "Guest")).toBe(true);
  const found = await tenant.walk('/users?$select=displayName&$search="displayName:rossi"', EVENTUAL);
  expect(found.entries.length).toBeGreaterThan(0);
});

it("counts in plain text, and only for the eventual index", async () => {
  const tenant = await openTenant();
  await tenant.change({ op: "add_user" });
  for (const [path, count] of [
    ["/users/$count", 31],
    ["/groups/$count", 6],
    ["/devices/$count", 5],
  ] as const) {
    expect((await tenant.call(path)).status).toBe(400);
    const { body, headers } = await tenant.call(path, EVENTUAL);
    expect([body["text"], headers.get("Content-Type")]).toEqual([String(count), expect.stringMatching(/^text\/plain/)]);
  }
});

it("gives sign-in activity to a list of 120 at most, and leaves it out for who never signed in", async () => {
  const tenant = await openTenant({ users: 150 });
  const { entries, pages } = await tenant.walk("/users?$select=id,signInActivity&$top=120");
  expect(pages).toHaveLength(2);
  expect(entries.filter((user) => "signInActivity" in user).length).toBeLessThan(150);
  expect((await tenant.call("/users?$select=id,signInActivity&$top=121")).status).toBe(400);
  await tenant.sandbox.control("/settings", { sign_in_activity_top: 500 });
  expect((await tenant.call("/users?$select=id,signInActivity&$top=500")).status).toBe(200);
});

it("filters by sign-in activity alone", async () => {
  const tenant = await openTenant();
  const id = valuesOf((await tenant.call("/users")).body)[4]?.["id"];
  const at = new Date(Date.now() - 1000).toISOString();
  await tenant.change({ op: "sign_in", user: id, at });
  const filter = `signInActivity/lastSignInDateTime ge ${at}`;
  expect((await tenant.walk(`/users?$select=id&$filter=${filter}`)).entries).toEqual([{ id }]);
  expect((await tenant.call(`/users?$filter=${filter} and accountEnabled eq true`)).status).toBe(400);
});

it("refuses sign-in activity without a licence, and without AuditLog.Read.All", async () => {
  const tenant = await openTenant({ licences: { entra: "free" } });
  const { status, body } = await tenant.call("/users?$select=id,signInActivity");
  expect([status, errorOf(body)]).toMatchObject([
    403,
    {
      code: "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
      message: "Neither tenant is B2C or tenant doesn't have premium license",
    },
  ]);
  const control = (change: Json) => tenant.sandbox.control(`/tenant/${tenant.tenantId}`, change, "PATCH");
  await control({ licences: { entra: "p1" } });
  expect((await tenant.call("/users?$select=id,signInActivity")).status).toBe(200);
  await control({ roles: ["User.Read.All"] });
  await tenant.renew();
  expect(errorOf((await tenant.call("/users?$select=id,signInActivity")).body)["code"]).toBe(
    "Authorization_RequestDenied",
  );
});

it("answers 501 for a property of a list that the directory does not keep", async () => {
  const tenant = await openTenant();
  expect((await tenant.call("/users?$select=id,skills")).status).toBe(501);
});

it.each([
  ["users", ["User.Read.All"], ["Directory.Read.All"]],
  ["groups", ["GroupMember.Read.All"], ["Group.Read.All"]],
  ["devices", ["Device.Read.All"], ["Directory.Read.All"]],
])("opens /%s to the narrow permission and to the wide one, and to no other", async (path, narrow, wide) => {
  for (const roles of [narrow, wide]) {
    const tenant = await openTenant({ roles });
    expect((await tenant.call(`/${path}`)).status).toBe(200);
    expect((await tenant.call(`/${path}/delta`)).status).toBe(200);
  }
  const tenant = await openTenant({ roles: ["AuditLog.Read.All"] });
  for (const end of ["", "/delta", "/$count"]) {
    const { status, body } = await tenant.call(`/${path}${end}`, EVENTUAL);
    expect([status, errorOf(body)]).toMatchObject([
      403,
      { code: "Authorization_RequestDenied", message: "Insufficient privileges to complete the operation." },
    ]);
  }
});

it("lists what can be restored among the deleted items", async () => {
  const tenant = await openTenant();
  const [one, two] = (await tenant.walk("/users")).entries.map(({ id }) => id);
  await tenant.change({ op: "delete_user", id: one }, { op: "purge_user", id: two });
  const { entries } = await tenant.walk("/directory/deletedItems/microsoft.graph.user");
  expect(entries.map(({ id }) => id)).toEqual([one]);
  expect(entries[0]?.["deletedDateTime"]).toMatch(/Z$/);
});

it("answers lists and delta inside of a batch", async () => {
  const tenant = await openTenant();
  const form = { grant_type: "client_credentials", scope: `${GRAPH}/.default` };
  const { body: token } = await tenant.sandbox.token(form, tenant.tenantId);
  const requests = ["/users?$top=3", "/groups/delta", "/users/$count"].map((url, at) => ({
    id: String(at),
    method: "GET",
    url,
    headers: EVENTUAL,
  }));
  const init = { method: "POST", body: { requests } };
  const { body } = await tenant.sandbox.graph(String(token["access_token"]), "/$batch", init);
  const answers = new Map((body["responses"] as Json[]).map((one) => [one["id"], one]));
  expect(valuesOf(answers.get("0")?.["body"] as Json)).toHaveLength(3);
  expect(String(((answers.get("1") ?? {})["body"] as Json)["@odata.deltaLink"])).toContain(
    "/groups/delta?$deltatoken=",
  );
  expect(atob(String(answers.get("2")?.["body"]))).toBe("30");
});

it("answers /organization with the tenant's domains and the plans of its licences", async () => {
  const tenant = await openTenant({ licences: { entra: "p1", intune: false } });
  const [one] = valuesOf((await tenant.call("/organization")).body);
  expect(one).toMatchObject({ id: tenant.tenantId, tenantType: "AAD" });
  expect(((one ?? {})["verifiedDomains"] as Json[]).map(({ name }) => name)).toEqual([
    "tenant-7.example",
    "tenant-7.onmicrosoft.com",
  ]);
  const plans = ((one ?? {})["assignedPlans"] as Json[]).filter(
    ({ capabilityStatus }) => capabilityStatus === "Enabled",
  );
  const ids = plans.map(({ servicePlanId }) => servicePlanId);
  expect(ids).toContain("41781fb2-bc02-4b7c-bd55-b576c07bb09d");
  expect(ids).not.toContain("eec0eb4f-6444-4f95-aba0-50c24d67f998");
  expect(ids).not.toContain("c1ec4a95-1f05-45b3-a911-aa3fa01094f5");
});
