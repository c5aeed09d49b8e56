import { expect, test } from "vitest";
import type { ResourceName } from "../../src/directory/resources.ts";
import { type Counted, entry, type How, inDirectory, round, write } from "./writing.ts";

/** Rows that a page writes: it is what Cloudflare bills. An index is a row of its own. */
function cost(sql: Counted, resource: ResourceName, items: readonly unknown[], how: How = {}): number {
  const before = sql.rowsWritten();
  write(sql, resource, items, how);
  return sql.rowsWritten() - before;
}

const FIRST = { full: true, history: false };
const users = Array.from({ length: 100 }, (_, at) => ({
  id: `u${at}`,
  displayName: `User ${at}`,
  mail: `u${at}@x.example`,
  userPrincipalName: `u${at}@x.example`,
  department: "Sales",
  "manager@delta": [entry("u0")],
}));

test("100 users cost seven rows each when they are new, nothing when they are not, one when one field differs, and two for its history, three where lists are sorted by it", () =>
  inDirectory((sql) => {
    expect(cost(sql, "users", users, FIRST)).toBe(100 * 7 + 1);
    expect(cost(sql, "users", users)).toBe(0);
    expect(cost(sql, "users", users, FIRST)).toBe(0);
    sql.run("DELETE FROM marks");
    expect(cost(sql, "users", users, { full: true })).toBe(1);
    const moved = users.map((user) => ({ ...user, department: "Law" }));
    expect(cost(sql, "users", moved)).toBe(100 * 3);
    const renamed = moved.map((user) => ({ ...user, displayName: `${user.displayName} Jr.` }));
    expect(cost(sql, "users", renamed, { history: false })).toBe(100 * 2);
    const again = moved.map((user) => ({ ...user, displayName: `${user.displayName} Sr.` }));
    expect(cost(sql, "users", again)).toBe(100 * 5);
  }));

test("5,000 memberships cost three rows each when they are new, nothing when they are not, and nine at most when they end", () =>
  inDirectory((sql) => {
    const members = Array.from({ length: 5_000 }, (_, at) => entry(`u${at % 100}-${Math.floor(at / 100)}`));
    write(
      sql,
      "users",
      members.map(({ id }) => ({ id })),
      FIRST,
    );
    write(sql, "groups", [{ id: "g", displayName: "G" }], FIRST);
    expect(cost(sql, "groups", [{ id: "g", "members@delta": members }], { history: false })).toBe(5_000 * 3);
    expect(cost(sql, "groups", [{ id: "g", "members@delta": members }])).toBe(0);
    const before = sql.rowsWritten();
    const removed = members.map(({ id }) => entry(id, { removed: true }));
    round(sql, "groups", [[{ id: "g", "members@delta": removed }]], { full: false });
    expect(sql.rowsWritten() - before).toBeLessThan(5_000 * 9);
  }));

test("1,000 records of Intune that synchronised again cost a row each", () =>
  inDirectory((sql) => {
    const records = Array.from({ length: 1_000 }, (_, at) => ({
      id: `m${at}`,
      azureADDeviceId: `r${at}`,
      deviceName: `PC ${at}`,
      lastSyncDateTime: "2026-11-01T00:00:00Z",
    }));
    expect(cost(sql, "managed_devices", records, FIRST)).toBe(1_000 * 7 + 1);
    const synced = records.map((one) => ({ ...one, lastSyncDateTime: "2026-11-02T00:00:00Z" }));
    expect(cost(sql, "managed_devices", synced)).toBe(1_000);
    expect(cost(sql, "managed_devices", synced)).toBe(0);
  }));
