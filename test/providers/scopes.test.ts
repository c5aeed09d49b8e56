import * as fc from "fast-check";
import { expect, test } from "vitest";
import { equalScopes, isOpenidScope, missingScopes, unionOf } from "../../src/providers/scopes.ts";
import { configured } from "./configured.ts";

const GRAPH = "https://graph.microsoft.com/";
const AUTH = "https://www.googleapis.com/auth/";
const microsoft = configured("microsoft");
const google = configured("google");

test.each([
  ["Calendars.Read", "calendars.read"],
  [`${GRAPH}Calendars.Read`, "Calendars.Read"],
  ["HTTPS://GRAPH.MICROSOFT.COM/Calendars.Read", `${GRAPH}calendars.READ`],
])("an answer of Entra's that says %s grants %s", (left, right) => {
  expect(equalScopes(microsoft, left, right)).toBe(true);
});

test.each([
  ["https://outlook.office.com/Calendars.Read", "Calendars.Read"],
  [`${GRAPH}Calendars.Read`, `${GRAPH}Calendars.ReadWrite`],
  ["https://graph.microsoft.us/Calendars.Read", `${GRAPH}Calendars.Read`],
])("%s is not %s", (left, right) => {
  expect(equalScopes(microsoft, left, right)).toBe(false);
});

test.each(["usgov", "dod", "china"])(
  "in the %s cloud it is that cloud's Graph whose prefix may be left out",
  (cloud) => {
    const provider = configured("microsoft", { MICROSOFT_CLOUD: cloud });
    const prefix = provider.resources["graph"]?.scopePrefix ?? "";
    expect(prefix).not.toBe(GRAPH);
    expect(equalScopes(provider, `${prefix}User.Read`, "user.read")).toBe(true);
    expect(equalScopes(provider, `${GRAPH}User.Read`, "User.Read")).toBe(false);
    const prefixes = Object.values(provider.resources).map(({ scopePrefix }) => scopePrefix);
    const unlocking = Object.values(provider.features).flat();
    for (const one of [...provider.catalogue.map(({ scope: listed }) => listed), ...unlocking])
      expect(prefixes.filter((start) => one.startsWith(start))).toHaveLength(1);
  },
);

test("what is missing is what was asked for and not granted, in the spelling of the question", () => {
  const asked = [`${GRAPH}User.Read`, `${GRAPH}Calendars.ReadWrite`, "offline_access", "openid"];
  expect(missingScopes(microsoft, asked, ["user.read", "profile"])).toEqual([`${GRAPH}Calendars.ReadWrite`]);
  expect(missingScopes(microsoft, asked, [...asked, "Mail.Read"])).toEqual([]);
  expect(missingScopes(google, ["email", `${AUTH}calendar`], [`${AUTH}userinfo.email`])).toEqual([`${AUTH}calendar`]);
});

test.each(["constructor", "__proto__", "hasOwnProperty"])("a scope called %s is a scope like any other", (scope) => {
  expect(equalScopes(google, scope, scope.toUpperCase())).toBe(true);
  expect(isOpenidScope(google, scope)).toBe(false);
  expect(missingScopes(google, [scope], [])).toEqual([scope]);
});

const scope = fc.constantFrom(
  ...microsoft.catalogue.map((entry) => entry.scope),
  "https://outlook.office.com/SMTP.Send",
  "a.b",
  "openid",
);
/** The same scope as an answer may write it. */
const respelled = fc.tuple(scope, fc.boolean(), fc.boolean()).map(([full, bare, loud]) => {
  const written = bare && full.startsWith(GRAPH) ? full.slice(GRAPH.length) : full;
  return { full, written: loud ? written.toUpperCase() : written };
});

test("no spelling of a granted scope makes it missing", () => {
  fc.assert(
    fc.property(fc.array(respelled), (granted) => {
      const asked = granted.map(({ full }) => full);
      const held = granted.map(({ written }) => written);
      expect(missingScopes(microsoft, asked, held)).toEqual([]);
      expect(missingScopes(microsoft, held, asked)).toEqual([]);
    }),
  );
});

test("a union holds each scope once, loses none, keeps the first spelling and the order, and grows no further", () => {
  const list = fc.array(respelled.map(({ written }) => written));
  fc.assert(
    fc.property(list, list, (left, right) => {
      const both = unionOf(microsoft, left, right);
      for (const one of [...left, ...right])
        expect(both.filter((other) => equalScopes(microsoft, one, other))).toHaveLength(1);
      expect(unionOf(microsoft, both, left, right)).toEqual(both);
      expect([...left, ...right].filter((one) => both.includes(one)).slice(0, 1)).toEqual(both.slice(0, 1));
    }),
  );
});
