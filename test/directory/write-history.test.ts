import * as fc from "fast-check";
import { expect, test } from "vitest";
import { type Counted, entry, inDirectory, round, tombstone } from "./writing.ts";

type Row = Record<string, unknown>;

const id = fc.constantFrom("a", "b", "c");
const label = fc.constantFrom("x", "y", null);
const person = fc
  .record({ id, displayName: label, mail: label, accountEnabled: fc.boolean() }, { requiredKeys: ["id"] })
  .chain((item) => id.map((manager) => (manager === "c" ? item : { ...item, "manager@delta": [entry(manager)] })));
const ending = fc.record({ id, reason: fc.constantFrom("changed" as const, "deleted" as const) });
const item = fc.oneof(
  { weight: 3, arbitrary: person },
  { weight: 1, arbitrary: ending.map(({ id: who, reason }) => tombstone(who, reason)) },
);
const rounds = fc.array(
  fc.record({ full: fc.boolean(), pages: fc.array(fc.array(item, { maxLength: 3 }), { maxLength: 3 }) }),
  {
    maxLength: 8,
  },
);

test("the history, taken back from now, gives what the copy was after each round", { timeout: 60_000 }, () =>
  inDirectory((sql) => {
    fc.assert(
      fc.property(rounds, (list) => {
        for (const table of ["nodes", "users", "changes", "staged", "marks"]) sql.run(`DELETE FROM ${table}`);
        const after: Map<number, Row>[] = [];
        list.forEach(({ full, pages }, at) => {
          round(sql, "users", pages, { full, now: at + 1 });
          after.push(rows(sql));
        });
        for (const [at, then] of after.entries()) expect(asOf(sql, at + 1)).toEqual(then);
      }),
      { numRuns: 300 },
    );
  }),
);

/** Rows by number; how long a row that is gone has been known to be so is not asked. */
function rows(sql: Counted): Map<number, Row> {
  return new Map(sql.all("SELECT * FROM users ORDER BY n").map((row) => [Number(row["n"]), row]));
}

function asOf(sql: Counted, time: number): Map<number, Row> {
  const found = rows(sql);
  for (const { n, diff } of sql.all(
    "SELECT n, diff FROM changes WHERE kind = 'users' AND at > ? ORDER BY c DESC",
    time,
  )) {
    const row = found.get(Number(n));
    const columns = typeof diff === "string" ? (JSON.parse(diff) as Record<string, [unknown, unknown]>) : {};
    for (const [column, [before, now]] of Object.entries(columns)) {
      expect(row?.[column]).toEqual(now);
      found.set(Number(n), { ...found.get(Number(n)), [column]: before });
    }
  }
  return new Map([...found].filter(([, row]) => Number(row["since"]) <= time));
}
