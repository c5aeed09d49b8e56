import { expect, test } from "vitest";
import { deleteEdges, type Edge } from "../../src/directory/write/edge-rows.ts";
import { ask, idsOf, walk } from "./reading.ts";
import { seed, seededId, SEEDED_UNTIL } from "./seed.ts";
import { inDirectory, write } from "./writing.ts";

test("a beginning that everybody shares, and a group that everybody is in, give everybody that is meant", async () => {
  await inDirectory((sql) => {
    const users = 22_000;
    seed(sql, { users, groups: 40, members: 0, devices: 0, signIns: 0, nested: 0 });
    sql.run("UPDATE users SET name = 'Same ' || name WHERE n % 11 <> 0");
    const group = seededId(users + 5);
    sql.run(
      "INSERT INTO edges (group_n, role, member_n, since) SELECT ?, 1, n, 0 FROM users WHERE n % 13 <> 0",
      users + 5,
    );
    const all = walk(sql, "users?fields=id,name,department", { limit: 1_000 });
    const same = all.filter(({ name }) => String(name).startsWith("Same "));
    const members = new Set(walk(sql, `groups/${group}/members?fields=id`, { limit: 1_000 }).map(({ id }) => id));
    expect([same.length, members.size]).toEqual([20_000, 20_308]);
    const inIt = all.filter(({ id }) => members.has(id));
    const expectSame = (query: string, rows: typeof all) => {
      expect(idsOf(walk(sql, `users?fields=id&${query}`, { limit: 1_000 })), query).toEqual(idsOf(rows));
      expect(ask(sql, `users?${query}&count=true&limit=1`).count, query).toBe(rows.length);
    };
    expectSame("q=SAME", same);
    expectSame(
      "q=same&department=it",
      same.filter(({ department }) => department === "IT"),
    );
    expectSame(`group=${group}`, inIt);
    expectSame(`group=${group}&sort=-name`, inIt.toReversed());
    expectSame(
      `group=${group}&department=it&q=same`,
      inIt.filter((one) => same.includes(one) && one["department"] === "IT"),
    );
  });
});

const QUESTIONS = [
  "users",
  "users?sort=-name",
  "users?sort=address",
  "users?department=it",
  "users?department=it&sort=-name",
  "users?job_title=title%207&city=oslo",
  "users?name=moved%20100",
  "users?q=ana%20abe",
  "users?sort=department",
];

test("the past of many is theirs, however many of them have changed in what is asked for", async () => {
  await inDirectory((sql) => {
    seed(sql, { users: 9_000, groups: 10, members: 0, devices: 0, signIns: 0, nested: 0 });
    sql.run("UPDATE users SET name = NULL WHERE n % 10 = 9");
    const now = SEEDED_UNTIL;
    const then = QUESTIONS.map((query) => walk(sql, query, { limit: 1_000 }));
    const asOf = new Date(now - 50_000).toISOString();
    const past = (query: string) => `${query}${query.includes("?") ? "&" : "?"}as_of=${asOf}`;
    const expectSame = (after: string) => {
      for (const [index, query] of QUESTIONS.entries()) {
        const rows = walk(sql, past(query), { limit: 1_000 });
        expect(idsOf(rows), `${query} ${after}`).toEqual(idsOf(then[index] ?? []));
        expect(ask(sql, past(`${query}${query.includes("?") ? "&" : "?"}count=true`)).count, query).toBe(rows.length);
        expect(rows[0]?.["name"], query).toBe(then[index]?.[0]?.["name"]);
      }
    };
    const change = (at: number, to: (n: number) => Record<string, unknown> | undefined) => {
      const items = Array.from({ length: 9_000 }, (_, index) => {
        const values = to(index + 1);
        return values ? [{ id: seededId(index + 1), ...values }] : [];
      });
      write(sql, "users", items.flat(), { now: now - 50_000 + at });
    };
    change(1_000, (n) => (n % 3 === 0 ? { department: "Other", city: null } : undefined));
    expectSame("when some have moved");
    change(2_000, (n) => ({ displayName: `Moved ${n}` }));
    expectSame("when all are called otherwise");
    sql.run("UPDATE users SET gone_at = ?, gone = 'soft' WHERE n % 4 = 0", now - 47_000);
    sql.run(
      `INSERT INTO changes (at, kind, n, what, diff)
       SELECT gone_at, 'users', n, 'removed', json_object('gone_at', json_array(NULL, gone_at)) FROM users WHERE gone_at > 0`,
    );
    expectSame("when some have gone");
    change(4_000, (n) =>
      n % 8 === 0 ? { displayName: `Back ${n}` } : n % 4 === 0 ? undefined : { displayName: "Zoe" },
    );
    expectSame("when some are back");
  });
}, 60_000);

test("memberships that ended by the hundred thousand are still there in the past", async () => {
  await inDirectory((sql) => {
    const users = 60_000;
    seed(sql, { users, groups: 6, members: 0, devices: 0, signIns: 0, nested: 0 });
    sql.run("UPDATE nodes SET type = 1 WHERE n <= ?", users);
    sql.run(
      `INSERT INTO edges (group_n, role, member_n, since)
       SELECT g.n, 1, u.n, 0 FROM groups AS g CROSS JOIN users AS u WHERE g.n > ?`,
      users + 1,
    );
    sql.run("INSERT INTO edges (group_n, role, member_n, since) VALUES (?, 1, ?, 0)", users + 1, users + 2);
    const edges = sql.all<Edge>("SELECT e, group_n, role, member_n FROM edges");
    sql.transaction(() => deleteEdges(sql, edges, { now: SEEDED_UNTIL - 1_000, history: true }));
    const asOf = `as_of=${new Date(SEEDED_UNTIL - 2_000).toISOString()}`;
    const nested = `groups/${seededId(users + 1)}/members?transitive=true&count=true&limit=1`;
    expect(ask(sql, nested).count).toBe(0);
    expect(ask(sql, `${nested}&${asOf}`).count).toBe(users + 1);
    expect(ask(sql, `users/${seededId(5)}/groups?transitive=true&${asOf}`).rows).toHaveLength(6);
  });
}, 60_000);
