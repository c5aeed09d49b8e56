import { expect, test } from "vitest";
import { ask, walk } from "./reading.ts";
import { entry, inDirectory, round, tombstone, write } from "./writing.ts";

const NOW = 100_000;
const at = (ms: number) => new Date(ms).toISOString();

test("changes tell what became of whom, the newest first, fields by their old and new values", async () => {
  await inDirectory((sql) => {
    write(
      sql,
      "users",
      [
        { id: "u1", displayName: "Ana" },
        { id: "u2", displayName: "Bo" },
      ],
      { now: 1_000 },
    );
    write(sql, "users", [{ id: "u1", accountEnabled: false, "manager@delta": [entry("u2")] }], { now: 2_000 });
    write(sql, "groups", [{ id: "g1", displayName: "Ops", "members@delta": [entry("u1"), entry("u2")] }], {
      now: 3_000,
    });
    round(sql, "groups", [[{ id: "g1", "members@delta": [entry("u2", { removed: true })] }]], {
      full: false,
      now: 4_000,
    });
    round(sql, "users", [[tombstone("u1")]], { full: false, now: 5_000 });
    const rows = walk(sql, "changes", { limit: 2, now: NOW });
    expect(rows.map(({ at: when, kind, id, what }) => [when, kind, id, what])).toEqual([
      [at(5_000), "users", "u1", "removed"],
      [at(4_000), "members", "g1", "changed"],
      [at(3_000), "members", "g1", "changed"],
      [at(3_000), "groups", "g1", "added"],
      [at(2_000), "users", "u1", "changed"],
      [at(1_000), "users", "u2", "added"],
      [at(1_000), "users", "u1", "added"],
    ]);
    expect(rows[4]?.["changes"]).toEqual({
      enabled: { old: null, new: false },
      manager: { old: null, new: "u2" },
    });
    expect(rows.slice(1, 3).map(({ changes }) => changes)).toEqual([
      { added: [], removed: ["u2"] },
      { added: ["u1", "u2"], removed: [] },
    ]);
    expect(walk(sql, "changes?sort=at", { limit: 3, now: NOW })).toEqual(rows.toReversed());
    const count = (query: string) => ask(sql, `changes?${query}&count=true`, { now: NOW }).count;
    expect(count("kind=members")).toBe(2);
    expect(count("kind=users&kind=groups")).toBe(5);
    expect(count("id=u1")).toBe(3);
    expect(count("what=added&kind=users")).toBe(2);
    expect(count(`from=${at(2_000)}&to=${at(4_000)}`)).toBe(3);
    expect(() => ask(sql, "changes?id=nobody", { now: NOW })).toThrow("There is no such object.");
    expect(() => ask(sql, "changes?kind=planets", { now: NOW })).toThrow("expected one of users, groups");
  });
});

test("records of thousands of members end a page early, and none is lost", async () => {
  await inDirectory((sql) => {
    for (let index = 0; index < 8; index += 1) {
      const members = Array.from({ length: 100_000 }, (_, member) => member);
      sql.run(
        "INSERT INTO changes (at, kind, n, what, diff) VALUES (?, 'members', 1, 'changed', ?)",
        index,
        JSON.stringify({ added: members }),
      );
    }
    const first = ask(sql, "changes?limit=1000", { now: NOW });
    expect(first.rows.length).toBeLessThan(8);
    expect(first.next).toBeDefined();
    expect(walk(sql, "changes", { limit: 1_000, now: NOW })).toHaveLength(8);
  });
});
