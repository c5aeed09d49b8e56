import { expect, test } from "vitest";
import { inDirectory, rowOf, write } from "./writing.ts";

const SIGN_IN = {
  id: "s1",
  createdDateTime: "2026-11-01T10:00:00Z",
  userId: "ana",
  userPrincipalName: "ana@contoso.example",
  userDisplayName: "Ana",
  appDisplayName: "Portal",
  appId: "app",
  resourceDisplayName: "Microsoft Graph",
  clientAppUsed: "Browser",
  ipAddress: "203.0.113.7",
  status: { errorCode: 50126, failureReason: "Invalid username or password." },
  conditionalAccessStatus: "notApplied",
  riskLevelDuringSignIn: "hidden",
  riskState: "none",
  isInteractive: true,
  deviceDetail: { deviceId: "", displayName: "PC", operatingSystem: "Windows", browser: "Edge" },
  location: { city: "Kiel", countryOrRegion: "DE" },
  correlationId: "c",
};

test("a sign-in is stored flat, with its risk level as it was said", () =>
  inDirectory((sql) => {
    expect(write(sql, "sign_ins", [SIGN_IN])).toEqual({ seen: 1, written: 1, staged: 0, setAside: [] });
    expect(sql.first("SELECT * FROM sign_ins")).toMatchObject({
      at: Date.UTC(2026, 10, 1, 10),
      user_id: "ana",
      error_code: 50_126,
      failure_reason: "Invalid username or password.",
      risk_level: "hidden",
      risk_state: "none",
      interactive: 1,
      device_id: null,
      device_name: "PC",
      os: "Windows",
      city: "Kiel",
      country: "DE",
    });
  }));

test("a window that overlaps the one before writes its new entries alone", () =>
  inDirectory((sql) => {
    write(sql, "sign_ins", [SIGN_IN]);
    const before = sql.rowsWritten();
    expect(write(sql, "sign_ins", [SIGN_IN, SIGN_IN])).toMatchObject({ seen: 2, written: 0 });
    expect(sql.rowsWritten()).toBe(before);
    expect(write(sql, "sign_ins", [{ ...SIGN_IN, id: "s2" }, SIGN_IN])).toMatchObject({ written: 1 });
  }));

test("an audit names who did it, user or application, and its first target", () =>
  inDirectory((sql) => {
    const audit = (id: string, further: object) => ({ id, activityDateTime: "2026-11-01T10:00:00Z", ...further });
    write(sql, "directory_audits", [
      audit("a1", {
        category: "UserManagement",
        activityDisplayName: "Update user",
        initiatedBy: { user: { id: "ana", displayName: "Ana", userPrincipalName: "ana@x.example" }, app: null },
        targetResources: [{ id: "bo", type: "User", displayName: "Bo", modifiedProperties: [] }, { id: "cy" }],
        additionalDetails: [{ key: "k", value: "v" }],
      }),
      audit("a2", { initiatedBy: { app: { appId: "app", servicePrincipalId: null, displayName: "Sync" } } }),
    ]);
    const [one, two] = sql.all("SELECT * FROM directory_audits ORDER BY id");
    expect(one).toMatchObject({
      activity: "Update user",
      actor_type: "user",
      actor_id: "ana",
      actor_address: "ana@x.example",
      target_id: "bo",
      target_type: "User",
      target_name: "Bo",
      details: '[{"key":"k","value":"v"}]',
    });
    expect(two).toMatchObject({ actor_type: "app", actor_id: "app", actor_name: "Sync", target_id: null });
  }));

test("the targets of an audit are cut by whole entries", () =>
  inDirectory((sql) => {
    const targetResources = Array.from({ length: 100 }, (_, at) => ({ id: `t${at}`, displayName: "x".repeat(500) }));
    write(sql, "directory_audits", [{ id: "a", activityDateTime: "2026-11-01T10:00:00Z", targetResources }]);
    const targets = String(sql.first("SELECT targets FROM directory_audits")?.["targets"]);
    expect(targets.length).toBeLessThanOrEqual(8_192);
    expect(JSON.parse(targets)).toEqual(targetResources.slice(0, 15));
  }));

