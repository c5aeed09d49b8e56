import { expect, test } from "vitest";
import { forgetMarks, openMarks, visitUnmarked } from "../../src/directory/store/marks.ts";
import { inDirectory } from "./writing.ts";

const EDGES = [0, 1, 7, 8, 8_191, 8_192, 16_383, 16_384, 700_001];

test("marks are found again by another life, each for its name alone", () =>
  inDirectory((sql) => {
    const marks = openMarks(sql, "users");
    for (const n of EDGES) marks.put(n, true);
    marks.save();
    const again = openMarks(sql, "users");
    const near = [...new Set(EDGES.flatMap((n) => [n - 1, n, n + 1]))].filter((n) => n >= 0);
    expect(near.filter((n) => again.has(n))).toEqual(EDGES.toSorted((a, b) => a - b));
    expect(openMarks(sql, "groups").has(1)).toBe(false);
  }));

test("a mark that is there already costs nothing, and 8,192 of them one row", () =>
  inDirectory((sql) => {
    const before = sql.rowsWritten();
    for (let time = 0; time < 2; time += 1) {
      const marks = openMarks(sql, "users");
      for (let n = 0; n < 8_192; n += 1) marks.put(n, true);
      marks.save();
      marks.save();
      expect(sql.rowsWritten() - before).toBe(1);
    }
  }));

test("a mark can be taken back", () =>
  inDirectory((sql) => {
    const marks = openMarks(sql, "users");
    marks.put(9, true);
    marks.put(10, true);
    marks.save();
    marks.put(9, false);
    marks.save();
    const again = openMarks(sql, "users");
    expect([again.has(9), again.has(10)]).toEqual([false, true]);
  }));

test("what is not marked is visited once, up to the last number, whether or not its chunk is stored", () =>
  inDirectory((sql) => {
    const marks = openMarks(sql, "users");
    for (let n = 1; n <= 20_000; n += 1) if (n % 5_000 !== 0 && n < 16_384) marks.put(n, true);
    marks.save();
    const visited: number[] = [];
    visitUnmarked(sql, "users", { last: 16_390, visit: (numbers) => visited.push(...numbers) });
    expect(visited).toEqual([5_000, 10_000, 15_000, 16_384, 16_385, 16_386, 16_387, 16_388, 16_389, 16_390]);
    forgetMarks(sql, "users");
    visited.length = 0;
    visitUnmarked(sql, "users", { last: 3, visit: (numbers) => visited.push(...numbers) });
    expect(visited).toEqual([1, 2, 3]);
  }));
