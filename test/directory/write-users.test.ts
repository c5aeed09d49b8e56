import { expect, test } from "vitest";
import { stagedCount } from "../../src/directory/write/removal.ts";
import { applyAll, entry, historyOf, idOfNode, inDirectory, round, rowOf, tombstone, write } from "./writing.ts";

const ANA = {
  id: "ana",
  displayName: "Ana",
  mail: "ana@contoso.example",
  userPrincipalName: "ana@contoso.onmicrosoft.example",
  accountEnabled: true,
  department: "Sales",
  createdDateTime: "2024-05-06T07:08:09Z",
  assignedLicenses: [{ skuId: "sku-b" }, { skuId: "sku-a", disabledPlans: [] }],
  businessPhones: ["+49 1", "+49 2"],
};

test("a user is stored with its mail as the address, booleans as numbers, times in ms and its licences sorted", () =>
  inDirectory((sql) => {
    expect(write(sql, "users", [ANA], { now: 5 })).toEqual({ seen: 1, written: 1, staged: 0, setAside: [] });
    expect(rowOf(sql, "users", "ana")).toMatchObject({
      name: "Ana",
      address: "ana@contoso.example",
      enabled: 1,
      created_at: Date.UTC(2024, 4, 6, 7, 8, 9),
      licences: '["sku-a","sku-b"]',
      business_phones: '["+49 1","+49 2"]',
      on_premises: null,
      since: 5,
      gone_at: null,
    });
    expect(historyOf(sql, "ana")).toEqual([{ kind: "users", what: "added", diff: null }]);
  }));

test("a user without mail is addressed by the principal name, also once the mail is taken away", () =>
  inDirectory((sql) => {
    write(sql, "users", [ANA]);
    write(sql, "users", [{ id: "ana", mail: null }]);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ mail: null, address: "ana@contoso.onmicrosoft.example" });
  }));

test("the times that stand for none are none", () =>
  inDirectory((sql) => {
    const none = {
      createdDateTime: "0001-01-01T00:00:00Z",
      lastPasswordChangeDateTime: "9999-12-31T23:59:59.9999999Z",
    };
    write(sql, "users", [{ ...ANA, ...none }]);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ created_at: null, password_changed_at: null });
  }));

test("the last word of a page about a user counts, and what one item leaves out another may tell", () =>
  inDirectory((sql) => {
    write(sql, "users", [
      { id: "ana", displayName: "An", city: "Kiel" },
      { id: "ana", displayName: "Ana" },
    ]);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ name: "Ana", city: "Kiel" });
    expect(historyOf(sql, "ana")).toHaveLength(1);
  }));

test("a replayed page writes nothing at all", () =>
  inDirectory((sql) => {
    const page = [{ ...ANA, "manager@delta": [entry("bo")] }, { id: "bo", displayName: "Bo" }, tombstone("nobody")];
    write(sql, "users", page);
    const before = sql.rowsWritten();
    expect(write(sql, "users", page)).toMatchObject({ seen: 3, written: 0, staged: 0 });
    expect(sql.rowsWritten()).toBe(before);
  }));

test("one changed field of a user costs three rows: its own, and two of the history", () =>
  inDirectory((sql) => {
    write(sql, "users", [ANA]);
    const before = sql.rowsWritten();
    write(sql, "users", [{ ...ANA, department: "Law" }]);
    expect(sql.rowsWritten() - before).toBe(3);
    expect(historyOf(sql, "ana").at(-1)).toEqual({
      kind: "users",
      what: "changed",
      diff: { department: ["Sales", "Law"] },
    });
  }));

test("where changes are followed an absent property stays and null clears it", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ ...ANA, city: "Kiel" }]);
    write(sql, "users", [{ id: "ana", city: null }]);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ department: "Sales", city: null });
  }));

