import { expect, test } from "vitest";
import type { ResourceName } from "../../src/directory/resources.ts";
import { entry, inDirectory, rowOf, write } from "./writing.ts";

const deep = JSON.parse(`${"[".repeat(5_000)}${"]".repeat(5_000)}`) as unknown;

test.each<[string, ResourceName, unknown, string]>([
  ["no object", "users", "ana", "no object"],
  ["null", "users", null, "no object"],
  ["a list", "users", [], "no object"],
  ["without an id", "users", { displayName: "Ana" }, "id"],
  ["with an empty id", "groups", { id: "" }, "id"],
  ["with a number as id", "devices", { id: 5 }, "id"],
  ["with an id that SQLite would cut", "users", { id: "a\0b" }, "id"],
  ["with a number as a name", "users", { id: "x", displayName: 5 }, "displayName"],
  ["with an object as a department", "users", { id: "x", department: { a: 1 } }, "department"],
  ["with a text as a switch", "users", { id: "x", accountEnabled: "true" }, "accountEnabled"],
  ["with a time that is none", "users", { id: "x", createdDateTime: "yesterday" }, "createdDateTime"],
  ["with a number in a list of texts", "users", { id: "x", otherMails: ["a", 5] }, "otherMails"],
  ["with a licence without a sku", "users", { id: "x", assignedLicenses: [{}] }, "assignedLicenses"],
  ["with a manager without an id", "users", { id: "x", "manager@delta": [{}] }, "manager@delta"],
  ["with a text for a manager", "users", { id: "x", "manager@delta": "bo" }, "manager@delta"],
  ["with members that are no list", "groups", { id: "x", "members@delta": {} }, "members@delta"],
  ["with types that are no list", "groups", { id: "x", groupTypes: "Unified" }, "groupTypes"],
  ["with a text for a tombstone", "users", { id: "x", "@removed": "yes" }, "@removed"],
  [
    "with a fraction of a byte",
    "managed_devices",
    { id: "x", totalStorageSpaceInBytes: 0.5 },
    "totalStorageSpaceInBytes",
  ],
  ["with a number for a user", "managed_devices", { id: "x", userId: 5 }, "userId"],
  ["without a time", "sign_ins", { id: "x" }, "createdDateTime"],
  [
    "with a text for a status",
    "sign_ins",
    { id: "x", createdDateTime: "2026-01-01T00:00:00Z", status: "ok" },
    "status",
  ],
  ["without its time", "directory_audits", { id: "x", createdDateTime: "2026-01-01T00:00:00Z" }, "activityDateTime"],
  ["with targets that are texts", "directory_audits", { id: "x", targetResources: ["a"] }, "targetResources"],
  ["larger than 256 KB", "alerts", { id: "x", evidence: [{ blob: "x".repeat(300_000) }] }, "256 KB"],
  ["nested without end", "alerts", { id: "x", evidence: deep }, "nested"],
])("an item that is %s is set aside, and says why", (_, resource, item, reason) =>
  inDirectory((sql) => {
    const result = write(sql, resource, [item]);
    expect(result).toMatchObject({ seen: 0, written: 0 });
    expect(result.setAside.map((aside) => aside.reason)).toEqual([expect.stringContaining(reason)]);
    const before = sql.rowsWritten();
    write(sql, resource, [item]);
    expect(sql.rowsWritten()).toBe(before);
  }),
);

test("the rest of a page is written when one of its items cannot be read", () =>
  inDirectory((sql) => {
    const result = write(sql, "users", [{ id: "a" }, { id: "b", mail: [] }, { id: "c" }]);
    expect(result).toMatchObject({ seen: 2, written: 2, setAside: [{ id: "b" }] });
    expect(["a", "b", "c"].map((id) => rowOf(sql, "users", id) !== undefined)).toEqual([true, false, true]);
  }));

test("texts that SQLite would not give back as they were sent are stored so that a replay writes nothing", () =>
  inDirectory((sql) => {
    const page = [
      {
        id: "a",
        displayName: "nul\0 inside",
        department: "half \ud83d",
        city: "x".repeat(5_000),
        otherMails: ["\ud800\0"],
      },
      { id: "b", displayName: `${"x".repeat(4_095)}😀`, department: "", city: 'O\'Neill "quoted" \\ ünïcødé 😀\u2028' },
    ];
    write(sql, "users", page);
    expect(rowOf(sql, "users", "a")).toMatchObject({ name: "nul inside", department: "half \ufffd" });
    expect(rowOf(sql, "users", "a")?.["city"]).toHaveLength(4_096);
    expect(rowOf(sql, "users", "b")).toMatchObject({ department: null, city: 'O\'Neill "quoted" \\ ünïcødé 😀\u2028' });
    const before = sql.rowsWritten();
    expect(write(sql, "users", page)).toMatchObject({ written: 0 });
    expect(sql.rowsWritten()).toBe(before);
  }));

test("a page whose members alone are megabytes is written", () =>
  inDirectory((sql) => {
    const members = Array.from({ length: 30_000 }, (_, at) => entry(`${"i".repeat(100)}${at}`));
    expect(write(sql, "groups", [{ id: "g", "members@delta": members }])).toMatchObject({
      written: 30_001,
      setAside: [],
    });
    expect(write(sql, "groups", [{ id: "g", "members@delta": members }])).toMatchObject({ written: 0 });
  }));