test("an alert that changes is written again, one that does not costs nothing, and an older word is not news", () =>
  inDirectory((sql) => {
    const alert = {
      id: "al",
      createdDateTime: "2026-11-01T10:00:00Z",
      lastUpdateDateTime: "2026-11-02T10:00:00Z",
      status: "new",
      mitreTechniques: ["T1078"],
      evidence: [{ "@odata.type": "#microsoft.graph.security.userEvidence" }],
    };
    write(sql, "alerts", [alert]);
    const before = sql.rowsWritten();
    expect(write(sql, "alerts", [alert])).toMatchObject({ written: 0 });
    expect(sql.rowsWritten()).toBe(before);
    const resolved = { ...alert, status: "resolved", lastUpdateDateTime: "2026-11-03T10:00:00Z" };
    expect(write(sql, "alerts", [resolved])).toMatchObject({ written: 1 });
    expect(sql.rowsWritten() - before).toBe(1);
    write(sql, "alerts", [alert]);
    expect(sql.first("SELECT status, techniques FROM alerts")).toEqual({ status: "resolved", techniques: '["T1078"]' });
  }));

test("licences become what the page says, by sku", () =>
  inDirectory((sql) => {
    const sku = (skuId: string, consumedUnits: number) => ({
      id: `tenant_${skuId}`,
      skuId,
      skuPartNumber: skuId.toUpperCase(),
      capabilityStatus: "Enabled",
      consumedUnits,
      prepaidUnits: { enabled: 10, suspended: 0, warning: 1 },
    });
    write(sql, "licences", [sku("e3", 1), sku("e5", 2)]);
    const before = sql.rowsWritten();
    write(sql, "licences", [sku("e3", 1), sku("e5", 2)]);
    expect(sql.rowsWritten()).toBe(before);
    write(sql, "licences", [sku("e3", 7), { id: "unreadable", skuId: 5 }]);
    expect(sql.all("SELECT id, consumed FROM licences")).toEqual([
      { id: "e3", consumed: 7 },
      { id: "e5", consumed: 2 },
    ]);
    write(sql, "licences", [sku("e3", 7)]);
    expect(sql.all("SELECT * FROM licences")).toEqual([
      { id: "e3", name: "E3", status: "Enabled", consumed: 7, enabled: 10, suspended: 0, warning: 1 },
    ]);
  }));

test("sign-in activity is of users who are known, touches nothing else of them and is not in the history", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana", displayName: "Ana" }], { history: false });
    const active = { lastSignInDateTime: "2026-11-01T10:00:00Z", lastSuccessfulSignInDateTime: null };
    const page = [
      { id: "ana", signInActivity: active },
      { id: "nobody", signInActivity: active },
    ];
    expect(write(sql, "sign_in_activity", page, { full: true })).toMatchObject({ seen: 2, written: 1 });
    const before = sql.rowsWritten();
    expect(write(sql, "sign_in_activity", page)).toMatchObject({ written: 0 });
    expect(sql.rowsWritten()).toBe(before);
    expect(rowOf(sql, "users", "ana")).toMatchObject({
      name: "Ana",
      last_sign_in_at: Date.UTC(2026, 10, 1, 10),
      last_success_at: null,
    });
    expect(rowOf(sql, "users", "nobody")).toBeUndefined();
    expect(sql.all("SELECT c FROM changes")).toEqual([]);
    write(sql, "sign_in_activity", [{ id: "ana" }]);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ last_sign_in_at: Date.UTC(2026, 10, 1, 10) });
    write(sql, "sign_in_activity", [{ id: "ana" }], { full: true });
    expect(rowOf(sql, "users", "ana")).toMatchObject({ last_sign_in_at: null });
  }));

test("a user who is told again keeps the sign-in activity, also in a full reading", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana" }]);
    write(sql, "sign_in_activity", [{ id: "ana", signInActivity: { lastSignInDateTime: "2026-11-01T10:00:00Z" } }]);
    write(sql, "users", [{ id: "ana", displayName: "Ana" }], { full: true });
    expect(rowOf(sql, "users", "ana")).toMatchObject({ name: "Ana", last_sign_in_at: Date.UTC(2026, 10, 1, 10) });
  }));
