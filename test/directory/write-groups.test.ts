import { expect, test } from "vitest";
import { stagedCount } from "../../src/directory/write/removal.ts";
import { applyAll, edgesOf, entry, historyOf, inDirectory, round, rowOf, tombstone, write } from "./writing.ts";

test.each([
  [["Unified"], true, false, "m365", 0],
  [["Unified"], true, true, "m365", 0],
  [[], false, true, "security", 0],
  [[], true, true, "mail_security", 0],
  [[], true, false, "distribution", 0],
  [["DynamicMembership"], false, true, "security", 1],
  [["Unified", "DynamicMembership"], true, false, "m365", 1],
])(
  "a group of types %j with mail %j and security %j is %s",
  (groupTypes, mailEnabled, securityEnabled, kind, dynamic) =>
    inDirectory((sql) => {
      write(sql, "groups", [{ id: "g", displayName: "G", groupTypes, mailEnabled, securityEnabled }]);
      expect(rowOf(sql, "groups", "g")).toMatchObject({ name: "G", kind, dynamic });
    }),
);

test("what kind a group is stays true when a change tells only one of the things that decide it", () =>
  inDirectory((sql) => {
    write(sql, "groups", [
      { id: "m", groupTypes: ["Unified", "DynamicMembership"], mailEnabled: true, securityEnabled: false },
      { id: "s", groupTypes: [], mailEnabled: true, securityEnabled: true },
    ]);
    write(sql, "groups", [
      { id: "m", securityEnabled: true },
      { id: "s", mailEnabled: false },
    ]);
    expect(rowOf(sql, "groups", "m")).toMatchObject({ kind: "m365", dynamic: 1 });
    expect(rowOf(sql, "groups", "s")).toMatchObject({ kind: "security", dynamic: 0 });
  }));

test("members of every kind and owners are kept, also of objects that have not arrived", () =>
  inDirectory((sql) => {
    const members = ["user", "group", "device", "servicePrincipal", "orgContact", "agentOfTomorrow"];
    const item = {
      id: "g",
      "members@delta": members.map((type) => entry(`a-${type}`, { type })),
      "owners@delta": [entry("a-user")],
    };
    expect(write(sql, "groups", [item])).toMatchObject({ written: 1 + members.length + 1 });
    expect(edgesOf(sql)).toEqual([...members.map((type) => `g member a-${type}`), "g owner a-user"].toSorted());
    expect(sql.all("SELECT id, type FROM nodes WHERE id LIKE 'a-%' ORDER BY type")).toEqual(
      ["agentOfTomorrow", ...members.slice(0, 5)].map((type, at) => ({ id: `a-${type}`, type: at })),
    );
  }));

test("a member of an unknown type that turns out to be a user is one", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "g", "members@delta": [{ id: "ana" }] }]);
    write(sql, "users", [{ id: "ana" }]);
    expect(sql.first("SELECT type FROM nodes WHERE id = 'ana'")).toEqual({ type: 1 });
  }));

test("slices of a big group are merged, whether they come on several items or on several pages", () =>
  inDirectory((sql) => {
    const slice = (...ids: string[]) => ({ id: "g", "members@delta": ids.map((id) => entry(id)) });
    round(sql, "groups", [
      [{ ...slice("a", "b"), displayName: "Big" }, slice("c")],
      [slice("d"), slice("b", "e")],
    ]);
    expect(edgesOf(sql)).toEqual(["a", "b", "c", "d", "e"].map((id) => `g member ${id}`));
    expect(rowOf(sql, "groups", "g")).toMatchObject({ name: "Big" });
  }));

test.each([
  ["added then removed", [entry("a"), entry("a", { removed: true })], []],
  ["removed then added", [entry("a", { removed: true }), entry("a")], ["g member a"]],
])("a member that a page says is %s is what was said last", (_, entries, edges) =>
  inDirectory((sql) => {
    for (const known of [false, true]) {
      if (known) write(sql, "groups", [{ id: "g", "members@delta": [entry("a")] }]);
      write(sql, "groups", [{ id: "g", "members@delta": entries }]);
      applyAll(sql, "members");
      expect(edgesOf(sql)).toEqual(edges);
    }
  }),
);