test("where a full reading first sees a user what is absent is none; on its repeats absent stays", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ ...ANA, "manager@delta": [entry("bo")] }]);
    write(sql, "users", [{ id: "ana", displayName: "Ana", userPrincipalName: "ana@x.example" }], { full: true });
    expect(rowOf(sql, "users", "ana")).toMatchObject({
      department: null,
      mail: null,
      address: "ana@x.example",
      manager_n: null,
    });
    write(sql, "users", [{ id: "ana", department: "Law" }], { full: true });
    expect(rowOf(sql, "users", "ana")).toMatchObject({ name: "Ana", department: "Law" });
  }));

test("a manager who arrives later is the one that was meant", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana", "manager@delta": [entry("bo")] }]);
    write(sql, "users", [{ id: "bo", displayName: "Bo" }]);
    expect(idOfNode(sql, rowOf(sql, "users", "ana")?.["manager_n"])).toBe("bo");
  }));

test.each([
  ["the old one's end before the new one", [entry("bo", { removed: true }), entry("cy")], "cy"],
  ["the new one before the old one's end", [entry("cy"), entry("bo", { removed: true })], "cy"],
  ["the end alone", [entry("bo", { removed: true })], undefined],
  ["the end of one who was never it", [entry("dee", { removed: true })], "bo"],
])("a manager's change is understood when it tells %s", (_, told, manager) =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana", "manager@delta": [entry("bo")] }]);
    write(sql, "users", [{ id: "ana", "manager@delta": told }]);
    expect(idOfNode(sql, rowOf(sql, "users", "ana")?.["manager_n"])).toBe(manager);
  }),
);

test("a tombstone takes effect at the end of the round, and says whether the user may return", () =>
  inDirectory((sql) => {
    write(sql, "users", [ANA, { ...ANA, id: "bo" }]);
    expect(write(sql, "users", [tombstone("ana"), tombstone("bo", "deleted")])).toMatchObject({
      staged: 2,
      written: 0,
    });
    expect(rowOf(sql, "users", "ana")).toMatchObject({ gone_at: null });
    expect(applyAll(sql, "users", { now: 9 })).toBe(2);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ gone_at: 9, gone: "soft", name: "Ana" });
    expect(rowOf(sql, "users", "bo")).toMatchObject({ gone_at: 9, gone: "hard" });
    expect(historyOf(sql, "ana").at(-1)).toEqual({
      kind: "users",
      what: "removed",
      diff: { gone_at: [null, 9], gone: [null, "soft"] },
    });
  }));

test.each([
  ["in one page", (one: unknown, two: unknown) => [[one, two]]],
  ["in two pages", (one: unknown, two: unknown) => [[one], [two]]],
])("a user that follows its own tombstone %s is alive, and a tombstone that follows a user counts", (_, pages) =>
  inDirectory((sql) => {
    write(sql, "users", [ANA, { ...ANA, id: "bo" }]);
    for (const page of pages(tombstone("ana"), { id: "ana", city: "Kiel" })) write(sql, "users", page);
    for (const page of pages({ id: "bo", city: "Kiel" }, tombstone("bo"))) write(sql, "users", page);
    expect(applyAll(sql, "users")).toBe(1);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ gone_at: null, city: "Kiel" });
    expect(rowOf(sql, "users", "bo")).toMatchObject({ gone: "soft", city: "Kiel" });
  }),
);

test("a tombstone that says restorable does not call back one that says for good", () =>
  inDirectory((sql) => {
    write(sql, "users", [ANA]);
    round(sql, "users", [[tombstone("ana", "deleted")], [tombstone("ana")]], { full: false });
    expect(rowOf(sql, "users", "ana")).toMatchObject({ gone: "hard" });
  }));

test("a tombstone of a user that nobody ever told of leaves no trace", () =>
  inDirectory((sql) => {
    const before = sql.rowsWritten();
    expect(write(sql, "users", [tombstone("x", "deleted")], { full: true })).toMatchObject({
      seen: 1,
      written: 0,
      staged: 0,
    });
    expect(sql.rowsWritten()).toBe(before);
  }));

