import * as fc from "fast-check";
import { expect, test } from "vitest";
import { toIana, WINDOWS_ZONES } from "../../src/calendar/zones.ts";

const windowsNames = [...WINDOWS_ZONES.keys()];

test("every Windows zone has an IANA zone that the platform knows", () => {
  expect(windowsNames.length).toBeGreaterThan(130);
  expect(windowsNames.filter((name) => !platformKnows(toIana(name) ?? ""))).toEqual([]);
});

test.each([
  ["W. Europe Standard Time", "Europe/Berlin"],
  ["Romance Standard Time", "Europe/Paris"],
  ["GMT Standard Time", "Europe/London"],
  ["Greenwich Standard Time", "Atlantic/Reykjavik"],
  ["Eastern Standard Time", "America/New_York"],
  ["Pacific Standard Time", "America/Los_Angeles"],
  ["pacific standard time", "America/Los_Angeles"],
  ["UTC", "UTC"],
  ["Etc/UTC", "UTC"],
  ["Europe/Rome", "Europe/Rome"],
  ["europe/rome", "Europe/Rome"],
  ["Asia/Kolkata", "Asia/Kolkata"],
  ["Europe/Kyiv", "Europe/Kyiv"],
])("%s is %s", (name, iana) => {
  expect(toIana(name)).toBe(iana);
  // The second answer comes from memory.
  expect(toIana(name)).toBe(iana);
});

test.each([
  "",
  "tzone://Microsoft/Custom",
  "Mars/Olympus",
  "+02:00",
  "Customized Time Zone",
  "Europe/Rome ",
  "__proto__",
])("%j is no zone", (name) => expect(toIana(name)).toBeUndefined());

test("a translation is its own translation, however the name is written", () => {
  fc.assert(
    fc.property(fc.constantFrom(...windowsNames), fc.boolean(), (name, upper) => {
      const iana = toIana(upper ? name.toUpperCase() : name);
      expect(iana).toBe(toIana(name));
      expect(toIana(iana ?? "")).toBe(iana);
    }),
  );
});

test("any text is either a zone that the platform knows or none", () => {
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.string({ unit: "grapheme" })), (text) => {
      const iana = toIana(text);
      expect(iana === undefined || platformKnows(iana)).toBe(true);
    }),
  );
});

test("more spellings than are remembered do no harm", () => {
  const letters = Array.from("america/argentina/buenos_aires");
  for (let bits = 0; bits < 1_100; bits += 1) {
    const name = letters.map((letter, at) => ((bits >> at) & 1 ? letter.toUpperCase() : letter)).join("");
    expect(toIana(name)?.toLowerCase()).toBe("america/argentina/buenos_aires");
  }
});

function platformKnows(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat("en-US", { timeZone: zone }).resolvedOptions().timeZone !== "";
  } catch {
    return false;
  }
}
