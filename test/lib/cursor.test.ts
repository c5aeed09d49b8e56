import * as z from "zod";
import { expect, test } from "vitest";
import { packCursor, unpackCursor } from "../../src/lib/cursor.ts";

const Place = z.strictObject({ at: z.int(), id: z.string() });

test("a cursor leads back to its place in its own list", () => {
  const cursor = packCursor("things", { at: 5, id: "é" });
  expect(cursor).toMatch(/^[\w-]+$/);
  expect(unpackCursor("things", Place, cursor)).toEqual({ at: 5, id: "é" });
});

test.each([
  ["another list's", packCursor("others", { at: 5, id: "x" })],
  ["one of another form", packCursor("things", { at: "5", id: "x" })],
  ["one with more in it", packCursor("things", { at: 5, id: "x", owner: "eve" })],
  ["no JSON", btoa("nonsense")],
  ["no base64url", "%%%"],
])("a cursor that is %s is refused", (_name, cursor) => {
  expect(() => unpackCursor("things", Place, cursor)).toThrow("The cursor is not valid here.");
});
