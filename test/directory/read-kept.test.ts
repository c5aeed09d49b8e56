import { expect, test } from "vitest";
import { ask, idsOf, walk } from "./reading.ts";
import { seed } from "./seed.ts";
import { inDirectory } from "./writing.ts";

const SIZE = { users: 2_500, groups: 0, members: 0, devices: 0, signIns: 0, nested: 0 };
const QUERIES = [
  "users?sort=department",
  "users?sort=-type",
  "users?sort=last_sign_in_at",
  "users?sort=-last_sign_in_at",
  "users?type=member&sort=-name",
  "users?has_devices=false",
  "users?inactive_days=30",
];

test("a list is the same whatever its pages are, and wherever one begins to turn them", async () => {
  await inDirectory((sql) => {
    seed(sql, SIZE);
    for (const query of QUERIES) {
      const touch = () => sql.run("UPDATE users SET since = since WHERE n = 1");
      const rows = idsOf(walk(sql, query, { limit: 1_000, between: touch }));
      expect(new Set(rows).size, query).toBe(rows.length);
      expect(idsOf(walk(sql, query, { limit: 1_000 })), query).toEqual(rows);
      expect(idsOf(walk(sql, query, { limit: 170 })), query).toEqual(rows);
      expect(ask(sql, `${query}&count=true&limit=1`).count, query).toBe(rows.length);
      const first = ask(sql, `${query}&limit=300`).next;
      touch();
      const second = ask(sql, `${query}&limit=300`, first && { after: first });
      expect(idsOf(second.rows), query).toEqual(rows.slice(300, 600));
      // In the middle of what was read for the page before, and again from there.
      for (const limit of [100, 100, 900])
        expect(idsOf(ask(sql, `${query}&limit=${limit}`, second.next && { after: second.next }).rows), query).toEqual(
          rows.slice(600, 600 + limit),
        );
    }
  });
}, 30_000);

test("what is written shows at once in a list that was just read, on its first page and on a later one", async () => {
  await inDirectory((sql) => {
    seed(sql, { ...SIZE, users: 600 });
    const query = "users?department=it&sort=-job_title&limit=20&count=true";
    const { rows, next, count = 0 } = ask(sql, query);
    const [first] = idsOf(rows);
    const later = idsOf(ask(sql, query, next && { after: next }).rows);
    sql.run(
      "UPDATE users SET department = 'HR' WHERE n IN (SELECT n FROM nodes WHERE id IN (?, ?))",
      first ?? "",
      later[0] ?? "",
    );
    const again = ask(sql, query);
    expect(idsOf(again.rows)).toEqual([...idsOf(rows).slice(1), ...later.slice(1, 2)]);
    expect(again.count).toBe(count - 2);
    expect(idsOf(ask(sql, query, next && { after: next }).rows)[0]).toBe(later[1]);
  });
});
