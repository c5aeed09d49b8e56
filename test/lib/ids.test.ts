import * as fc from "fast-check";
import { expect, test } from "vitest";
import {
  ConnectionId,
  newAuditId,
  newConnectionId,
  newFlowId,
  Owner,
  randomText,
  requestIdFrom,
} from "../../src/lib/ids.ts";

test("a connection's id is con_ and 24 characters, and never the same twice", () => {
  const ids = Array.from({ length: 200 }, newConnectionId);
  for (const id of ids) expect(id).toMatch(/^con_[0-9a-z]{24}$/);
  expect(new Set(ids).size).toBe(200);
});

test("ids of flows and audit records have shapes of their own", () => {
  expect(newFlowId()).toMatch(/^[0-9a-z]{24}$/);
  expect(newAuditId()).toMatch(/^aud_[0-9a-z]{24}$/);
});

test("random text is as long as asked for and uses the whole alphabet", () => {
  fc.assert(fc.property(fc.integer({ min: 0, max: 300 }), (length) => randomText(length).length === length));
  expect(new Set(randomText(10_000)).size).toBe(36);
});

test.each([
  "con_short",
  "con_ABCDEFGHIJKLMNOPQRSTUVWX",
  "abc_000000000000000000000001",
  "con_00000000000000000000000/",
])("%s is no connection id", (text) => {
  expect(ConnectionId.safeParse(text).success).toBe(false);
});

test("an owner is neither empty nor endless", () => {
  expect(Owner.safeParse("").success).toBe(false);
  expect(Owner.safeParse("a".repeat(255)).success).toBe(true);
  expect(Owner.safeParse("a".repeat(256)).success).toBe(false);
});

test("a caller's request id is kept where it is harmless", () => {
  for (const id of ["req-1234:a.b_c", "a".repeat(47), `root.${"1234:5678.".repeat(8)}`])
    expect(requestIdFrom(id)).toBe(id);
});

test.each([
  undefined,
  "",
  "short",
  "a:".repeat(65),
  "a".repeat(48),
  "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbmEifQ",
  "with blank in it",
  'quote"quote',
  "line\nbreak-line",
  "<script>alert",
])("a request id like %j is replaced by a fresh one", (given) => {
  expect(requestIdFrom(given)).toMatch(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/);
});
