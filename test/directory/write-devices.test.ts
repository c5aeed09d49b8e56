import { expect, test } from "vitest";
import { stagedCount, stageUnseen } from "../../src/directory/write/removal.ts";
import {
  applyAll,
  edgesOf,
  entry,
  historyOf,
  idOfNode,
  inDirectory,
  round,
  rowOf,
  tombstone,
  write,
} from "./writing.ts";
import type { Counted } from "./writing.ts";

const R = "0aaaaaaa-0000-4000-8000-00000000000f";
const ENTRA = {
  id: "e",
  deviceId: R,
  displayName: "PC",
  operatingSystem: "Windows",
  operatingSystemVersion: "10.0",
  model: "Surface",
  trustType: "AzureAd",
  accountEnabled: true,
  isCompliant: true,
  approximateLastSignInDateTime: "2026-11-01T00:00:00Z",
};
const INTUNE = {
  id: "i",
  azureADDeviceId: R.toUpperCase(),
  deviceName: "PC of Ana",
  operatingSystem: "Windows",
  osVersion: "10.0.22631",
  model: "",
  serialNumber: "SN1",
  complianceState: "compliant",
  complianceGracePeriodExpirationDateTime: "9999-12-31T23:59:59Z",
  lastSyncDateTime: "2026-11-01T00:00:00Z",
  userId: "ana",
  userPrincipalName: "ana@x.example",
  jailBroken: "Unknown",
  totalStorageSpaceInBytes: 256_000_000_000,
  freeStorageSpaceInBytes: 1,
};
const JOINED = {
  registration_id: R,
  entra_id: "e",
  intune_id: "i",
  name: "PC of Ana",
  os: "Windows",
  os_version: "10.0.22631",
  model: "Surface",
  trust_type: "AzureAd",
  compliance: "compliant",
  grace_until: null,
  storage_total: 256_000_000_000,
  gone_at: null,
};

function live(sql: Counted) {
  return sql.all("SELECT * FROM devices WHERE gone_at IS NULL ORDER BY n");
}

test.each([
  ["Entra's first", ["devices", "managed_devices"]],
  ["Intune's first", ["managed_devices", "devices"]],
] as const)("Entra's device and Intune's record are one, at Entra's id, with %s", (_, order) =>
  inDirectory((sql) => {
    for (const resource of order) write(sql, resource, [resource === "devices" ? ENTRA : INTUNE]);
    expect(live(sql)).toHaveLength(1);
    expect(rowOf(sql, "devices", "e")).toMatchObject(JOINED);
    expect(idOfNode(sql, rowOf(sql, "devices", "e")?.["user_n"])).toBe("ana");
    const before = sql.rowsWritten();
    write(sql, "devices", [ENTRA]);
    write(sql, "managed_devices", [INTUNE]);
    expect(sql.rowsWritten()).toBe(before);
  }),
);

test("a record of Intune's takes its history along when its device turns up in Entra", () =>
  inDirectory((sql) => {
    write(sql, "managed_devices", [INTUNE], { now: 1 });
    write(sql, "managed_devices", [{ ...INTUNE, complianceState: "noncompliant" }], { now: 2 });
    expect(rowOf(sql, "devices", "intune:i")).toMatchObject({ since: 1, name: "PC of Ana" });
    write(sql, "devices", [ENTRA], { now: 3 });
    expect(rowOf(sql, "devices", "intune:i")).toBeUndefined();
    expect(rowOf(sql, "devices", "e")).toMatchObject({ since: 1 });
    expect(historyOf(sql, "e").map(({ what }) => what)).toEqual(["added", "changed", "changed"]);
    expect(historyOf(sql, "e").at(-1)).toMatchObject({
      diff: { entra_id: [null, "e"], trust_type: [null, "AzureAd"] },
    });
  }));

test("Entra's part goes and Intune's stays, and the other way round, each with what it said itself", () =>
  inDirectory((sql) => {
    write(sql, "devices", [ENTRA]);
    write(sql, "managed_devices", [INTUNE]);
    round(sql, "managed_devices", [[]], { now: 5 });
    expect(rowOf(sql, "devices", "e")).toMatchObject({
      intune_id: null,
      compliance: null,
      name: "PC",
      os_version: "10.0",
      gone_at: null,
    });
    write(sql, "managed_devices", [INTUNE]);
    round(sql, "devices", [[tombstone("e")]], { full: false, now: 6 });
    expect(rowOf(sql, "devices", "e")).toMatchObject({
      entra_id: null,
      trust_type: null,
      name: "PC of Ana",
      model: null,
      registration_id: R,
      gone_at: null,
    });
    expect(historyOf(sql, "e").at(-1)).toMatchObject({
      what: "changed",
      diff: { entra_id: ["e", null], model: ["Surface", null] },
    });
    round(sql, "managed_devices", [[]], { now: 7 });
    expect(rowOf(sql, "devices", "e")).toMatchObject({ gone_at: 7, gone: "unseen", name: "PC of Ana" });
    expect(historyOf(sql, "e").at(-1)).toMatchObject({ what: "removed" });
    write(sql, "devices", [ENTRA], { now: 8 });
    expect(rowOf(sql, "devices", "e")).toMatchObject({ gone_at: null, intune_id: null, compliance: null, name: "PC" });
    expect(historyOf(sql, "e").at(-1)).toMatchObject({ what: "restored" });
  }));

