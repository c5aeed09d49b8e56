import { expect, test } from "vitest";
import { changeResource } from "../../src/directory/store/state.ts";
import { ask, idsOf, walk } from "./reading.ts";
import { seed } from "./seed.ts";
import { inDirectory } from "./writing.ts";

/** Every number that comes with a query, wherever it stands. */
function counted(value: unknown): { count: number; query: string }[] {
  if (typeof value !== "object" || value === null) return [];
  const own = value as { count?: unknown; query?: unknown };
  const here =
    typeof own.count === "number" && typeof own.query === "string" ? [{ count: own.count, query: own.query }] : [];
  return [...here, ...Object.values(value).flatMap(counted)];
}

test("every figure has the query that lists exactly the rows it counts", async () => {
  await inDirectory((sql) => {
    seed(sql, { users: 900, groups: 40, members: 200, devices: 300, signIns: 2_000, nested: 0 });
    sql.run("UPDATE users SET gone_at = 1 WHERE n % 50 = 0");
    sql.run("UPDATE users SET enabled = 0 WHERE n BETWEEN 20 AND 40");
    sql.run("UPDATE devices SET os = 'WINDOWS' WHERE n % 7 = 0 AND os = 'Windows'");
    sql.run("UPDATE devices SET gone_at = 1 WHERE n % 11 = 0");
    sql.run("UPDATE devices SET ownership = NULL WHERE n % 13 = 0");
    const figures = counted(ask(sql, "insights").rows);
    expect(figures.length).toBeGreaterThan(25);
    expect(figures.filter(({ count }) => count > 0).length).toBeGreaterThan(figures.length - 3);
    for (const { count, query } of figures) {
      const rows = idsOf(walk(sql, query.replace("/v1/microsoft/", ""), { limit: 40 }));
      expect(rows, query).toHaveLength(count);
      expect(new Set(rows).size, query).toBe(count);
    }
  });
});

test("where sign-ins were never read nobody is called inactive", async () => {
  await inDirectory((sql) => {
    seed(sql, { users: 50, groups: 0, members: 0, devices: 0, signIns: 0, nested: 0 });
    changeResource(sql, "sign_in_activity", { readAt: null });
    const [figures = {}] = ask(sql, "insights").rows;
    expect(figures["users"]).toMatchObject({ sign_ins_read_at: null, inactive: null, never_signed_in: null });
  });
});
