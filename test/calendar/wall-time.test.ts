import * as fc from "fast-check";
import { expect, test } from "vitest";
import { instantOf, isDate, wallTime } from "../../src/calendar/wall-time.ts";

test.each([
  ["2026-11-20T09:00", "2026-11-20T09:00:00"],
  ["2026-11-20T09:00:30", "2026-11-20T09:00:30"],
  ["2026-11-20T09:00:00.0000000", "2026-11-20T09:00:00"],
  ["2024-02-29T00:00:00", "2024-02-29T00:00:00"],
])("%s is the wall time %s", (text, wall) => expect(wallTime(text)).toBe(wall));

test.each([
  "2026-11-20",
  "2026-11-20T09:00:00Z",
  "2026-11-20T09:00:00+01:00",
  "2026-02-29T09:00:00",
  "2026-13-01T09:00:00",
  "2026-11-20T24:00:00",
  "2026-11-20T25:00:00",
  "2026-11-20T09:60:00",
  "2026-11-20 09:00:00",
  "20261120T090000",
  "",
])("%j is no wall time", (text) => expect(wallTime(text)).toBeUndefined());

test("a date is one that the calendar has", () => {
  expect(isDate("2024-02-29")).toBe(true);
  for (const text of ["2026-02-29", "2026-04-31", "2026-1-1", "2026-00-10", "x"]) expect(isDate(text)).toBe(false);
});

test.each([
  ["2026-11-20T09:00:00", "Europe/Rome", "2026-11-20T08:00:00.000Z"],
  ["2026-07-01T09:00:00", "Europe/Rome", "2026-07-01T07:00:00.000Z"],
  ["2026-11-20T09:00:00", "Asia/Kathmandu", "2026-11-20T03:15:00.000Z"],
  ["2026-11-20T09:00:00", "Pacific/Kiritimati", "2026-11-19T19:00:00.000Z"],
  ["2026-11-20T00:00:00", "Pacific/Pago_Pago", "2026-11-20T11:00:00.000Z"],
  // Said twice on this night: the first one counts.
  ["2026-10-25T02:30:00", "Europe/Rome", "2026-10-25T00:30:00.000Z"],
  ["2026-11-01T01:30:00", "America/New_York", "2026-11-01T05:30:00.000Z"],
  // Never said on these nights: the clock has gone on.
  ["2026-03-29T02:30:00", "Europe/Rome", "2026-03-29T01:30:00.000Z"],
  ["2026-03-08T02:30:00", "America/New_York", "2026-03-08T07:30:00.000Z"],
])("%s in %s is %s", (wall, zone, instant) => expect(new Date(instantOf(wall, zone)).toISOString()).toBe(instant));

test("a wall time comes back from its instant wherever the clock has said it", () => {
  const zones = ["Europe/Rome", "America/New_York", "Australia/Lord_Howe", "Africa/Casablanca", "Asia/Tehran", "UTC"];
  const instants = fc.integer({ min: Date.UTC(1990, 0), max: Date.UTC(2050, 0) }).map((ms) => ms - (ms % 60_000));
  fc.assert(
    fc.property(instants, fc.constantFrom(...zones), (at, zone) => {
      const wall = wallAt(at, zone);
      expect(wallAt(instantOf(wall, zone), zone)).toBe(wall);
    }),
  );
});

function wallAt(at: number, zone: string): string {
  return new Intl.DateTimeFormat("sv-SE", { timeZone: zone, dateStyle: "short", timeStyle: "medium" })
    .format(at)
    .replace(" ", "T");
}
