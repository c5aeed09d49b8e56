import { expect, test } from "vitest";
import { ask, idsOf, walk } from "./reading.ts";
import { seed, seededId } from "./seed.ts";
import { inDirectory } from "./writing.ts";

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
