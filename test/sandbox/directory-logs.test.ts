import { expect, it } from "vitest";
import { errorOf, openSandbox, valuesOf, type Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";
import { batchOf } from "./directory/workload-routes-driver.ts";

const SIGN_INS = "/auditLogs/signIns";
const AUDITS = "/auditLogs/directoryAudits";
const NOW = "2026-11-20T12:00:00Z";
const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** A tenant whose clock stands at NOW and goes on from there; a few hundred users make a few entries an hour. */
async function openLogs(change: Json = {}): Promise<TenantDriver> {
  const sandbox = openSandbox();
  await sandbox.control("/clock", { set: NOW });
  return openTenant({ users: 400, ...change }, sandbox);
}

function isoAt(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");
}

const LOGS = [
  [SIGN_INS, "createdDateTime"],
  [AUDITS, "activityDateTime"],
] as const;

it.each(LOGS)(
  "gives %s newest first, in pages of at most a thousand, as far back as it is kept",
  async (path, time) => {
    const tenant = await openLogs({ users: path === SIGN_INS ? 400 : 4_000 });
    const { entries, pages } = await tenant.walk(path);
    expect(pages.length).toBeGreaterThan(2);
    expect(valuesOf(pages[0] ?? {})).toHaveLength(1000);
    const times = entries.map((entry) => Date.parse(String(entry[time])));
    expect(times).toEqual(times.toSorted((a, b) => b - a));
    expect(times[0]).toBeGreaterThan(Date.parse(NOW) - 2 * HOUR_MS);
    expect(times.at(-1)).toBeGreaterThan(Date.parse(NOW) - 30 * DAY_MS - HOUR_MS);
    expect(times.at(-1)).toBeLessThan(Date.parse(NOW) - 29 * DAY_MS);
    expect(new Set(entries.map(({ id }) => id)).size).toBe(entries.length);
    expect((await tenant.walk(`${path}?$top=900`)).entries).toEqual(entries);
  },
);

it("keeps a free tenant's audits for seven days", async () => {
  const tenant = await openLogs({ users: 2_000, licences: { entra: "free" } });
  const { entries } = await tenant.walk(AUDITS);
  const oldest = Date.parse(String(entries.at(-1)?.["activityDateTime"]));
  expect(oldest).toBeGreaterThan(Date.parse(NOW) - 7 * DAY_MS - HOUR_MS);
  expect(oldest).toBeLessThan(Date.parse(NOW) - 6 * DAY_MS);
});

it.each(LOGS)("filters %s by a window of time, both ends included", async (path, time) => {
  const tenant = await openLogs({ users: 4_000 });
  const { entries } = await tenant.walk(`${path}?$filter=${time} ge ${isoAt(Date.parse(NOW) - 12 * HOUR_MS)}`);
  const [from, to] = [entries.at(-5)?.[time], entries[5]?.[time]].map(String);
  const window = await tenant.walk(`${path}?$top=7&$filter=${time} ge ${from} and ${time} le ${to}`);
  expect(window.entries).toEqual(entries.slice(5, -4));
  expect(window.pages.length).toBeGreaterThan(1);
  const exactly = await tenant.walk(`${path}?$filter=${time} eq ${to}`);
  expect(exactly.entries).toContainEqual(entries[5]);
  expect(exactly.entries.every((entry) => entry[time] === to)).toBe(true);
});

it.each(LOGS)("orders %s either way", async (path, time) => {
  const tenant = await openLogs({ users: 4_000 });
  const window = `$filter=${time} ge ${isoAt(Date.parse(NOW) - 6 * HOUR_MS)}&$top=10`;
  const { entries } = await tenant.walk(`${path}?${window}`);
  expect(entries.length).toBeGreaterThan(20);
  expect((await tenant.walk(`${path}?${window}&$orderby=${time} desc`)).entries).toEqual(entries);
  expect((await tenant.walk(`${path}?${window}&$orderby=${time} asc`)).entries).toEqual(entries.toReversed());
  expect((await tenant.walk(`${path}?${window}&$orderby=${time}`)).entries).toEqual(entries.toReversed());
});

it("goes on behind the last entry of a page, whatever came in since", async () => {
  const tenant = await openLogs();
  const first = await tenant.call(`${SIGN_INS}?$top=3`);
  const { entries: users } = await tenant.walk("/users/delta?$select=id");
  await tenant.change({ op: "sign_in", user: users[0]?.["id"] });
  const second = await tenant.call(String(first.body["@odata.nextLink"]));
  const known = new Set(valuesOf(first.body).map(({ id }) => id));
  expect(valuesOf(second.body)).toHaveLength(3);
  expect(valuesOf(second.body).some(({ id }) => known.has(id))).toBe(false);
});

it("pages through entries of the same second without losing or repeating one", async () => {
  const tenant = await openLogs({ users: 3 });
  const { entries: users } = await tenant.walk("/users/delta?$select=id");
  const at = "2026-11-20T11:00:00Z";
  const ids = await tenant.change(...Array.from({ length: 5 }, () => ({ op: "sign_in", user: users[0]?.["id"], at })));
  for (const order of ["asc", "desc"]) {
    const query = `$top=1&$filter=createdDateTime eq ${at}&$orderby=createdDateTime ${order}`;
    const { entries, pages } = await tenant.walk(`${SIGN_INS}?${query}`);
    expect(pages).toHaveLength(5);
    expect(new Set(entries.map(({ id }) => id))).toEqual(new Set(ids));
  }
});

it("finds the sign-ins of one user, who is spelled in lower case", async () => {
  const tenant = await openLogs();
  const { entries } = await tenant.walk(SIGN_INS);
  const userId = String(entries[0]?.["userId"]);
  const found = await tenant.walk(`${SIGN_INS}?$filter=userId eq '${userId}'`);
  expect(found.entries).toEqual(entries.filter((entry) => entry["userId"] === userId));
  const { entries: users } = await tenant.walk("/users/delta?$select=id,userPrincipalName,displayName");
  const known = new Map(users.map((user) => [user["id"], user]));
  for (const { userId: id, userPrincipalName, userDisplayName } of entries) {
    const user = known.get(id);
    expect(userPrincipalName).toBe(String(user?.["userPrincipalName"]).toLowerCase());
    expect(userDisplayName).toBe(user?.["displayName"]);
  }
  expect(users.some((user) => String(user["userPrincipalName"]).includes("#EXT#"))).toBe(true);
});

it("finds audits by what was done, where and by whom", async () => {
  const tenant = await openLogs({ users: 2_000 });
  const { entries } = await tenant.walk(AUDITS);
  const byUser = entries.map((entry) => (entry["initiatedBy"] as { user: Json | null }).user?.["id"]).find(Boolean);
  const cases: [string, (entry: Json) => boolean][] = [
    ["activityDisplayName eq 'Add user'", (entry) => entry["activityDisplayName"] === "Add user"],
    ["startswith(activityDisplayName,'Update')", (entry) => String(entry["activityDisplayName"]).startsWith("Update")],
    ["category eq 'GroupManagement'", (entry) => entry["category"] === "GroupManagement"],
    ["loggedByService eq 'Self-service Password Management'", (entry) => entry["loggedByService"] !== "Core Directory"],
    [
      `initiatedBy/user/id eq '${String(byUser)}'`,
      (entry) => (entry["initiatedBy"] as { user: Json | null }).user?.["id"] === byUser,
    ],
    [
      `correlationId eq '${String(entries[3]?.["correlationId"])}'`,
      (entry) => entry["correlationId"] === entries[3]?.["correlationId"],
    ],
  ];
  for (const [filter, test] of cases) {
    const expected = entries.filter(test);
    expect(expected.length, filter).toBeGreaterThan(0);
    expect((await tenant.walk(`${AUDITS}?$filter=${encodeURIComponent(filter)}`)).entries, filter).toEqual(expected);
  }
});

it.each([
  [SIGN_INS, "$top=1001"],
  [SIGN_INS, "$skip=5"],
  [SIGN_INS, "$count=true"],
  [SIGN_INS, "$select=id"],
  [SIGN_INS, "$skiptoken=x"],
  [SIGN_INS, "$orderby=userId"],
  [SIGN_INS, "$filter=createdDateTime gt 2026-11-20T00:00:00Z"],
  [SIGN_INS, "$filter=createdDateTime ge '2026-11-20T00:00:00Z'"],
  [SIGN_INS, "$filter=createdDateTime ge 2026-11-20"],
  [SIGN_INS, "$filter=userId eq 'a' or userId eq 'b'"],
  [SIGN_INS, "$filter=activityDateTime ge 2026-11-20T00:00:00Z"],
  [AUDITS, "$filter=result eq 'success'"],
  [AUDITS, "$filter=activityDateTime lt 2026-11-20T00:00:00Z"],
])("refuses %s?%s", async (path, option) => {
  const tenant = await openLogs();
  expect((await tenant.call(`${path}?${option.replaceAll(" ", "%20")}`)).status).toBe(400);
});

it("refuses sign-ins to a tenant without P1 or P2, and audits to nobody", async () => {
  const tenant = await openLogs({ licences: { entra: "free" } });
  const { status, body } = await tenant.call(SIGN_INS);
  expect(status).toBe(403);
  expect(errorOf(body)).toMatchObject({
    code: "Authentication_RequestFromNonPremiumTenantOrB2CTenant",
    message: "Neither tenant is B2C or tenant doesn't have premium license",
  });
  expect((await tenant.call(AUDITS)).status).toBe(200);
  await tenant.sandbox.control(`/tenant/${tenant.tenantId}`, { licences: { entra: "p1" } }, "PATCH");
  expect((await tenant.call(SIGN_INS)).status).toBe(200);
});

it.each([
  [["Directory.Read.All"], "Authentication_MSGraphPermissionMissing"],
  [["AuditLog.Read.All"], "Authentication_ApplicationHasNoDirectoryReadAccess"],
])("refuses an application with %s alone", async (roles, code) => {
  const tenant = await openLogs({ roles });
  for (const path of [SIGN_INS, AUDITS]) {
    const { status, body } = await tenant.call(path);
    expect([status, errorOf(body)["code"]]).toEqual([403, code]);
  }
});

it("answers in a batch", async () => {
  const tenant = await openLogs();
  const answers = await batchOf(tenant, [`${SIGN_INS}?$top=2`, `${AUDITS}?$top=1`]);
  expect(answers).toMatchObject([
    { status: 200, body: { value: [{}, {}], "@odata.nextLink": expect.stringContaining("$skiptoken=") as string } },
    { status: 200, body: { value: [{}] } },
  ]);
});