test.each([["00000000-0000-0000-0000-000000000000"], [""], [null]])("a registration of %j is none", (none) =>
  inDirectory((sql) => {
    write(sql, "devices", [{ ...ENTRA, deviceId: none }]);
    write(sql, "managed_devices", [
      { ...INTUNE, azureADDeviceId: none },
      { ...INTUNE, id: "i2", azureADDeviceId: none },
    ]);
    expect(live(sql)).toHaveLength(3);
    expect(live(sql).every((row) => row["registration_id"] === null)).toBe(true);
  }),
);

test("a second record of Intune's for one registration waits until the first is gone", () =>
  inDirectory((sql) => {
    const second = { ...INTUNE, id: "i2", serialNumber: "SN2" };
    write(sql, "devices", [ENTRA]);
    write(sql, "managed_devices", [INTUNE, second]);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ intune_id: "i" });
    expect(rowOf(sql, "devices", "intune:i2")).toMatchObject({ registration_id: null, serial: "SN2" });
    round(sql, "managed_devices", [[second]]);
    write(sql, "managed_devices", [second]);
    expect(live(sql)).toHaveLength(1);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ ...JOINED, intune_id: "i2", serial: "SN2" });
    expect(historyOf(sql, "e").filter(({ what }) => what === "added")).toHaveLength(1);
  }));

test.each([
  ["before", [tombstone("e", "deleted"), { ...ENTRA, id: "e2" }]],
  ["after", [{ ...ENTRA, id: "e2" }, tombstone("e", "deleted")]],
])("a device that is registered anew keeps its record in Intune, its old tombstone %s the new object", (_, page) =>
  inDirectory((sql) => {
    write(sql, "devices", [ENTRA]);
    write(sql, "managed_devices", [INTUNE]);
    round(sql, "devices", [page], { full: false });
    expect(live(sql)).toHaveLength(1);
    expect(rowOf(sql, "devices", "e2")).toMatchObject({ ...JOINED, entra_id: "e2" });
    expect(rowOf(sql, "devices", "e")).toMatchObject({ gone: "hard" });
  }),
);

test("a record that names another registration leaves its device for that one", () =>
  inDirectory((sql) => {
    const other = { ...ENTRA, id: "e2", deviceId: "other", displayName: "PC2" };
    write(sql, "devices", [ENTRA, other]);
    write(sql, "managed_devices", [INTUNE]);
    write(sql, "managed_devices", [{ id: "i", azureADDeviceId: "other" }]);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ intune_id: null, name: "PC", registration_id: R });
    expect(rowOf(sql, "devices", "e2")).toMatchObject({ intune_id: "i", name: "PC of Ana", registration_id: "other" });
  }));

test("two records that swap their devices are both found where they belong", () =>
  inDirectory((sql) => {
    write(sql, "devices", [ENTRA, { ...ENTRA, id: "e2", deviceId: "r2" }]);
    write(sql, "managed_devices", [INTUNE, { ...INTUNE, id: "i2", azureADDeviceId: "r2" }]);
    const swap = [
      { id: "i", azureADDeviceId: null },
      { id: "i2", azureADDeviceId: R },
      { id: "i", azureADDeviceId: "r2" },
    ];
    write(sql, "managed_devices", swap);
    expect(live(sql)).toHaveLength(2);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ intune_id: "i2", registration_id: R });
    expect(rowOf(sql, "devices", "e2")).toMatchObject({ intune_id: "i", registration_id: "r2" });
  }));

test("what a full reading of Intune has seen stays seen when Entra's device arrives meanwhile", () =>
  inDirectory((sql) => {
    write(sql, "managed_devices", [INTUNE], { full: true });
    write(sql, "devices", [ENTRA], { full: true });
    expect(stageUnseen(sql, "managed_devices")).toBe(0);
    expect(stageUnseen(sql, "devices")).toBe(0);
  }));

test("what is staged of Intune's record stays staged when Entra's device arrives meanwhile", () =>
  inDirectory((sql) => {
    write(sql, "managed_devices", [INTUNE]);
    expect(stageUnseen(sql, "managed_devices")).toBe(1);
    write(sql, "devices", [ENTRA]);
    expect(stagedCount(sql, "managed_devices")).toBe(1);
    expect(applyAll(sql, "managed_devices")).toBe(1);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ intune_id: null, gone_at: null, name: "PC" });
    expect(stagedCount(sql, "managed_devices")).toBe(0);
  }));

test("when a device was last seen, last synchronised and how much room it has is no history", () =>
  inDirectory((sql) => {
    write(sql, "devices", [ENTRA]);
    write(sql, "managed_devices", [INTUNE]);
    const count = historyOf(sql, "e").length;
    const before = sql.rowsWritten();
    write(sql, "devices", [{ ...ENTRA, approximateLastSignInDateTime: "2026-11-02T00:00:00Z" }]);
    write(sql, "managed_devices", [
      { ...INTUNE, lastSyncDateTime: "2026-11-02T00:00:00Z", freeStorageSpaceInBytes: 2 },
    ]);
    expect(historyOf(sql, "e")).toHaveLength(count);
    expect(sql.rowsWritten() - before).toBe(2);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ storage_free: 2, last_sync_at: Date.UTC(2026, 10, 2) });
  }));

test("a device deleted for good leaves its groups, also when Intune still has its record", () =>
  inDirectory((sql) => {
    write(sql, "devices", [ENTRA]);
    write(sql, "managed_devices", [INTUNE]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("e", { type: "device" })] }]);
    round(sql, "devices", [[tombstone("e")]], { full: false });
    expect(edgesOf(sql)).toEqual(["g member e"]);
    write(sql, "devices", [tombstone("e", "deleted")]);
    expect(edgesOf(sql)).toEqual([]);
    expect(rowOf(sql, "devices", "e")).toMatchObject({ intune_id: "i", gone_at: null });
  }));
