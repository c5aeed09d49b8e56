import * as fc from "fast-check";
import { expect, test } from "vitest";
import { ask, idsOf, type Shown, walk } from "./reading.ts";
import { entry, inDirectory, round, tombstone, write } from "./writing.ts";
import { changeResource } from "../../src/directory/store/state.ts";
import type { Sql } from "../../src/directory/store/sql.ts";

const NAMES = ["Ana", "bo", "Chidi", "Élodie", "dagny"];
const USERS = ["u1", "u2", "u3", "u4"];
const GROUPS = ["g1", "g2", "g3"];
const DEVICES = ["d1", "d2"];

const Change = fc.oneof(
  fc.record({
    kind: fc.constant("user" as const),
    id: fc.constantFrom(...USERS),
    name: fc.constantFrom(...NAMES),
    department: fc.constantFrom("IT", "Sales", null),
    enabled: fc.boolean(),
    manager: fc.constantFrom(...USERS, null),
  }),
  fc.record({ kind: fc.constant("group" as const), id: fc.constantFrom(...GROUPS), name: fc.constantFrom(...NAMES) }),
  fc.record({ kind: fc.constant("device" as const), id: fc.constantFrom(...DEVICES), name: fc.constantFrom(...NAMES) }),
  fc.record({
    kind: fc.constant("member" as const),
    id: fc.constantFrom(...GROUPS),
    member: fc.constantFrom(...USERS, ...GROUPS),
    removed: fc.boolean(),
  }),
  fc.record({
    kind: fc.constant("tombstone" as const),
    id: fc.constantFrom(...USERS, ...GROUPS, ...DEVICES),
    hard: fc.boolean(),
  }),
);
type Change = typeof Change extends fc.Arbitrary<infer T> ? T : never;

function apply(sql: Sql, change: Change, now: number): void {
  const how = { full: false, now };
  if (change.kind === "user") {
    const { id, name, department, enabled, manager } = change;
    const link = manager === null ? [] : [entry(manager)];
    const item = { id, displayName: name, department, accountEnabled: enabled, "manager@delta": link };
    return round(sql, "users", [[item]], how);
  }
  if (change.kind === "group") return round(sql, "groups", [[{ id: change.id, displayName: change.name }]], how);
  if (change.kind === "device") return round(sql, "devices", [[{ id: change.id, displayName: change.name }]], how);
  if (change.kind === "member") {
    const { id, member, removed } = change;
    const type = GROUPS.includes(member) ? "group" : "user";
    return round(sql, "groups", [[{ id, "members@delta": [entry(member, { type, removed })] }]], how);
  }
  const resource = USERS.includes(change.id) ? "users" : GROUPS.includes(change.id) ? "groups" : "devices";
  return round(sql, resource, [[tombstone(change.id, change.hard ? "deleted" : "changed")]], how);
}

function begin(sql: Sql): void {
  for (const table of [
    "nodes",
    "users",
    "groups",
    "devices",
    "edges",
    "ended_edges",
    "changes",
    "staged",
    "marks",
    "resources",
  ])
    sql.run(`DELETE FROM ${table}`);
  const how = { now: 1_000, history: false };
  round(sql, "users", [USERS.slice(0, 3).map((id, index) => ({ id, displayName: NAMES[index] }))], how);
  const members = { "members@delta": [entry("u1"), entry("g2", { type: "group" })] };
  round(sql, "groups", [GROUPS.slice(0, 2).map((id) => ({ id, displayName: id, ...(id === "g1" && members) }))], how);
  round(sql, "devices", [[{ id: "d1", displayName: "one" }]], how);
  for (const name of ["users", "groups", "devices"] as const) changeResource(sql, name, { history_from: 1_000 });
}

const QUESTIONS = [
  "users?limit=2",
  "users?sort=-department",
  "users?department=it",
  "users?enabled=true&sort=-name&count=true",
  "users?q=%C3%A9l&count=true",
  "users?q=b",
  "users?manager=u1",
  "users?manager=",
  "users?group=g1&count=true",
  "users?id=u1&id=u4",
  "groups",
  "groups?q=a&count=true",
  "devices?sort=-name",
  "groups/g1/members?count=true",
  "groups/g1/members?transitive=true&sort=-name&count=true",
  "groups/g2/members?transitive=true&q=a",
  "groups/g1/members?transitive=true&direct=false&type=user",
  "users/u1/groups",
  "users/u1/groups?transitive=true",
];

