import { expect, test } from "vitest";
import {
  applyStaged,
  clearMarks,
  dropStaged,
  exceedsGate,
  liveCount,
  stagedCount,
  stageUnseen,
} from "../../src/directory/write/removal.ts";
import { applyAll, edgesOf, entry, historyOf, inDirectory, round, rowOf, tombstone, write } from "./writing.ts";

const users = (count: number, from = 0) => Array.from({ length: count }, (_, at) => ({ id: `u${from + at}` }));

test.each([
  [50, 100, false],
  [51, 100, true],
  [50, 50, false],
  [51, 51, true],
  [51, 254, true],
  [51, 255, false],
  [52, 255, true],
  [200, 1_000, false],
  [201, 1_000, true],
  [0, 0, false],
])("%d removals of %d wait for an approval: %j", (staged, live, held) => {
  expect(exceedsGate(staged, live)).toBe(held);
});

test("a full reading stages what it did not see, and counts what is there", () =>
  inDirectory((sql) => {
    write(sql, "users", users(10));
    write(sql, "users", users(7), { full: true });
    write(sql, "users", [tombstone("u8")], { full: true });
    expect(stageUnseen(sql, "users")).toBe(3);
    expect([liveCount(sql, "users"), stagedCount(sql, "users")]).toEqual([10, 3]);
    expect(sql.all("SELECT reason FROM staged ORDER BY n")).toEqual(
      ["unseen", "soft", "unseen"].map((reason) => ({ reason })),
    );
    expect(applyAll(sql, "users")).toBe(3);
    expect(liveCount(sql, "users")).toBe(7);
    expect(rowOf(sql, "users", "u9")).toMatchObject({ gone: "unseen" });
    expect(historyOf(sql, "u9").at(-1)).toMatchObject({ what: "removed", diff: { gone: [null, "unseen"] } });
  }));

test("what is gone already is not staged once more", () =>
  inDirectory((sql) => {
    write(sql, "users", users(3));
    round(sql, "users", [users(2)]);
    write(sql, "users", users(2), { full: true });
    expect(stageUnseen(sql, "users")).toBe(0);
  }));

test("the marks of one reading do not count in the next", () =>
  inDirectory((sql) => {
    round(sql, "users", [users(5)]);
    clearMarks(sql, "users");
    expect(stageUnseen(sql, "users")).toBe(5);
    dropStaged(sql, "users");
    expect(stagedCount(sql, "users")).toBe(0);
    expect(applyAll(sql, "users")).toBe(0);
  }));

test("who is staged and seen again alive is not removed", () =>
  inDirectory((sql) => {
    write(sql, "users", users(3));
    expect(stageUnseen(sql, "users")).toBe(3);
    write(sql, "users", users(1));
    expect(applyAll(sql, "users")).toBe(2);
    expect(rowOf(sql, "users", "u0")).toMatchObject({ gone_at: null });
  }));

test("removals are applied a bounded part at a time", () =>
  inDirectory((sql) => {
    write(sql, "users", users(25));
    stageUnseen(sql, "users");
    const part = () => applyStaged(sql, "users", { now: 1, history: true, limit: 10 });
    expect([part(), part(), part()]).toEqual([
      { removed: 10, left: true },
      { removed: 10, left: true },
      { removed: 5, left: false },
    ]);
  }));

test("a user deleted for good takes memberships, manager links and device links along", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana" }, { id: "bo", "manager@delta": [entry("ana")] }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana"), entry("bo")], "owners@delta": [entry("ana")] }]);
    write(sql, "managed_devices", [{ id: "m", userId: "ana", userPrincipalName: "ana@x.example" }]);
    round(sql, "users", [[tombstone("ana", "deleted")]], { full: false, now: 9 });
    const ana = sql.first<{ n: number }>("SELECT n FROM nodes WHERE id = 'ana'")?.n;
    expect(edgesOf(sql)).toEqual(["g member bo"]);
    expect(rowOf(sql, "users", "bo")).toMatchObject({ manager_n: null });
    expect(rowOf(sql, "devices", "intune:m")).toMatchObject({ user_n: null, user_address: "ana@x.example" });
    expect(historyOf(sql, "g").slice(-2)).toEqual([
      { kind: "members", what: "changed", diff: { added: [], removed: [ana] } },
      { kind: "owners", what: "changed", diff: { added: [], removed: [ana] } },
    ]);
    expect(historyOf(sql, "bo").at(-1)).toEqual({ kind: "users", what: "changed", diff: { manager_n: [ana, null] } });
    const before = sql.rowsWritten();
    write(sql, "managed_devices", [{ id: "m", userId: "ana", userPrincipalName: "ana@x.example" }]);
    expect(sql.rowsWritten()).toBe(before);
  }));

test("a soft-deleted user keeps memberships, manager links and device links for its return", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana" }, { id: "bo", "manager@delta": [entry("ana")] }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana")] }]);
    write(sql, "managed_devices", [{ id: "m", userId: "ana" }]);
    round(sql, "users", [[tombstone("ana")]], { full: false });
    round(sql, "users", [[{ id: "ana" }]], { full: false });
    const ana = rowOf(sql, "users", "ana");
    expect(ana).toMatchObject({ gone_at: null });
    expect(edgesOf(sql)).toEqual(["g member ana"]);
    expect(rowOf(sql, "users", "bo")?.["manager_n"]).toBe(ana?.["n"]);
    expect(rowOf(sql, "devices", "intune:m")?.["user_n"]).toBe(ana?.["n"]);
  }));

test("an edge that was deleted is not removed again when its number is used for another", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana")] }]);
    write(sql, "users", [{ id: "ana" }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana", { removed: true })] }]);
    round(sql, "users", [[tombstone("ana", "deleted")]], { full: false });
    write(sql, "groups", [{ id: "g", "members@delta": [entry("bo")] }]);
    expect(applyAll(sql, "members")).toBe(0);
    expect(edgesOf(sql)).toEqual(["g member bo"]);
  }));
