import { expect, test } from "vitest";
import { Failure } from "../../src/lib/errors.ts";
import { scopesAskedFor, type Wish } from "../../src/providers/asking.ts";
import { scopesFor, unlockedBy, unlocks } from "../../src/providers/features.ts";
import { configured, customProvider } from "./configured.ts";

const GRAPH = "https://graph.microsoft.com/";
const AUTH = "https://www.googleapis.com/auth/";
const microsoft = configured("microsoft");
const google = configured("google");

const ask = (wish: Wish, { provider = microsoft, roles = ["user"], policy = {} } = {}) =>
  scopesAskedFor({ provider, roles, policy }, wish);

function errorsOf(wish: Wish, provider = microsoft): unknown {
  try {
    return ask(wish, { provider });
  } catch (error) {
    return error instanceof Failure && error.code === "validation_failed" ? error.extra["errors"] : error;
  }
}

test("without a wish the usual is asked for; an empty wish is one", () => {
  expect(ask({})).toEqual([`${GRAPH}User.Read`, `${GRAPH}Calendars.ReadWrite`]);
  expect(ask({ scopes: [] })).toEqual([]);
  expect(ask({ features: [] })).toEqual([]);
});

test("a bare name is the first resource's, in full; another resource's stays as it is; an alias is spelled out", () => {
  expect(ask({ scopes: ["Mail.Read", "https://outlook.office.com/SMTP.Send", "openid"] })).toEqual([
    `${GRAPH}Mail.Read`,
    "https://outlook.office.com/SMTP.Send",
  ]);
  expect(ask({ scopes: [`${AUTH}userinfo.email`, `${AUTH}tasks`] }, { provider: google })).toEqual([`${AUTH}tasks`]);
});

test("a feature asks for the least that unlocks it, once, beside what is named", () => {
  expect(ask({ features: ["calendar.read", "mail.send"], scopes: ["calendars.read"] })).toEqual([
    `${GRAPH}calendars.read`,
    `${GRAPH}Mail.Send`,
  ]);
  expect(ask({ features: ["profile"] }, { provider: google })).toEqual([]);
});

test("where the policy forbids the least, the least that it allows is asked for", () => {
  const policy = { user: { microsoft: ["Calendars.ReadWrite"] } };
  expect(ask({ features: ["calendar.read"] }, { policy })).toEqual([`${GRAPH}Calendars.ReadWrite`]);
  // Nothing is allowed: the policy refuses by the name of the least.
  const nothing = { user: { microsoft: ["Mail.Read"] } };
  expect(ask({ features: ["calendar.read"] }, { policy: nothing })).toEqual([`${GRAPH}Calendars.Read`]);
});

test.each(["video.upload", "no.such.feature", "constructor"])(
  "the feature %s, which Microsoft has not, is named",
  (name) => {
    expect(errorsOf({ features: ["calendar.read", name] })).toEqual([
      {
        path: "features.1",
        message: expect.stringMatching(/^expected a feature of Microsoft 365: profile, calendar.read/),
      },
    ]);
  },
);

test.each(["Mail.Read Mail.Send", "Mail.Read\tx", 'a"b', "a\\b", "é"])(
  "%j is no scope, and is named by its place",
  (scope) => {
    expect(errorsOf({ scopes: ["User.Read", scope] })).toEqual([
      { path: "scopes.1", message: "expected one scope, without blanks" },
    ]);
  },
);

test("a scope called constructor is asked for like any other", () => {
  expect(ask({ scopes: ["constructor"] }, { provider: google })).toEqual(["constructor"]);
});

test("a feature is unlocked by any of its scopes, however they are written, or comes with every grant", () => {
  expect(unlocks(microsoft, "calendar.read", ["calendars.readwrite"])).toBe(true);
  expect(unlocks(microsoft, "calendar.write", ["Calendars.Read"])).toBe(false);
  expect(unlocks(configured("notion"), "pages.write", [])).toBe(true);
  expect(unlocks(microsoft, "pages.read", ["Calendars.Read"])).toBe(false);
  expect(scopesFor(microsoft, "calendar.read")).toEqual([`${GRAPH}Calendars.Read`]);
  expect(scopesFor(configured("notion"), "pages.read")).toEqual([]);
  expect(scopesFor(microsoft, "pages.read")).toBeUndefined();
  expect(unlockedBy(microsoft, "calendars.readwrite")).toEqual(["calendar.read", "calendar.write"]);
});

test("a custom provider's features are as good as any", () => {
  const acme = customProvider({
    issuer: "https://id.acme.example",
    scopes: ["openid", "cal"],
    features: { "calendar.read": ["cal"] },
  });
  expect(ask({ features: ["calendar.read"] }, { provider: acme })).toEqual(["cal"]);
  expect(errorsOf({ features: ["mail.send"] }, acme)).toEqual([
    { path: "features.0", message: "expected a feature of Acme: calendar.read" },
  ]);
});
