import { expect, it } from "vitest";
import { openSandbox, type Json } from "./driver.ts";
import { openTenant, type TenantDriver } from "./directory/tenant-driver.ts";

const SIGN_INS = "/auditLogs/signIns";
const AUDITS = "/auditLogs/directoryAudits";
const NOW = "2026-11-20T12:00:00Z";

/** A tenant whose clock stands at NOW and goes on from there; a few hundred users make a few entries an hour. */
async function openLogs(change: Json = {}): Promise<TenantDriver> {
  const sandbox = openSandbox();
  await sandbox.control("/clock", { set: NOW });
  return openTenant({ users: 400, ...change }, sandbox);
}

it("has sign-ins of every shape: failures, unknown devices and places, risk and policies", async () => {
  const tenant = await openLogs({
    roles: ["AuditLog.Read.All", "Directory.Read.All", "Policy.Read.ConditionalAccess"],
  });
  const { entries } = await tenant.walk(SIGN_INS);
  const parts = <T extends Json>(name: string) => entries.map((entry) => entry[name] as T);
  const statuses = parts<{ errorCode: number }>("status").map(({ errorCode }) => errorCode);
  expect(statuses.filter((code) => code === 0).length).toBeGreaterThan(entries.length * 0.7);
  expect(statuses).toEqual(expect.arrayContaining([50126, 50053, 50057, 50074, 53003]));
  const devices = parts("deviceDetail");
  expect(new Set(devices.map(({ deviceId }) => deviceId === ""))).toEqual(new Set([true, false]));
  expect(Object.keys(devices[0] ?? {})).toEqual(
    "deviceId displayName operatingSystem browser isCompliant isManaged trustType".split(" "),
  );
  const places = parts("location");
  expect(Object.keys(places[0] ?? {})).toEqual("city state countryOrRegion geoCoordinates".split(" "));
  expect(places.some(({ city }) => city === "")).toBe(true);
  const blocked = entries.filter((entry) => (entry["status"] as Json)["errorCode"] === 53003);
  expect(blocked.every(({ conditionalAccessStatus }) => conditionalAccessStatus === "failure")).toBe(true);
  expect(new Set(entries.map((entry) => entry["conditionalAccessStatus"]))).toEqual(
    new Set(["success", "failure", "notApplied"]),
  );
  expect(new Set(entries.map((entry) => entry["riskLevelAggregated"]))).toEqual(
    new Set(["none", "low", "medium", "high"]),
  );
  for (const { conditionalAccessStatus: status, appliedConditionalAccessPolicies: policies } of entries)
    expect(policies).toHaveLength(status === "notApplied" ? 0 : 1);
});

it("hides risk without P2, and policies without their permission", async () => {
  const tenant = await openLogs({ licences: { entra: "p1" } });
  const { entries } = await tenant.walk(SIGN_INS);
  expect(new Set(entries.map((entry) => entry["riskLevelDuringSignIn"]))).toEqual(new Set(["hidden"]));
  expect(entries.every((entry) => (entry["appliedConditionalAccessPolicies"] as Json[]).length === 0)).toBe(true);
});

it("has audits of every shape: by users and applications, failed ones, values as JSON in strings", async () => {
  const tenant = await openLogs({ users: 4_000 });
  const { entries } = await tenant.walk(AUDITS);
  expect(new Set(entries.map(({ result }) => result))).toEqual(new Set(["success", "failure", "timeout"]));
  const initiators = entries.map((entry) => entry["initiatedBy"] as { user: Json | null; app: Json | null });
  expect(initiators.every(({ user, app }) => (user === null) !== (app === null))).toBe(true);
  expect(initiators.some(({ user }) => user === null)).toBe(true);
  const targets = entries.flatMap((entry) => entry["targetResources"] as Json[]);
  expect(new Set(targets.map((target) => ["type", "Type"].filter((name) => name in target).join()))).toEqual(
    new Set(["type", "Type"]),
  );
  const values = targets.flatMap((target) => target["modifiedProperties"] as { newValue: string }[]);
  expect(values.map(({ newValue }): unknown => JSON.parse(newValue))).toContainEqual(["Legal, Risk"]);
  expect(entries[0]?.["activityDateTime"]).toMatch(/\.\d{7}Z$/);
});

it("appends the sign-ins and audits of changes, at their own times", async () => {
  const tenant = await openLogs({ users: 3 });
  const { entries: users } = await tenant.walk("/users/delta?$select=id,userPrincipalName");
  const [signIn, audit] = await tenant.change(
    { op: "sign_in", user: users[1]?.["id"], error_code: 50126, at: "2026-11-20T11:00:00Z" },
    { op: "audit", activity: "Add member to group", target: users[2]?.["id"], at: "2026-11-20T10:00:00Z" },
  );
  const found = await tenant.walk(`${SIGN_INS}?$filter=createdDateTime eq 2026-11-20T11:00:00Z`);
  expect(found.entries).toMatchObject([
    {
      id: signIn,
      userId: users[1]?.["id"],
      status: { errorCode: 50126, failureReason: expect.stringContaining("password") as string },
    },
  ]);
  const audits = await tenant.walk(`${AUDITS}?$filter=activityDateTime eq 2026-11-20T10:00:00Z`);
  expect(audits.entries).toMatchObject([
    {
      id: audit,
      activityDisplayName: "Add member to group",
      category: "GroupManagement",
      targetResources: [{ id: users[2]?.["id"] }],
    },
  ]);
  expect(await tenant.truth("sign_ins")).toEqual(
    (await tenant.walk(SIGN_INS)).entries.map((entry) => ({
      ...entry,
      appliedConditionalAccessPolicies: expect.any(Array) as Json[],
    })),
  );
  expect(await tenant.truth("directory_audits")).toEqual((await tenant.walk(AUDITS)).entries);
});

it("shows entries late, and in another order than they happened, as the knobs say", async () => {
  const tenant = await openLogs({ users: 3 });
  const { entries: users } = await tenant.walk("/users/delta?$select=id");
  await tenant.sandbox.control("/settings", { log_lag_ms: 5 * 60_000 });
  const [id] = await tenant.change({ op: "sign_in", user: users[0]?.["id"] });
  const isThere = async () => (await tenant.walk(SIGN_INS)).entries.some((entry) => entry["id"] === id);
  expect(await isThere()).toBe(false);
  expect((await tenant.truth("sign_ins")).some((entry) => entry["id"] === id)).toBe(true);
  await tenant.sandbox.control("/clock", { advance_ms: 5 * 60_000 });
  expect(await isThere()).toBe(true);

  await tenant.sandbox.control("/settings", { log_lag_ms: 0, log_lag_spread_ms: 30 * 60_000 });
  const burst = Array.from({ length: 20 }, () => ({ op: "sign_in", user: users[0]?.["id"] }));
  const ids = await tenant.change(...burst);
  await tenant.sandbox.control("/clock", { advance_ms: 15 * 60_000 });
  const shown = (await tenant.walk(SIGN_INS)).entries.filter((entry) => ids.includes(String(entry["id"])));
  expect(shown.length).toBeGreaterThan(2);
  expect(shown.length).toBeLessThan(18);
  await tenant.sandbox.control("/clock", { advance_ms: 15 * 60_000 });
  expect((await tenant.walk(SIGN_INS)).entries.filter((entry) => ids.includes(String(entry["id"])))).toHaveLength(20);
});
