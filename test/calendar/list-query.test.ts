import { expect, test } from "vitest";
import { ListQuery } from "../../src/calendar/list-query.ts";

const FROM = "2026-01-01T00:00:00Z";

test("a query is read with its times as instants and its zone as an IANA name", () => {
  const query = {
    from: "2026-01-01T00:00:00+02:00",
    to: FROM,
    limit: "1000",
    time_zone: "Romance Standard Time",
    q: "x",
  };
  expect(ListQuery.parse(query)).toEqual({
    from: Date.UTC(2025, 11, 31, 22),
    to: Date.UTC(2026, 0, 1),
    limit: 1000,
    time_zone: "Europe/Paris",
    q: "x",
  });
  expect(ListQuery.parse({})).toEqual({});
});

test("a window of 1,825 days is the longest", () => {
  expect(ListQuery.safeParse({ from: FROM, to: "2030-12-31T00:00:00Z" }).success).toBe(true);
  expect(ListQuery.safeParse({ from: FROM, to: "2030-12-31T00:00:01Z" }).success).toBe(false);
});

test.each([
  [{ from: FROM }, "to"],
  [{ to: FROM }, "from"],
  [{ from: FROM, to: FROM }, "to"],
  [{ from: "2026-01-01T00:00:00", to: FROM }, "from"],
  // A plus that was not percent-encoded arrives as a space.
  [{ from: "2026-01-01T00:00:00 02:00", to: FROM }, "from"],
  [{ from: "yesterday", to: FROM }, "from"],
  [{ limit: "0" }, "limit"],
  [{ limit: "1001" }, "limit"],
  [{ limit: "1e2" }, "limit"],
  [{ limit: "-1" }, "limit"],
  [{ time_zone: "Mars/Olympus" }, "time_zone"],
  [{ q: "" }, "q"],
  [{ q: "x".repeat(256) }, "q"],
  [{ cursor: "" }, "cursor"],
  [{ calendar_id: ".." }, "calendar_id"],
  [{ calendar_id: "a/../b" }, "calendar_id"],
])("%j is refused at %s", (query, path) => {
  const { error } = ListQuery.safeParse(query);
  expect([...new Set(error?.issues.map((issue) => issue.path.join(".")))]).toEqual([path]);
});

test("an unknown parameter is refused by name", () => {
  expect(ListQuery.safeParse({ start: FROM }).error?.message).toContain("start");
});
