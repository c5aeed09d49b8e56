import * as fc from "fast-check";
import { expect, test } from "vitest";
import { idsOf, walk } from "./reading.ts";
import { seed, seededId } from "./seed.ts";
import { inDirectory } from "./writing.ts";

const USERS = 120;

/** What is written between two pages. */
const Write = fc.oneof(
  fc.record({
    what: fc.constant("rename" as const),
    n: fc.integer({ min: 1, max: USERS }),
    name: fc.string({ maxLength: 3 }),
  }),
  fc.record({ what: fc.constant("remove" as const), n: fc.integer({ min: 1, max: USERS }), name: fc.constant("") }),
  fc.record({
    what: fc.constant("add" as const),
    n: fc.integer({ min: 1, max: 1e6 }),
    name: fc.string({ maxLength: 4 }),
  }),
);

test("whatever is written while pages are turned, what does not move is shown once", async () => {
  await inDirectory((sql) => {
    seed(sql, { users: USERS, groups: 0, members: 0, devices: 0, signIns: 0, nested: 0 });
    const sorts = ["name", "-name", "department", "-department", "last_sign_in_at", "-last_sign_in_at", "mobile_phone"];
    fc.assert(
      fc.property(
        fc.constantFrom(...sorts),
        fc.integer({ min: 1, max: 40 }),
        fc.array(fc.array(Write, { maxLength: 4 }), { maxLength: 30 }),
        (sort, limit, rounds) => {
          sql.run("DELETE FROM users WHERE n > 1000");
          sql.run("DELETE FROM nodes WHERE n > 1000");
          sql.run("UPDATE users SET gone_at = NULL");
          const moved = new Set<number>();
          const left = [...rounds];
          const between = () => {
            for (const { what, n, name } of left.shift() ?? []) {
              if (what === "add") {
                sql.run("INSERT OR IGNORE INTO nodes (n, id, type) VALUES (?, ?, 1)", n + 1000, `added-${n}`);
                sql.run("INSERT OR IGNORE INTO users (n, since, name) VALUES (?, 0, ?)", n + 1000, name);
              } else {
                moved.add(n);
                if (what === "remove") sql.run("UPDATE users SET gone_at = 1 WHERE n = ?", n);
                else
                  sql.run(
                    "UPDATE users SET name = ?, department = ?, last_sign_in_at = NULL WHERE n = ?",
                    name,
                    name,
                    n,
                  );
              }
            }
          };
          const shown = idsOf(walk(sql, `users?sort=${sort}`, { limit, between }));
          const still = Array.from({ length: USERS }, (_, index) => index + 1).filter((n) => !moved.has(n));
          for (const n of still) expect(shown.filter((id) => id === seededId(n))).toHaveLength(1);
        },
      ),
      { numRuns: 40 },
    );
  });
});