/** What the history does not have. */
const UNRECORDED = ["last_sign_in_at", "last_non_interactive_at", "last_success_at", "last_seen_at", "last_sync_at"];

/** Every question's answer, page by page; a failure is an answer too. */
function answers(sql: Sql, now: number, asOf?: number): unknown {
  return QUESTIONS.map((question) => {
    const past = asOf === undefined ? "" : `&as_of=${new Date(asOf).toISOString()}`;
    const url = `${question}${question.includes("?") ? "" : "?limit=100"}${past}`;
    try {
      const { rows, count } = ask(sql, url, { now });
      const known = rows.map((row): Shown =>
        Object.fromEntries(Object.entries(row).filter(([name]) => !UNRECORDED.includes(name))),
      );
      return { question, rows: known, count };
    } catch (error) {
      return { question, error: String(error) };
    }
  });
}

test("what is asked as of a time is answered as it was answered then", async () => {
  await inDirectory((sql) => {
    fc.assert(
      fc.property(fc.array(Change, { minLength: 1, maxLength: 14 }), (changes) => {
        begin(sql);
        const remembered: [number, unknown][] = [[1_500, answers(sql, 1_500)]];
        for (const [index, change] of changes.entries()) {
          const now = 2_000 + index * 1_000;
          apply(sql, change, now);
          remembered.push([now + 500, answers(sql, now + 500)]);
        }
        const now = 1_000_000;
        for (const [at, then] of remembered) expect(answers(sql, now, at)).toEqual(then);
      }),
      { numRuns: 60 },
    );
  });
}, 60_000);

test("pages of the past are turned while the present is written", async () => {
  await inDirectory((sql) => {
    begin(sql);
    const users = Array.from({ length: 60 }, (_, index) => ({ id: `many-${index}`, displayName: `Name ${index % 7}` }));
    write(sql, "users", users, { now: 2_000 });
    const asOf = new Date(2_500).toISOString();
    const expected = idsOf(walk(sql, "users", { limit: 1_000 }));
    let now = 3_000;
    const between = () => {
      now += 1_000;
      write(sql, "users", [{ id: `many-${now % 60}`, displayName: `Other ${now % 11}` }, { id: `new-${now}` }], {
        now,
      });
    };
    expect(idsOf(walk(sql, `users?as_of=${asOf}`, { limit: 7, between, now: 1_000_000 }))).toEqual(expected);
    expect(idsOf(walk(sql, "users", { limit: 1_000 }))).not.toEqual(expected);
  });
});

test("before the history begins, after now, and of what it does not have nothing can be asked", async () => {
  await inDirectory((sql) => {
    begin(sql);
    const at = (ms: number) => new Date(ms).toISOString();
    expect(() => ask(sql, `users?as_of=${at(999)}`, { now: 5_000 })).toThrow(
      "expected a time since 1970-01-01T00:00:01.000Z",
    );
    expect(() => ask(sql, `users?as_of=${at(5_001)}`, { now: 5_000 })).toThrow("expected a time that has passed");
    const late = 200 * 86_400_000;
    expect(() => ask(sql, `users?as_of=${at(2_000)}`, { now: late })).toThrow(
      `expected a time since ${at(late - 90 * 86_400_000)}`,
    );
    for (const query of [
      "inactive_days=30",
      "has_devices=true",
      "sort=last_sign_in_at",
      "last_success_at_before=2026-01-01T00:00:00Z",
    ])
      expect(() => ask(sql, `users?as_of=${at(2_000)}&${query}`, { now: 5_000 })).toThrow(
        "the history does not have it",
      );
    changeResource(sql, "devices", { history_from: null });
    expect(() => ask(sql, `devices?as_of=${at(2_000)}`, { now: 5_000 })).toThrow("there is no history of devices yet");
  });
});
