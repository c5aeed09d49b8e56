import { expect, test } from "vitest";
import { purge } from "../../src/directory/write/removal.ts";
import { edgesOf, entry, historyOf, inDirectory, round, rowOf, tombstone, write } from "./writing.ts";

const DAY = 86_400_000;
const at = (day: number) => new Date(day * DAY).toISOString();

test("history is kept for 90 days", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana" }], { now: 0 });
    write(sql, "users", [{ id: "ana", city: "Kiel" }], { now: 5 * DAY });
    expect(purge(sql, 90 * DAY, 100)).toMatchObject({ history: 0, left: false });
    expect(purge(sql, 90 * DAY + 1, 100)).toMatchObject({ history: 1, left: false });
    expect(historyOf(sql, "ana")).toHaveLength(1);
  }));

test("a membership that has ended is kept for 90 days", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana"), entry("bo")] }], { now: 0, history: false });
    const leaves = (id: string, now: number) =>
      round(sql, "groups", [[{ id: "g", "members@delta": [entry(id, { removed: true })] }]], { full: false, now });
    leaves("ana", 5 * DAY);
    leaves("bo", 6 * DAY);
    const ended = () => sql.all("SELECT since, until FROM ended_edges");
    purge(sql, 95 * DAY, 100);
    expect(ended()).toHaveLength(2);
    expect(purge(sql, 95 * DAY + 1, 100)).toMatchObject({ history: 2, left: false });
    expect(ended()).toEqual([{ since: 0, until: 6 * DAY }]);
  }));

test("what has been gone for more than 30 days loses its links, which the history records, and for more than 90 its row and node", () =>
  inDirectory((sql) => {
    write(sql, "users", [{ id: "ana" }, { id: "bo", "manager@delta": [entry("ana")] }], { now: 0 });
    write(sql, "groups", [{ id: "g", "members@delta": [entry("ana"), entry("bo")] }], { now: 0 });
    round(sql, "users", [[tombstone("ana")]], { full: false, now: 0 });
    expect(purge(sql, 30 * DAY, 100)).toMatchObject({ links: 0 });
    expect(purge(sql, 30 * DAY + 1, 100)).toMatchObject({ links: 2, rows: 0, left: false });
    expect(edgesOf(sql)).toEqual(["g member bo"]);
    expect(rowOf(sql, "users", "bo")).toMatchObject({ manager_n: null });
    expect(historyOf(sql, "g").at(-1)).toMatchObject({ kind: "members", diff: { added: [], removed: [1] } });
    expect(purge(sql, 90 * DAY + 1, 100)).toMatchObject({ rows: 1 });
    expect(rowOf(sql, "users", "ana")).toBeUndefined();
    expect(sql.all("SELECT id FROM nodes ORDER BY n")).toEqual([{ id: "bo" }, { id: "g" }]);
    expect(rowOf(sql, "users", "bo")).toBeDefined();
  }));

test("a node that something still refers to stays", () =>
  inDirectory((sql) => {
    write(sql, "groups", [{ id: "ana" }, { id: "h" }], { now: 0, history: false });
    round(sql, "groups", [[tombstone("ana")]], { full: false, now: 0, history: false });
    write(sql, "users", [{ id: "ana" }], { now: 0, history: false });
    expect(purge(sql, 91 * DAY, 100)).toMatchObject({ rows: 1 });
    expect(rowOf(sql, "users", "ana")).toBeDefined();
  }));

test("logs are kept for 90 days, and alerts for 90 days after their last change", () =>
  inDirectory((sql) => {
    write(sql, "sign_ins", [
      { id: "s1", createdDateTime: at(0) },
      { id: "s2", createdDateTime: at(5) },
    ]);
    write(sql, "directory_audits", [{ id: "d", activityDateTime: at(0) }]);
    write(sql, "alerts", [
      { id: "a1", createdDateTime: at(0), lastUpdateDateTime: at(50) },
      { id: "a2", createdDateTime: at(0) },
    ]);
    expect(purge(sql, 91 * DAY, 100)).toMatchObject({ logs: 3, left: false });
    expect(sql.all("SELECT id FROM sign_ins UNION ALL SELECT id FROM alerts")).toEqual([{ id: "s2" }, { id: "a1" }]);
  }));

test("one call removes so much and says whether there is more", () =>
  inDirectory((sql) => {
    write(
      sql,
      "sign_ins",
      Array.from({ length: 25 }, (_, n) => ({ id: `s${n}`, createdDateTime: at(0) })),
    );
    write(
      sql,
      "users",
      Array.from({ length: 10 }, (_, n) => ({ id: `u${n}` })),
      { now: 0 },
    );
    const parts = Array.from({ length: 5 }, () => purge(sql, 91 * DAY, 10));
    expect(parts.map(({ history, logs, left }) => [history, logs, left])).toEqual([
      [10, 0, true],
      [0, 10, true],
      [0, 10, true],
      [0, 5, false],
      [0, 0, false],
    ]);
  }));
