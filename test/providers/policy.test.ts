import * as fc from "fast-check";
import { expect, test } from "vitest";
import type { ScopePolicy } from "../../src/lib/config-policy.ts";
import { mayUseFeature, ROLE_POLICY, scopesBeyond } from "../../src/providers/policy.ts";
import { configured } from "./configured.ts";

const GRAPH = "https://graph.microsoft.com/";
const AUTH = "https://www.googleapis.com/auth/";
const microsoft = configured("microsoft");
const google = configured("google");

const beyond = (roles: readonly string[], scopes: readonly string[], policy: ScopePolicy = {}) =>
  scopesBeyond({ policy, provider: microsoft, roles }, scopes);

test("a user may have their own data, not other people's, nor what no catalogue knows", () => {
  const asked = ["User.Read", "Mail.Send", "Directory.Read.All", "Chat.ReadWrite.All", "openid", "offline_access"];
  expect(beyond(["user"], asked)).toEqual(["Directory.Read.All", "Chat.ReadWrite.All"]);
  expect(beyond(["tenant_admin"], asked)).toEqual(["Chat.ReadWrite.All"]);
  expect(beyond(["operator"], asked)).toEqual([]);
  expect(beyond(["user", "tenant_admin"], asked)).toEqual(["Chat.ReadWrite.All"]);
});

test.each([[[]], [["nobody-knows"]], [["constructor"]], [["__proto__"]]])(
  "the roles %j may have OpenID's scopes alone",
  (roles) => {
    expect(beyond(roles, ["openid", "User.Read"])).toEqual(["User.Read"]);
  },
);

test("a row of SCOPE_POLICY replaces the built-in one of its role and provider, and no other", () => {
  const policy = { user: { microsoft: ["calendar.read"] } };
  // A feature stands for the least that unlocks it: what also writes is not meant by reading.
  const asked = ["Calendars.Read", "Calendars.ReadWrite", "Mail.Read"];
  expect(beyond(["user"], asked, policy)).toEqual(["Calendars.ReadWrite", "Mail.Read"]);
  expect(beyond(["service"], ["Mail.Read"], policy)).toEqual([]);
  const other = { policy, provider: google, roles: ["user"] };
  expect(scopesBeyond(other, [`${AUTH}gmail.readonly`])).toEqual([]);
});

test("a row for * is every provider's that has none of its own; * in a row is every scope", () => {
  const policy = { user: { "*": [], google: ["*"] }, operator: { "*": ["User.Read"] } };
  expect(beyond(["user"], ["User.Read"], policy)).toEqual(["User.Read"]);
  expect(scopesBeyond({ policy, provider: google, roles: ["user"] }, ["anything-at-all"])).toEqual([]);
  expect(beyond(["operator"], [`${GRAPH}user.read`, "Mail.Read"], policy)).toEqual(["Mail.Read"]);
});

test("a feature may be used by whoever may have one of the scopes that unlock it", () => {
  const question = (policy: ScopePolicy, roles = ["user"]) => ({ policy, provider: microsoft, roles });
  expect(mayUseFeature(question({}), "calendar.read")).toBe(true);
  expect(mayUseFeature(question({}), "directory.read")).toBe(false);
  expect(mayUseFeature(question({}, ["tenant_admin"]), "directory.read")).toBe(true);
  expect(mayUseFeature(question({ user: { microsoft: ["Calendars.ReadWrite"] } }), "calendar.read")).toBe(true);
  expect(mayUseFeature(question({ user: { microsoft: ["Mail.Send"] } }), "calendar.read")).toBe(false);
  expect(mayUseFeature(question({}), "video.upload")).toBe(false);
  expect(mayUseFeature({ ...question({}), provider: google }, "profile")).toBe(true);
});

const scopes = fc.subarray([...microsoft.catalogue.map(({ scope }) => scope), "Chat.ReadWrite.All", "openid"]);
const roles = fc.subarray([...Object.keys(ROLE_POLICY), "teacher"]);

test("another role never takes anything away, and nothing depends on what else is asked for", () => {
  fc.assert(
    fc.property(roles, roles, scopes, (some, more, asked) => {
      const alone = beyond(some, asked);
      const together = beyond([...some, ...more], asked);
      expect(alone).toEqual(expect.arrayContaining(together));
      expect(alone).toEqual(asked.filter((scope) => beyond(some, [scope]).length > 0));
    }),
  );
});

test("whatever the policy says, a scope that it does not name is not given", () => {
  fc.assert(
    fc.property(scopes, scopes, (allowed, asked) => {
      const policy = { user: { microsoft: allowed } };
      expect(beyond(["user"], asked, policy)).toEqual(
        asked.filter((one) => one !== "openid" && !allowed.includes(one)),
      );
    }),
  );
});