test("a tombstone of somebody who is known as a manager alone makes them gone, and for good without their reports", () =>
  inDirectory((sql) => {
    write(sql, "users", [
      { ...ANA, "manager@delta": [entry("bo")] },
      { id: "cy", "manager@delta": [entry("dee")] },
    ]);
    expect(write(sql, "users", [tombstone("bo"), tombstone("dee", "deleted")], { now: 7 })).toMatchObject({
      staged: 0,
    });
    expect(rowOf(sql, "users", "bo")).toMatchObject({ gone_at: 7, gone: "soft" });
    expect(idOfNode(sql, rowOf(sql, "users", "ana")?.["manager_n"])).toBe("bo");
    expect(rowOf(sql, "users", "cy")).toMatchObject({ manager_n: null });
  }));

test("a soft-deleted user that returns is restored with its manager and its reports", () =>
  inDirectory((sql) => {
    write(sql, "users", [
      { ...ANA, "manager@delta": [entry("bo")] },
      { id: "bo" },
      { id: "cy", "manager@delta": [entry("ana")] },
    ]);
    round(sql, "users", [[tombstone("ana")]], { full: false, now: 2 });
    round(sql, "users", [[{ ...ANA, department: "Law" }]], { full: false, now: 3 });
    const row = rowOf(sql, "users", "ana");
    expect(row).toMatchObject({ gone_at: null, gone: null, department: "Law", since: 1_000 });
    expect(idOfNode(sql, row?.["manager_n"])).toBe("bo");
    expect(rowOf(sql, "users", "cy")?.["manager_n"]).toBe(row?.["n"]);
    expect(historyOf(sql, "ana").at(-1)).toEqual({
      kind: "users",
      what: "restored",
      diff: { gone_at: [2, null], gone: ["soft", null], department: ["Sales", "Law"] },
    });
  }));

test("a user deleted for good after it was deleted loses its links then, without a gate", () =>
  inDirectory((sql) => {
    write(sql, "users", [ANA, { id: "cy", "manager@delta": [entry("ana")] }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana")] }]);
    round(sql, "users", [[tombstone("ana")]], { full: false });
    expect(write(sql, "users", [tombstone("ana", "deleted")])).toMatchObject({ staged: 0 });
    expect(stagedCount(sql, "users")).toBe(0);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ gone: "hard" });
    expect(rowOf(sql, "users", "cy")).toMatchObject({ manager_n: null });
    expect(sql.all("SELECT e FROM edges")).toEqual([]);
    expect(historyOf(sql, "ana").at(-1)).toEqual({ kind: "users", what: "removed", diff: { gone: ["soft", "hard"] } });
    const before = sql.rowsWritten();
    write(sql, "users", [tombstone("ana", "deleted"), tombstone("ana")]);
    expect(sql.rowsWritten()).toBe(before);
  }));

test("nobody gets a manager who was deleted for good, even where an older word says so", () =>
  inDirectory((sql) => {
    write(sql, "users", [ANA, { id: "bo" }]);
    round(sql, "users", [[tombstone("bo", "deleted")]], { full: false });
    write(sql, "users", [{ id: "ana", "manager@delta": [entry("bo")] }]);
    expect(rowOf(sql, "users", "ana")).toMatchObject({ manager_n: null });
  }));

test("nothing goes into the history while users are copied for the first time", () =>
  inDirectory((sql) => {
    round(
      sql,
      "users",
      [
        [ANA, { ...ANA, id: "bo" }],
        [{ id: "ana", city: "Kiel" }, tombstone("bo")],
      ],
      { history: false },
    );
    expect(sql.all("SELECT c FROM changes")).toEqual([]);
    expect(rowOf(sql, "users", "bo")).toMatchObject({ gone: "soft" });
  }));