test("a removed member stays until the end of the round, and the history names it", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "g", "members@delta": [entry("a"), entry("b")], "owners@delta": [entry("a")] }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("a", { removed: true })] }]);
    expect(edgesOf(sql)).toHaveLength(3);
    expect(stagedCount(sql, "members")).toBe(1);
    expect(applyAll(sql, "members")).toBe(1);
    expect(edgesOf(sql)).toEqual(["g member b", "g owner a"]);
    const [a, b] = ["a", "b"].map((id) => sql.first<{ n: number }>("SELECT n FROM nodes WHERE id = ?", id)?.n);
    expect(historyOf(sql, "g")).toEqual([
      { kind: "groups", what: "added", diff: null },
      { kind: "members", what: "changed", diff: { added: [a, b], removed: [] } },
      { kind: "owners", what: "changed", diff: { added: [a], removed: [] } },
      { kind: "members", what: "changed", diff: { added: [], removed: [a] } },
    ]);
  }));

test("a member that is added again before the end of the round is not removed", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "g", "members@delta": [entry("a")] }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("a", { removed: true })] }]);
    write(sql, "groups", [{ id: "g", "members@delta": [entry("a")] }]);
    expect(applyAll(sql, "members")).toBe(0);
    expect(edgesOf(sql)).toEqual(["g member a"]);
  }));

test("a member's end that nobody ever told the beginning of is no news", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "g", displayName: "G" }]);
    const before = sql.rowsWritten();
    write(sql, "groups", [{ id: "g", "members@delta": [entry("x", { removed: true })] }]);
    expect(sql.rowsWritten()).toBe(before);
  }));

test("5,000 members that are told again write nothing, and in a full reading their marks alone", () =>
  inDirectory((sql) => {
    const page = [
      { id: "g", displayName: "G", "members@delta": Array.from({ length: 5_000 }, (_, at) => entry(`u${at}`)) },
    ];
    expect(write(sql, "groups", page)).toMatchObject({ written: 5_001, setAside: [] });
    const before = sql.rowsWritten();
    write(sql, "groups", page);
    expect(sql.rowsWritten()).toBe(before);
    write(sql, "groups", page, { full: true });
    expect(sql.rowsWritten() - before).toBeLessThanOrEqual(3);
  }));

test("a full reading removes the members that it did not see, but not those of whom it could not tell", () =>
  inDirectory((sql) => {
    const group = (...members: string[]) => ({ id: "g", "members@delta": members.map((id) => entry(id)) });
    write(sql, "users", [{ id: "kept" }, { id: "left" }, { id: "deleted" }, { id: "staged" }]);
    write(sql, "groups", [group("kept", "left", "deleted", "staged"), { id: "h", "members@delta": [entry("kept")] }]);
    round(sql, "users", [[tombstone("deleted")]], { full: false });
    write(sql, "users", [tombstone("staged")]);
    round(sql, "groups", [[group("kept")]]);
    expect(edgesOf(sql)).toEqual(["g member deleted", "g member kept", "g member staged", "h member kept"]);
    expect(rowOf(sql, "groups", "h")).toMatchObject({ gone: "unseen" });
  }));

test("a group deleted for good loses its members and its own memberships, a bounded part at a time", () =>
  inDirectory((sql) => {
    const many = Array.from({ length: 25 }, (_, at) => entry(`u${at}`));
    write(sql, "groups", [
      { id: "g", "members@delta": many },
      { id: "h", "members@delta": [entry("g", { type: "group" }), entry("u1")] },
    ]);
    write(sql, "groups", [tombstone("g", "deleted")]);
    expect(applyAll(sql, "groups", { limit: 10 })).toBe(1);
    expect(edgesOf(sql)).toEqual(["h member u1"]);
    expect(rowOf(sql, "groups", "g")).toMatchObject({ gone: "hard" });
  }));
